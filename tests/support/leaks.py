"""Everything that a bot wrote or sent anywhere, and the secrets that may be found in it."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from sandbox.discord.faults import Fault, Handler
from sandbox.discord.rest import Rest
from sandbox.wiro.routes import Routes
from tests.support.stage import Stage

_TASK_TOKENS = ("tasktoken", "socketaccesstoken")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request of the bot's."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Wire:
    """All requests that a bot made to the sandbox's servers, in the order in which they came."""

    to_discord: list[Sent] = field(default_factory=list)
    to_wiro: list[Sent] = field(default_factory=list)


def tap(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Return what is sent from now on, to whichever of the sandbox's servers."""
    wire = Wire()
    answer, admit, file = Rest._answer, Routes._admit, Routes._file  # noqa: SLF001 - where requests come in

    async def note(request: web.Request, seen: list[Sent]) -> None:
        body = await request.read()
        seen.append(Sent(path=unquote(request.path_qs), headers=dict(request.headers), body=body))

    async def at_discord(self: Rest, request: web.Request, handler: Handler, route: str) -> Any:  # noqa: ANN401
        await note(request, wire.to_discord)
        return await answer(self, request, handler, route)

    async def at_wiro(self: Routes, visit: Any) -> Any:  # noqa: ANN401 - the server's own
        await note(visit.request, wire.to_wiro)
        return await admit(self, visit)

    async def at_files(self: Routes, request: web.Request) -> Any:  # noqa: ANN401 - the server's own
        await note(request, wire.to_wiro)
        return await file(self, request)

    monkeypatch.setattr(Rest, "_answer", at_discord)
    monkeypatch.setattr(Routes, "_admit", at_wiro)
    monkeypatch.setattr(Routes, "_file", at_files)
    return wire


def let_discord_repeat_what_it_got(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every scripted status come with the request's address and headers, as some proxies have it."""
    befall = Fault.befall

    async def tell_tales(self: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        done = await befall(self, request, handler)
        if self.kind != "status":
            return done
        return web.Response(status=self.status, text=f"{request.url} {dict(request.headers)}")

    monkeypatch.setattr(Fault, "befall", tell_tales)


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What nobody may read, by what it is."""

    discord_token: str
    key: str
    api_secret: str
    interaction_tokens: frozenset[str]
    callback_tokens: frozenset[str]
    tasktokens: frozenset[str]

    @classmethod
    def of(cls, stage: Stage) -> "Secrets":
        """Return all that there were so far."""
        return cls(
            discord_token=stage.discord.config.token,
            key=stage.wiro.config.api_key,
            api_secret=str(stage.wiro.config.api_secret),
            interaction_tokens=frozenset(each.token for each in stage.discord.interactions.all()),
            callback_tokens=frozenset(
                (task.inputs.callback_url or "").rpartition("/")[2] for task in stage.wiro.tasks
            ),
            tasktokens=frozenset(task.token for task in stage.wiro.tasks),
        )

    @property
    def lasting(self) -> frozenset[str]:
        """The owner's own."""
        return frozenset({self.discord_token, self.key, self.api_secret})

    @property
    def every(self) -> frozenset[str]:
        """All of them."""
        return self.lasting | self.interaction_tokens | self.callback_tokens | self.tasktokens


def leaks(stage: Stage, wire: Wire, secrets: Secrets) -> Iterator[str]:
    """Go through all places where a secret is that does not belong there.

    They belong: each to the one whom it is for, in the one field that is for it; and a tasktoken to the
    database, without which nobody could follow or delete the task. An interaction token belongs there until
    its job is closed, and what SQLite keeps outside of rows is not promised: see docs/promises.md.
    """
    in_database = secrets.tasktokens | secrets.interaction_tokens
    for path in sorted(stage.folder.rglob("*")):
        if path.is_file():
            is_database = path.name.startswith(stage.database.name)
            unwanted = secrets.every - (in_database if is_database else frozenset())
            yield from _found(path.name, path.read_bytes(), unwanted)
    with closing(sqlite3.connect(stage.database)) as connection:
        for row in connection.iterdump():
            yield from _found("a row", row.encode(), secrets.every - secrets.tasktokens)
    for sent in wire.to_discord:
        yield from _found(f"Discord {sent.path}", sent.body, secrets.every)
        yield from _found("Discord path", sent.path.encode(), secrets.every - secrets.interaction_tokens)
        rest = {name: text for name, text in sent.headers.items() if name != "Authorization"}
        yield from _found(f"Discord headers {sent.path}", str(rest).encode(), secrets.every)
    for sent in wire.to_wiro:
        mine = secrets.callback_tokens if "/Run/" in sent.path else secrets.tasktokens
        yield from _found(f"Wiro {sent.path}", sent.body, secrets.every - mine)
        yield from _found("Wiro path", sent.path.encode(), secrets.every)
        rest = {name: text for name, text in sent.headers.items() if name != "x-api-key"}
        yield from _found(f"Wiro headers {sent.path}", str(rest).encode(), secrets.every)


def _found(where: str, written: bytes, unwanted: frozenset[str]) -> Iterator[str]:
    for secret in unwanted:
        if secret.encode() in written:
            at = written.index(secret.encode())
            around = written[max(0, at - 300) : at + len(secret) + 60].decode(errors="replace")
            yield f"{where}: {around}"
