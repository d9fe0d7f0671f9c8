"""The composition root: builds every part from the settings, starts them in order, stops them in order."""

import asyncio
import contextlib
import errno
import gc
import signal
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import aiohttp
import structlog

from bot import USER_AGENT
from bot.account import wiro_client
from bot.allowance import Allowance
from bot.callbacks import CALLBACK_PATH, Listener
from bot.client import SanaClient, point_at
from bot.errors import SanaBotError, SettingsError
from bot.images import PictureFetcher
from bot.jobs.mail import Mailer
from bot.jobs.notices import Notices
from bot.jobs.removal import Remover
from bot.jobs.results import Results
from bot.jobs.rules import JobRules
from bot.jobs.service import JobService
from bot.meter import UNMETERED, Meter
from bot.present.mail import DiscordMail
from bot.present.messenger import DiscordMessenger
from bot.quotas.model import OwnerTerms
from bot.quotas.service import QuotaService
from bot.scrape import metrics_server
from bot.serving import BoundedServer
from bot.settings import Settings
from bot.wiro.client import WiroClient, connector
from bot.wiro.socket import WiroSocket
from cogs import setup_cogs
from cogs.guard import guarded_tree
from storage.database import Database
from storage.jobs import SqliteJobStore
from storage.notices import SqliteNoticeStore
from storage.quotas import SqliteQuotaStore
from storage.reports import SqliteReports

if TYPE_CHECKING:
    from bot.metrics import Metrics

_STOP_SECONDS: Final = 2.0  # for what is between two effects when a stop is asked for
_TAKEN_SECONDS: Final = 15.0  # longer than a check listens: see `bot.check.web.CALL_SECONDS`
_TRY_AGAIN_SECONDS: Final = 0.5

log = structlog.get_logger()


class SystemClock:
    """The machine's time of day."""

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        return datetime.now(UTC)


class _Worker(Protocol):
    """A part that works until it is stopped."""

    async def run(self) -> None: ...

    def stop(self) -> None: ...


class App:
    """The running bot.

    Args:
        settings: the owner's.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = asyncio.Event()
        self._is_started = False

    def stop(self) -> None:
        """Ask for a clean stop; `run` returns within seconds."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until stopped.

        Raises:
            SettingsError: Discord refuses the token, or an address cannot be bound.
            AlreadyRunningError: another process works on the same database.
            SanaBotError: the database cannot be used.
            BaseExceptionGroup: a part of the bot died; all others were stopped.
        """
        working = asyncio.create_task(self._start_and_work(), name="bot")
        stopping = asyncio.create_task(self._stopping.wait(), name="stopping")
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not self._is_started:
                working.cancel()
            await working
        except asyncio.CancelledError:
            working.cancel()
            await asyncio.wait({working})
            if not self._stopping.is_set():
                raise
        finally:
            stopping.cancel()

    async def _start_and_work(self) -> None:
        settings = self._settings
        point_at(settings.discord_api_base, settings.discord_gateway_url)
        metrics = _metrics(settings)
        meter = metrics or UNMETERED
        failed = None if metrics is None else metrics.discord_failed
        async with contextlib.AsyncExitStack() as stack:
            database = await stack.enter_async_context(Database.open(settings.database_url))
            tree = guarded_tree(settings.discord_guild_ids, meter)
            client = await stack.enter_async_context(SanaClient(tree, failed))
            messenger = DiscordMessenger(client, SystemClock())
            mail = await stack.enter_async_context(DiscordMail.open(client))
            wiro = await stack.enter_async_context(_wiro(settings, meter))
            pictures = await stack.enter_async_context(
                PictureFetcher.open(allowed_hosts=settings.wiro_output_hosts, user_agent=USER_AGENT)
            )
            terms = _terms(settings)
            store = SqliteJobStore(database, terms)
            service = JobService(
                store=store,
                wiro=wiro,
                feed=await stack.enter_async_context(_feed(settings)),
                pictures=pictures,
                messenger=messenger,
                clock=SystemClock(),
                rules=_rules(settings),
                meter=meter,
            )
            quotas = QuotaService(
                store=SqliteQuotaStore(database, terms),
                reports=SqliteReports(database),
                jobs=service,
                clock=SystemClock(),
                terms=terms,
            )
            remover = Remover(store=store, note_removed=service.note_removed, wiro=wiro, messenger=messenger)
            results = Results(
                service=service,
                store=store,
                messenger=messenger,
                remover=remover,
                mailer=Mailer(pictures=pictures, mail=mail, find=store.get),
            )
            notices = Notices(SqliteNoticeStore(database), messenger, SystemClock())
            stack.push_async_callback(messenger.aclose)
            listener = Listener(service.callbacks, lambda: _missing(client))
            await _listen(listener, "CALLBACK", settings.callback_host, settings.callback_port)
            stack.push_async_callback(listener.stop)
            if metrics is not None:
                await stack.enter_async_context(_exposed(metrics, service, settings))
            served = settings.discord_guild_ids
            await setup_cogs(client, service, quotas, results, notices, served=served, meter=meter)
            await client.sign_in(settings.discord_token.get_secret_value())
            await client.register_commands(served)
            await service.recover()
            await quotas.recover()
            await remover.recover()
            await notices.recover()
            self._is_started = True
            await self._work((service, remover, notices), client, database)

    async def _work(self, workers: Sequence[_Worker], client: SanaClient, database: Database) -> None:
        """Work until a stop is asked for or a part dies."""
        async with asyncio.TaskGroup() as parts:
            working = {parts.create_task(each.run(), name=type(each).__name__) for each in workers}
            gateway = parts.create_task(client.connect(), name="gateway")
            writer = parts.create_task(database.watch(), name="database")
            stopping = parts.create_task(self._stopping.wait(), name="stopping")
            await asyncio.wait({*working, gateway, writer, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not stopping.done():
                raise _PartEndedError("a part of the bot ended by itself")
            log.info("stopping")
            for each in workers:
                each.stop()
            await asyncio.wait(working, timeout=_STOP_SECONDS)
            for task in (*working, gateway, writer):
                task.cancel()


class _PartEndedError(SanaBotError):
    """A part that works until it is stopped has ended."""


@contextlib.asynccontextmanager
async def _wiro(settings: Settings, meter: Meter) -> AsyncIterator[WiroClient]:
    async with aiohttp.ClientSession(connector=connector()) as session:
        yield wiro_client(settings, session, meter.called_wiro)


@contextlib.asynccontextmanager
async def _feed(settings: Settings) -> AsyncIterator[WiroSocket]:
    async with aiohttp.ClientSession() as session:
        yield WiroSocket(session, url=settings.wiro_socket_url, user_agent=USER_AGENT)


def _terms(settings: Settings) -> OwnerTerms:
    default = Allowance(settings.quota_credits, settings.quota_period)
    return OwnerTerms(default, cap=settings.quota_max_credits)


def _rules(settings: Settings) -> JobRules:
    public = settings.callback_public_url
    return JobRules(
        callback_base=None if public is None else public + CALLBACK_PATH,
        max_concurrent=settings.wiro_max_concurrent,
        job_timeout=settings.job_timeout,
        queue_timeout=settings.queue_timeout,
        lost_after=settings.lost_after,
    )


def _metrics(settings: Settings) -> "Metrics | None":
    if settings.metrics_port is None:
        return None
    from bot.metrics import Metrics  # noqa: PLC0415 - a bot without metrics need not wait for the library

    return Metrics()


@contextlib.asynccontextmanager
async def _exposed(metrics: "Metrics", service: JobService, settings: Settings) -> AsyncIterator[None]:
    """Serve the metrics on their own address."""
    metrics.watch_jobs(service.open_jobs, service.waiting)
    listener = metrics_server(metrics.expose)
    await _listen(listener, "METRICS", settings.metrics_host, settings.metrics_port or 0)
    metrics.watch_loop()
    try:
        yield
    finally:
        metrics.stop()
        await listener.stop()


async def _listen(listener: Listener | BoundedServer, name: str, host: str, port: int) -> None:
    """Listen; a port that is taken is tried again for a while, for `sana-bot check` holds it for seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _TAKEN_SECONDS
    is_told = False
    while True:
        try:
            await listener.start(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or loop.time() > deadline:
                raise SettingsError(
                    f"{name}_HOST and {name}_PORT: cannot listen on {host}:{port} ({error.strerror})"
                ) from error
            if not is_told:
                log.warning("listener.waits", host=host, port=port, reason=error.strerror)
            is_told = True
            await asyncio.sleep(_TRY_AGAIN_SECONDS)
        else:
            return


def _missing(client: SanaClient) -> tuple[str, ...]:
    """Return what readiness still lacks; the database is open before the listener listens."""
    if not client.is_fully_ready:
        return ("Discord: not every shard is ready",)
    return () if client.is_connected else ("Discord: no shard is connected",)


async def run_until_signalled(settings: Settings) -> None:
    """Run the bot until SIGINT or SIGTERM.

    Raises:
        BaseException: as `App.run`.
    """
    app = App(settings)
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, app.stop)
    # What was imported stays. Each collection that looked through it held the loop for 40 ms.
    gc.freeze()
    await app.run()
