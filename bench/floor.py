"""The floor: a bot that does only what cannot be left out, to measure the real one against.

It answers the command, sends Run, hears the callback, asks Task/Detail, downloads the picture, puts it into
the answer with an edit, and adds the reaction. It stores nothing, counts nothing, checks nothing, and repeats
nothing. Its settings are those environment variables of the bot that it needs.
"""

import asyncio
import hashlib
import hmac
import io
import os
import secrets
import signal
import time
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import discord
from aiohttp import web
from discord import app_commands
from yarl import URL

_TOOL: Final = "Efficient-Large-Model/Sana_1600M_2Kpx_BF16_diffusers"
_REROLL: Final = "\N{CLOCKWISE RIGHTWARDS AND LEFTWARDS OPEN CIRCLE ARROWS}"
_READY: Final = 200
_NOT_READY: Final = 503


class Floor(discord.Client):
    """The bot.

    Args:
        settings: environment variables.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self._settings = settings
        self._ended: dict[str, asyncio.Event] = {}
        self._session: aiohttp.ClientSession
        self._runner: web.AppRunner

    async def setup_hook(self) -> None:
        """Register the command and listen for callbacks, before the gateway is connected."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        tree = app_commands.CommandTree(self)
        tree.add_command(app_commands.Command(name="sana", description="A picture", callback=self.sana))
        await tree.sync()
        app = web.Application()
        app.router.add_post("/wiro/callback/{token}", self._hear)
        app.router.add_get("/healthz", self._healthz)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", int(self._settings["CALLBACK_PORT"])).start()

    async def close(self) -> None:
        """Stop."""
        await self._runner.cleanup()
        await self._session.close()
        await super().close()

    async def sana(
        self,
        interaction: discord.Interaction,
        *,
        prompt: str,
        width: int = 1024,
        height: int = 1024,
        seed: int = 0,
    ) -> None:
        """Make a picture."""
        await interaction.response.send_message("On its way.")
        token = secrets.token_urlsafe(32)
        ended = self._ended[token] = asyncio.Event()
        inputs = {
            "prompt": prompt,
            "width": width,
            "height": height,
            "seed": str(seed),
            "callbackUrl": f"{self._settings['CALLBACK_PUBLIC_URL']}/wiro/callback/{token}",
        }
        accepted = await self._call(f"Run/{_TOOL}", inputs)
        await ended.wait()
        del self._ended[token]
        detail = await self._call("Task/Detail", {"tasktoken": accepted["socketaccesstoken"]})
        async with self._session.get(detail["tasklist"][0]["outputs"][0]["url"]) as response:
            picture = await response.read()
        file = discord.File(io.BytesIO(picture), "sana-1.png")
        message = await interaction.edit_original_response(content=prompt, attachments=[file])
        await message.add_reaction(_REROLL)

    async def _call(self, path: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        key, nonce = self._settings["WIRO_API_KEY"], str(time.time_ns())
        text = self._settings["WIRO_API_SECRET"] + nonce
        headers = {
            "User-Agent": "sana-bot-floor",
            "x-api-key": key,
            "x-nonce": nonce,
            "x-signature": hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest(),
        }
        url = f"{self._settings['WIRO_API_BASE']}/{path}"
        async with self._session.post(url, json=body, headers=headers) as response:
            return await response.json()

    async def _hear(self, request: web.Request) -> web.Response:
        if ended := self._ended.get(request.match_info["token"]):
            ended.set()
        return web.Response()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(status=_READY if self.is_ready() else _NOT_READY)


async def _run(settings: Mapping[str, str]) -> None:
    discord.http.Route.BASE = settings["DISCORD_API_BASE"]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(settings["DISCORD_GATEWAY_URL"])
    async with Floor(settings) as floor:
        working = asyncio.create_task(floor.start(settings["DISCORD_TOKEN"]))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
        await asyncio.wait({working})


if __name__ == "__main__":
    asyncio.run(_run(os.environ))
