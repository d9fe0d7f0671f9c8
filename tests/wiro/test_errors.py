from collections.abc import Callable, Iterator

import aiohttp
import pytest
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.errors import NoAnswerError, UnreadableAnswerError, WiroError, WiroUnreachableError
from bot.wiro.client import WiroClient

MakeClient = Callable[..., WiroClient]

KEY = ConnectionKey("wiro.test", 443, True, True, None, None, None)
REQUEST = aiohttp.RequestInfo(URL("https://wiro.test/v1"), "POST", CIMultiDictProxy(CIMultiDict()))

NEVER_CONNECTED = {
    "ClientConnectorError",
    "ClientConnectorDNSError",
    "ClientConnectorSSLError",
    "ClientConnectorCertificateError",
    "ClientSSLError",
    "ClientProxyConnectionError",
    "UnixClientConnectorError",
    "ConnectionTimeoutError",
    "ServerFingerprintMismatch",
    "ClientHttpProxyError",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
}
NOT_READ = {
    "ClientPayloadError",
    "ClientResponseError",
    "ContentTypeError",
    "TooManyRedirects",
    "WSServerHandshakeError",
}
BUILTIN = [
    OSError(5, "I/O"),
    ConnectionResetError(104, "reset"),
    BrokenPipeError(),
    TimeoutError(),
    ValueError("?"),
]


def kinds_below(kind: type[aiohttp.ClientError]) -> Iterator[type[aiohttp.ClientError]]:
    """Give an exception of aiohttp and all that are derived from it."""
    yield kind
    for derived in kind.__subclasses__():
        if derived.__module__.startswith("aiohttp."):
            yield from kinds_below(derived)


KINDS = sorted(set(kinds_below(aiohttp.ClientError)), key=lambda kind: kind.__name__)


def make(kind: type[aiohttp.ClientError]) -> aiohttp.ClientError:
    """Make an exception as aiohttp would."""
    if issubclass(kind, UnixClientConnectorError):
        return kind("/run/wiro", KEY, OSError(111, "refused"))
    if issubclass(kind, aiohttp.ClientConnectorError):
        return kind(KEY, OSError(111, "refused"))
    if issubclass(kind, aiohttp.ServerFingerprintMismatch):
        return kind(b"a", b"b", "wiro.test", 443)
    if issubclass(kind, aiohttp.ClientResponseError):
        return kind(REQUEST, (), status=400, message="bad")
    return kind("https://wiro.test/v1")


def raising(exception: Exception) -> aiohttp.ClientSession:
    """Return a session whose requests all raise this, where aiohttp's own connecting and sending would."""

    async def fail(_: aiohttp.ClientRequest, __: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        raise exception

    return aiohttp.ClientSession(middlewares=[fail])


async def outcome(make_client: MakeClient, exception: Exception) -> WiroError:
    """Return what Run makes of an exception of aiohttp; anything but a `WiroError` goes through."""
    client = make_client("https://wiro.test/v1", session=raising(exception))
    with pytest.raises(WiroError) as caught:
        await client.run({"prompt": "fox"}, None)
    return caught.value


def test_the_walk_finds_them_all() -> None:
    """Every exception that aiohttp exports is walked, and the lists above name none that is gone."""
    names = {kind.__name__ for kind in KINDS}
    exported = [getattr(aiohttp, name) for name in aiohttp.__all__]
    errors = {
        kind.__name__ for kind in exported if isinstance(kind, type) and issubclass(kind, aiohttp.ClientError)
    }
    assert errors <= names
    assert names >= NEVER_CONNECTED | NOT_READ


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_exception_of_aiohttp_is_translated(
    make_client: MakeClient, kind: type[aiohttp.ClientError]
) -> None:
    """Those that come before anything is sent say so, and all others leave the outcome open."""
    exception = make(kind)
    error = await outcome(make_client, exception)
    if kind.__name__ in NEVER_CONNECTED:
        assert type(error) is WiroUnreachableError
    elif kind.__name__ in NOT_READ:
        assert type(error) is UnreadableAnswerError
    else:
        assert type(error) is NoAnswerError
    assert error.__cause__ is exception
    assert kind.__name__ in str(error)


@pytest.mark.parametrize("exception", BUILTIN, ids=lambda exception: type(exception).__name__)
async def test_exceptions_of_python_itself_are_translated(
    make_client: MakeClient, exception: Exception
) -> None:
    """What sockets, clocks and codecs raise leaves the outcome open."""
    assert type(await outcome(make_client, exception)) is NoAnswerError
