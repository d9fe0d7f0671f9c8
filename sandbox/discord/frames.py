"""What goes over a gateway connection: frames as JSON text, or as one stream of zlib.

Source: Discord's reference, Gateway Event Payload Structure and Transport Compression.
"""

import zlib

from sandbox.discord.payloads import encode


def control_frame(opcode: int, data: object = None) -> str:
    """Return a frame that is no event: it says in so many words that it has no number and no name."""
    return encode({"op": opcode, "d": data, "s": None, "t": None})


def event_frame(sequence: int, name: str, data: str) -> str:
    """Return an event's frame; `data` is JSON text."""
    return f'{{"op":0,"s":{sequence},"t":"{name}","d":{data}}}'


def is_event(frame: str) -> bool:
    """Tell whether a frame is an event's."""
    return frame.startswith('{"op":0,')


class ZlibStream:
    """One connection's `zlib-stream`: all frames share one context, and each is flushed for itself."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj()

    def compress(self, frame: str) -> bytes:
        """Return what the next frame adds to the stream; it ends with 00 00 FF FF."""
        return self._compressor.compress(frame.encode()) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
