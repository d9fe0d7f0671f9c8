"""The sandbox's Discord in a browser, as a person uses it, and what happens behind it.

What the server answers is told in `docs/sandbox.md`, the WebSocket's events in `sandbox.page.live`.
"""

from sandbox.page.server import PageServer

__all__ = ["PageServer"]
