import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.page import PageServer
from tests.sandbox.page_support import opened, paged
from tests.support.stage import PATIENCE_SECONDS, Stage


async def status(page: PageServer, method: str, path: str, body: object = None, **headers: str) -> int:
    """Make a request, and return its status."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, page.origin + path, json=body, headers=headers) as answer,
    ):
        return answer.status


async def raw(page: PageServer, target: str) -> bytes:
    """Send a request target exactly as it stands, and return the first line of the answer."""
    host = page.origin.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("path", ["/", "/switches", "/discord/world", "/live", "/files/1/2/a.png"])
@pytest.mark.parametrize(
    "host", ["example.org", "example.org:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.:{port}"]
)
async def test_another_host_is_refused(page: PageServer, path: str, host: str) -> None:
    """A name that was made to resolve to loopback gets nothing, and neither does another port."""
    port = page.origin.rpartition(":")[2]
    assert await status(page, "GET", path, Host=host.format(port=port)) == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
async def test_the_names_of_loopback_are_ours(page: PageServer, name: str) -> None:
    """The page answers to every name that a browser at this machine may have for it."""
    port = page.origin.rpartition(":")[2]
    assert await status(page, "GET", "/switches", Host=f"{name}:{port}") == 200
    assert await status(page, "POST", "/switches", {}, Origin=f"http://{name.lower()}:{port}") == 200


@pytest.mark.parametrize(
    "origin", ["http://example.org", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"]
)
async def test_another_page_is_refused(page: PageServer, origin: str) -> None:
    """What another page in the same browser asks for is not done, and it hears nothing."""
    foreign = origin.format(port=page.origin.rpartition(":")[2])
    assert await status(page, "POST", "/switches", {"slow": True}, Origin=foreign) == 403
    assert await status(page, "POST", "/discord/dms", {"user_id": "1"}, Origin=foreign) == 403
    assert await status(page, "GET", "/live", Origin=foreign) == 403
    assert await status(page, "GET", "/switches") == 200
    async with opened(page) as browser:
        assert not (await browser.until("switches"))["switches"]["slow"]


async def test_a_form_is_refused(page: PageServer) -> None:
    """A body that no script of ours sent, as another page's form can send it, is not read."""
    async with aiohttp.ClientSession() as session:
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            headers = {"Content-Type": kind}
            async with session.post(
                f"{page.origin}/switches", data='{"slow": true}', headers=headers
            ) as answer:
                assert answer.status == 415


@pytest.mark.parametrize("path", ["/", "/switches", "/discord/world", "/nothing", "/static/nothing.js"])
async def test_every_answer_holds_browsers_to_this_page(page: PageServer, path: str) -> None:
    """Whatever is answered, nothing in it may load from elsewhere, be framed, kept or guessed at."""
    async with aiohttp.ClientSession() as session, session.get(page.origin + path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_the_page_and_its_parts_are_served(page: PageServer) -> None:
    """The address alone gives the page, and what it refers to is there as what it is."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{page.origin}/") as answer:
            assert answer.content_type == "text/html"
            html = await answer.text()
        links = [part.partition('"')[0] for part in html.split('"/static/')[1:]]
        assert links
        for link in links:
            async with session.get(f"{page.origin}/static/{link.partition('#')[0]}") as answer:
                assert answer.status == 200, link


@pytest.mark.parametrize(
    "target",
    [
        "/discord/../api/v10/users/@me",
        "/discord/..%2f..%2fapi/v10/gateway",
        "/discord/%2e%2e/api/v10/gateway",
        "/discord//api/v10/gateway",
        "/discord/world/../../api/v10/gateway",
        "/discord/api%2fv10",
        "/discord/",
        "/wiro/..%5c..%5cv1/Tool/Detail",
        "/wiro/@example.org/x",
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static/",
        "/files/../server.py",
        "/files/..%2f..%2fsandbox/world",
    ],
)
async def test_nothing_but_the_control_is_reached(stage: Stage, target: str) -> None:
    """No path leads to Discord's or Wiro's own API, to a file beside the page, or to another machine."""
    passed_on: list[str] = []

    async def note(request: web.Request) -> web.Response:
        passed_on.append(request.raw_path)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", note)
    async with TestServer(app) as behind:
        stage.discord.origin = stage.wiro.origin = str(behind.make_url("")).rstrip("/")
        async with paged(stage) as (page, _):
            assert (await raw(page, "/discord/world?x=1")).split()[1] == b"200"
            assert passed_on == ["/sandbox/world?x=1"]
            line = await raw(page, target)
            assert line.split()[1] in {b"400", b"403", b"404"}, line
            assert len(passed_on) == 1


async def test_the_control_is_forwarded_as_it_is(stage: Stage, page: PageServer) -> None:
    """Method, query and body arrive; status and answer come back, refusals included."""
    async with opened(page) as browser:
        member, channel = stage.member(), stage.members.channel_id("general")
        written = {"user_id": str(member.id), "content": "Hello"}
        assert (await browser.ask("POST", f"/discord/channels/{channel}/messages", written))[0] == 200
        where = f"/discord/channels/{channel}/messages?user_id={member.id}"
        code, shown = await browser.ask("GET", where)
        assert (code, [each["content"] for each in shown["messages"]]) == (200, ["Hello"])
        code, refusal = await browser.ask("POST", "/discord/commands", {"user_id": "1"})
        assert code == 400
        assert refusal["message"]
        assert await browser.ask("POST", "/wiro/speed", {"seconds": 2}) == (200, {"seconds": 2.0})
        code, _ = await browser.ask("POST", "/discord/reactions", {**written, "content": "x" * 300_000})
        assert code == 413


async def test_pictures_are_ours_and_other_files_are_saved(stage: Stage, page: PageServer) -> None:
    """A picture comes from the page's own address; what could be read as a page comes as a download."""
    async with aiohttp.ClientSession() as session, opened(page) as browser:
        channel = stage.members.channel_id("general")
        form = aiohttp.FormData()
        form.add_field("payload_json", '{"content": "two files"}')
        picture = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
        form.add_field("files[0]", picture, filename="a fox.png")
        form.add_field("files[1]", b"<script>alert(1)</script>", filename="page.html")
        headers = {"Authorization": f"Bot {stage.discord.config.token}"}
        url = f"{stage.discord.api_base}/channels/{channel}/messages"
        async with session.post(url, data=form, headers=headers) as answer:
            assert answer.ok
        where = f"/discord/channels/{channel}/messages?user_id={stage.member().id}"
        _, shown = await browser.ask("GET", where)
        first, second = shown["messages"][0]["attachments"]
        assert first["url"].startswith("/files/")
        async with session.get(page.origin + first["url"]) as answer:
            assert (answer.content_type, await answer.read()) == ("image/png", picture)
        async with session.get(page.origin + second["url"]) as answer:
            assert answer.content_type == "application/octet-stream"
            assert answer.headers["Content-Disposition"] == "attachment"
        async with session.get(page.origin + "/files/1/2/gone.png") as answer:
            assert answer.status == 404


async def half_sent(page: PageServer, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a request with a body that does not come."""
    host = page.origin.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    head = ("Content-Type: application/json", "Content-Length: 99", f"Host: {host}", "", "{")
    writer.write("\r\n".join((f"POST {path} HTTP/1.1", *head)).encode())
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize("path", ["/switches", "/bot", "/discord/dms"])
async def test_a_body_that_does_not_come_is_not_waited_for(page: PageServer, path: str) -> None:
    """Half a body is answered after a few seconds, and the connection is closed."""
    reader, writer = await half_sent(page, path)
    try:
        answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    finally:
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("path", ["/switches", "/bot", "/discord/dms"])
async def test_a_body_that_breaks_off_is_no_mistake_of_ours(
    stage: Stage, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """Whoever goes away in the middle of a body leaves no line in the log."""
    async with paged(stage) as (page, _):
        _, writer = await half_sent(page, path)
        assert await status(page, "GET", "/switches") == 200
        writer.transport.abort()
        for _ in range(3):
            assert await status(page, "GET", "/switches") == 200
    assert caplog.records == []
