"""The files of Discord's messages on the page's own address."""

from aiohttp import web

from sandbox.discord.blobs import Blobs

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class Files:
    """`/files/…`: pictures as pictures, and anything else as something to be saved."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    async def handle(self, request: web.Request) -> web.Response:
        """GET /files/{path}: 404 for what is not there any more."""
        path = request.rel_url.raw_path.removeprefix("/files")
        blob = self._blobs.get(f"/attachments{path}")
        if blob is None:
            return web.json_response({"message": "This file is not there any more."}, status=404)
        if blob.content_type in _PICTURES:
            return web.Response(body=blob.data, content_type=blob.content_type)
        return web.Response(
            body=blob.data,
            content_type="application/octet-stream",
            headers={"Content-Disposition": "attachment"},
        )
