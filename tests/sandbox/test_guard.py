from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.discord import DiscordConfig, DiscordServer
from sandbox.wiro import WiroServer

Servers = dict[str, DiscordServer | WiroServer]
STEER = {
    "discord": ("/sandbox/expire", {"tokens": True}),
    "wiro": ("/sandbox/balance", {"balance_usd": 5}),
}
"""For each server a request that steers it."""


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    """Both servers."""
    async with DiscordServer(DiscordConfig()) as discord, WiroServer() as wiro:
        yield {"discord": discord, "wiro": wiro}


async def steer(server: DiscordServer | WiroServer, name: str, **headers: str) -> tuple[int, str]:
    """Steer a server with these headers, and return status and text of the answer."""
    path, body = STEER[name]
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.origin + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.parametrize("name", STEER)
@pytest.mark.parametrize("host", ["example.org", "example.org:{port}", "127.0.0.1", "127.0.0.1:1"])
async def test_another_host_cannot_steer(servers: Servers, name: str, host: str) -> None:
    """A name that was made to resolve to loopback neither steers a server nor reads what it knows."""
    server = servers[name]
    headers = {"Host": host.format(port=server.origin.rpartition(":")[2])}
    assert (await steer(server, name, **headers))[0] == 403
    url = f"{server.origin}/sandbox/requests"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("name", STEER)
@pytest.mark.parametrize("origin", ["http://example.org", "null", "http://127.0.0.1:1"])
async def test_another_page_cannot_steer(servers: Servers, name: str, origin: str) -> None:
    """What another page in a browser at this machine asks for is not done."""
    assert (await steer(servers[name], name, Origin=origin))[0] == 403


@pytest.mark.parametrize("name", STEER)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_form_cannot_steer(servers: Servers, name: str, kind: str) -> None:
    """A body that any page's form can send is refused with a sentence, and not read."""
    status, text = await steer(servers[name], name, **{"Content-Type": kind})
    assert status == 415
    assert "Content-Type" in text


@pytest.mark.parametrize("name", STEER)
async def test_programs_steer_as_ever(servers: Servers, name: str) -> None:
    """A program that names the server's own address, or localhost, and declares JSON, is heard."""
    port = servers[name].origin.rpartition(":")[2]
    assert (await steer(servers[name], name))[0] in {200, 204}
    assert (await steer(servers[name], name, Host=f"localhost:{port}"))[0] in {200, 204}


async def test_the_servers_own_interfaces_take_any_name(servers: Servers) -> None:
    """Only the control is guarded: a client may call the rest under any name, as behind a proxy."""
    headers = {"Host": "example.org", "Origin": "http://example.org", "Content-Type": "text/plain"}
    async with aiohttp.ClientSession() as session:
        for url in (f"{servers['discord'].origin}/api/v10/gateway", f"{servers['wiro'].origin}/v1/Task/List"):
            async with session.post(url, data="{}", headers=headers) as answer:
                assert "server" not in await answer.text(), url
                assert answer.status != 415
