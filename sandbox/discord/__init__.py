"""A Discord-compatible server on loopback, for demos and tests; see `sandbox.discord.server`."""

from sandbox.discord.faults import Fault, Faults
from sandbox.discord.server import DiscordConfig, DiscordServer

__all__ = ["DiscordConfig", "DiscordServer", "Fault", "Faults"]
