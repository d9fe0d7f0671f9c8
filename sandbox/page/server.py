"""The page's server: puts the parts together, starts and stops them."""

import asyncio
import contextlib
import json
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from sandbox.bot_process import BotProcess
from sandbox.discord import DiscordServer
from sandbox.guard import Guard
from sandbox.page.behind import Behind
from sandbox.page.bot import Bot, BotRefusedError
from sandbox.page.files import Files
from sandbox.page.forward import Forward
from sandbox.page.jobs import Jobs
from sandbox.page.live import Live
from sandbox.page.middleware import add_headers, with_whole_body
from sandbox.page.outgoing import veil
from sandbox.page.switches import Switches
from sandbox.shown import Json
from sandbox.wiro import WiroServer

USUAL_PORT = 8765
_STATIC = Path(__file__).parent / "static"
_HOST = "127.0.0.1"
_MAX_BODY_BYTES = 256 * 1024
_LINGER_SECONDS = 1.0  # for the rest of a body that is not wanted
_SHUTDOWN_SECONDS = 0.5  # for requests under way, some of which wait for news


class PageServer:
    """The page of two servers, which have started, and of one bot; an async context manager, entered once.

    Args:
        discord: the server that people use through the page.
        wiro: what they see behind it.
        bot_process: the bot, which need not have started.
        database: the bot's SQLite file, which need not be there yet.
        port: a given one of 127.0.0.1; 0 takes a free one, None 8765 if that is free.
    """

    origin: str
    """`http://127.0.0.1:PORT`, once it has started."""

    def __init__(
        self,
        discord: DiscordServer,
        wiro: WiroServer,
        bot_process: BotProcess,
        database: Path,
        *,
        port: int | None = None,
    ) -> None:
        self._discord = discord
        self._wiro = wiro
        self._bot = Bot(bot_process, discord)
        self._switches = Switches(wiro)
        self._behind = Behind(discord, wiro, self._bot, self._switches, Jobs(database))
        secrets = (discord.config.token, wiro.config.api_key, wiro.config.api_secret)
        self._veil = veil(secrets, discord.cdn_base)
        self._live = Live(discord, self._behind, self._veil)
        self._port = port
        self._cleanup = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError where a given port is taken."""
        async with AsyncExitStack() as stack:
            listening = stack.enter_context(_listen(self._port))
            port = listening.getsockname()[1]
            self.origin = f"http://{_HOST}:{port}"
            self._behind.enter()
            stack.callback(self._behind.close)
            session = await stack.enter_async_context(
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
            )
            app = self._application(Guard(port), session)
            runner = web.AppRunner(
                app,
                access_log=None,
                auto_decompress=False,
                lingering_time=_LINGER_SECONDS,
                shutdown_timeout=_SHUTDOWN_SECONDS,
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.SockSite(runner, listening).start()
            stack.push_async_callback(self._live.close)
            stack.push_async_callback(_end, asyncio.create_task(self._live.run(), name="page news"))
            self._cleanup = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection and stop listening; the servers and the bot go on."""
        await self._cleanup.aclose()

    def _application(self, guard: Guard, session: aiohttp.ClientSession) -> web.Application:
        app = web.Application(
            middlewares=[guard.middleware, with_whole_body], client_max_size=_MAX_BODY_BYTES
        )
        app.on_response_prepare.append(add_headers)
        origins = {"discord": self._discord.origin, "wiro": self._wiro.origin}
        forward = Forward(session, origins, self._veil)
        app.add_routes(
            [
                web.get("/", _index),
                web.static("/static", _STATIC),
                web.get("/files/{path:.+}", Files(self._discord.blobs).handle),
                web.get("/live", self._live.serve),
                web.get("/switches", self._show_switches),
                web.post("/switches", self._turn_switches),
                web.get("/bot", self._show_bot),
                web.post("/bot", self._do_to_bot),
                web.route("*", "/{server:discord|wiro}/{path:.*}", forward.handle),
            ]
        )
        return app

    async def _show_switches(self, _: web.Request) -> web.Response:
        return web.json_response(self._switches.state)

    async def _turn_switches(self, request: web.Request) -> web.Response:
        try:
            await self._switches.turn(await _fields(request))
        except ValueError as error:
            return _failure(400, str(error))
        return web.json_response(self._switches.state)

    async def _show_bot(self, _: web.Request) -> web.Response:
        return web.json_response(self._bot.state)

    async def _do_to_bot(self, request: web.Request) -> web.Response:
        try:
            await self._bot.do(str((await _fields(request)).get("do")))
        except ValueError as error:
            return _failure(400, str(error))
        except BotRefusedError as error:
            return _failure(409, str(error))
        return web.json_response(self._bot.state)


def _listen(port: int | None) -> socket.socket:
    if port is None:
        with contextlib.suppress(OSError):
            return socket.create_server((_HOST, USUAL_PORT))
    return socket.create_server((_HOST, port or 0))


async def _index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(_STATIC / "index.html")


async def _fields(request: web.Request) -> Json:
    """Return the JSON object of a request; raise ValueError where there is none."""
    try:
        fields = json.loads(await request.text())
    except (ValueError, RecursionError) as error:
        raise ValueError("The body must be a JSON object.") from error
    if not isinstance(fields, dict):
        raise ValueError("The body must be a JSON object.")  # noqa: TRY004 - as any other wrong body
    return fields


def _failure(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)


async def _end(task: asyncio.Task[None]) -> None:
    """Stop a task; what it died of before is raised here."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
