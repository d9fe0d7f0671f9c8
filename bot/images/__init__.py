"""Pictures: fetched from allowed hosts with limits, verified, and made to fit the upload limit."""

from bot.images.download import Timeouts
from bot.images.fetcher import FetchedPicture, PictureFetcher

__all__ = ["FetchedPicture", "PictureFetcher", "Timeouts"]
