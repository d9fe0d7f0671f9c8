"""Real crashes: the real bot on the sandbox, killed, started again, and held to its promises."""
