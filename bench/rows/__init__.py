"""The measurements, each of one thing, as far as they can be told apart."""
