import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.discord import DiscordServer
from sandbox.wiro import WiroServer

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"
EXAMPLE = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (GET|POST|PUT|PATCH|DELETE) \| `(/sandbox/[^`]*)` \|", re.MULTILINE)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[web.Application]:
    """Return a list into which every application is put that a server serves."""
    applications: list[web.Application] = []

    class Noting(web.AppRunner):
        def __init__(self, app: web.Application, **options: Any) -> None:  # noqa: ANN401 - passed on
            applications.append(app)
            super().__init__(app, **options)

    monkeypatch.setattr(web, "AppRunner", Noting)
    return applications


def documented(heading: str) -> list[tuple[str, str]]:
    """Return method and path of each row under a heading of the page."""
    section = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return ROW.findall(section)


def registered(app: web.Application) -> Iterator[tuple[str, str]]:
    """Go through method and path of an application's control routes."""
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        # aiohttp adds HEAD to every GET.
        if path.startswith("/sandbox") and route.method != "HEAD":
            yield route.method, path


@pytest.mark.parametrize(
    ("heading", "server"), [("Discord's control", DiscordServer), ("Wiro's control", WiroServer)]
)
async def test_every_control_route_is_documented(
    heading: str, server: type[DiscordServer | WiroServer], served: list[web.Application]
) -> None:
    """The page lists each route of a server's control API once, and none that is not there."""
    async with server():
        (app,) = served
    assert sorted(documented(heading)) == sorted(registered(app))


async def test_the_examples_of_faults_are_taken() -> None:
    """The page's two examples, of a fault at Discord and of a rule at Wiro, are accepted as they stand."""
    fault, rule = (json.loads(each) for each in EXAMPLE.findall(PAGE.read_text()))
    async with DiscordServer() as discord, WiroServer() as wiro, aiohttp.ClientSession() as session:
        for url, example in (
            (f"{discord.origin}/sandbox/faults", fault),
            (f"{wiro.origin}/sandbox/script", rule),
        ):
            async with session.post(url, json=example) as answer:
                assert answer.ok, await answer.text()
        assert (discord.faults.rest[0].status, discord.faults.rest[0].times) == (503, 2)
        assert wiro.script.task("a red fox").pexit == "1"
