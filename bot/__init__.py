"""The service: from a Discord command to a picture in the channel."""

__version__ = "0.1.0"
