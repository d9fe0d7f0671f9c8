"""Discord and Wiro on loopback: what the demo, the tests and contributors run on."""
