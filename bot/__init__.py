"""The service: from a Discord command to a picture in the channel."""

__version__ = "0.1.0"

USER_AGENT = f"sana-bot/{__version__}"
"""What its own requests bear; discord.py names itself in those that it sends."""
