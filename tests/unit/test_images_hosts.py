import asyncio
import socket

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import PictureRefusedError, PictureUnavailableError, SettingsError
from bot.images.download import Downloader, Timeouts
from bot.images.hosts import HostRule, PublicResolver

WIRO = HostRule(["*.wiro.ai"])
TIMEOUTS = Timeouts(connect_seconds=5, read_seconds=5, total_seconds=5)


class FixedResolver(AbstractResolver):
    """Resolves every name to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses."""
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class UnknowingResolver(FixedResolver):
    """Resolves nothing."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Fail as the system does."""
        raise socket.gaierror(socket.EAI_NONAME, f"{host}:{port} ({family})")


async def download(address: str, inner: AbstractResolver) -> bytes:
    """Download from an allowed address whose name resolves in this way."""
    connector = aiohttp.TCPConnector(resolver=PublicResolver(WIRO, inner))
    async with aiohttp.ClientSession(connector=connector) as session:
        return await Downloader(session, WIRO, max_bytes=1000, timeouts=TIMEOUTS).download(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://cdn1.wiro.ai/a/0.png",
        "https://a.b.wiro.ai:8443/0.png?x=%20y",
        "https://CDN1.Wiro.AI/0.png",
        "HTTPS://cdn1.wiro.ai/0.png",
    ],
)
def test_hosts_below_the_pattern_are_allowed(address: str) -> None:
    """A star stands for one label or more, in either case, at any port."""
    assert WIRO.check(address).scheme == "https"


@pytest.mark.parametrize(
    "address",
    [
        "https://wiro.ai/0.png",
        "https://evilwiro.ai/0.png",
        "https://cdn1.wiro.ai.evil.com/0.png",
        "https://cdn1.wiro.ai./0.png",
        "https://evil.com/cdn1.wiro.ai",
        "https://evil.com#.wiro.ai",
        "https://evil.com\\.wiro.ai/0.png",
        "https://cdn1.wiro.ai@evil.com/0.png",
        "https://user:word@cdn1.wiro.ai/0.png",
        "https://xn--cdn-xyz.wiro.ai/0.png",
        "https://c\u0434n.wiro.ai/0.png",
        "https://cdn1\uff0ewiro.ai/0.png",
        "http://cdn1.wiro.ai/0.png",
        "ftp://cdn1.wiro.ai/0.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "//cdn1.wiro.ai/0.png",
        "cdn1.wiro.ai/0.png",
        "https://",
        "https://cdn1.wiro.ai:99999/0.png",
        "https://[::1/0.png",
        "",
        "https://127.0.0.1/0.png",
        "https://93.184.216.34/0.png",
        "https://2130706433/0.png",
        "https://0x7f.0.0.1/0.png",
        "https://0177.0.0.1/0.png",
        "https://127.1/0.png",
        "https://[::1]/0.png",
        "https://[::ffff:127.0.0.1]/0.png",
        "https://localhost/0.png",
    ],
)
def test_everything_else_is_refused(address: str) -> None:
    """Neither another host, nor a disguise of one, nor another scheme gets past the default pattern."""
    with pytest.raises(PictureRefusedError):
        WIRO.check(address)


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080/0.png"),
        ("127.0.0.1", "https://127.0.0.1:8080/0.png"),
        ("10.1.2.3", "http://10.1.2.3/0.png"),
        ("[::1]", "http://[::1]:8080/0.png"),
        ("::1", "http://[0:0:0:0:0:0:0:1]/0.png"),
        ("localhost", "http://localhost:8080/0.png"),
        ("93.184.216.34", "https://93.184.216.34/0.png"),
        ("CDN.example.com", "https://cdn.example.com/0.png"),
        ("xn--bcher-kva.example", "https://xn--bcher-kva.example/0.png"),
    ],
)
def test_what_is_named_exactly_is_allowed(pattern: str, address: str) -> None:
    """An exact name or address is allowed, loopback and private ones over plain http as well."""
    assert str(HostRule(["*.wiro.ai", pattern]).check(address))


@pytest.mark.parametrize(
    ("pattern", "address"),
    [
        ("127.0.0.1", "http://127.0.0.2/0.png"),
        ("127.0.0.1", "http://localhost/0.png"),
        ("localhost", "http://127.0.0.1/0.png"),
        ("127.0.0.1", "http://2130706433/0.png"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/0.png"),
        ("93.184.216.34", "http://93.184.216.34/0.png"),
        ("cdn.example.com", "http://cdn.example.com/0.png"),
        ("cdn.example.com", "https://a.cdn.example.com/0.png"),
        ("*.localhost", "http://a.localhost/0.png"),
    ],
)
def test_naming_one_host_allows_no_other(pattern: str, address: str) -> None:
    """An exact pattern allows nothing beside itself, and plain http only where the address is not public."""
    with pytest.raises(PictureRefusedError):
        HostRule([pattern]).check(address)


@pytest.mark.parametrize(
    "pattern", ["https://cdn.wiro.ai", "cdn.wiro.ai:443", "*", "*.*.ai", "a b", "", "a..b", "b\u00fccher.de"]
)
def test_a_malformed_pattern_is_a_wrong_setting(pattern: str) -> None:
    """What could never match is refused at once, naming the variable."""
    with pytest.raises(SettingsError, match="WIRO_OUTPUT_HOSTS"):
        HostRule([pattern])


@given(st.text() | st.builds("https://{}.wiro.ai/{}".format, st.text(), st.text()))
def test_no_address_raises_anything_else(address: str) -> None:
    """Whatever the address is, it is allowed or refused; what is allowed is below the pattern, over https."""
    try:
        url = WIRO.check(address)
    except PictureRefusedError:
        return
    assert url.scheme == "https"
    assert (url.raw_host or "").endswith(".wiro.ai")
    assert url.raw_user is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to be refused
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
        "nonsense",
    ],
)
async def test_a_name_that_resolves_inwards_is_refused(address: str) -> None:
    """A public name must not lead to loopback, private or multicast addresses, however written."""
    with pytest.raises(PictureRefusedError):
        await PublicResolver(WIRO, FixedResolver(address)).resolve("cdn1.wiro.ai", 443)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
async def test_public_addresses_are_kept(address: str) -> None:
    """Of several addresses, the public ones are connected to."""
    found = await PublicResolver(WIRO, FixedResolver("10.0.0.1", address)).resolve("cdn1.wiro.ai", 443)
    assert [result["host"] for result in found] == [address]


async def test_localhost_leads_to_loopback_alone() -> None:
    """Where `localhost` is allowed, it may be loopback, and nothing else that is private."""
    resolver = PublicResolver(HostRule(["localhost"]), FixedResolver("127.0.0.1", "::1", "10.0.0.1"))
    assert [result["host"] for result in await resolver.resolve("localhost")] == ["127.0.0.1", "::1"]


async def test_the_address_connected_to_is_the_one_checked() -> None:
    """A download from an allowed name whose address lies inside is refused before a connection is made."""
    connections = 0

    def count() -> asyncio.Protocol:
        nonlocal connections
        connections += 1
        return asyncio.Protocol()

    server = await asyncio.get_running_loop().create_server(count, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(PictureRefusedError):
            await download(f"https://cdn1.wiro.ai:{port}/0.png", FixedResolver("127.0.0.1"))
    assert connections == 0


async def test_a_name_that_is_not_known_may_be_known_later() -> None:
    """A name that does not resolve is no verdict on the picture."""
    with pytest.raises(PictureUnavailableError):
        await download("https://cdn1.wiro.ai/0.png", UnknowingResolver())
