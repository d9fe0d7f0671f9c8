"""The one bot that the sandbox knows: the same identifier and the same token at every start."""

import base64

BOT_ID = 1_200_000_000_000_000_000
"""The bot's user and its application, whose identifiers are one, as for every bot of recent years."""

_ID_PART = base64.urlsafe_b64encode(str(BOT_ID).encode()).decode().rstrip("=")

BOT_TOKEN = f"{_ID_PART}.sandbx.made-up-for-the-sandbox-only"
"""A token of Discord's shape, which libraries take apart: the bot's identifier, 6 characters, 27 or more."""
