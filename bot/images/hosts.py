"""Where pictures may be fetched from: the rule for addresses, and a resolver that keeps to it.

The host of an address has to be allowed by name, and what the name resolves to has to be public. The second
is checked on the very addresses that are connected to, so that a name cannot be pointed elsewhere in between.
"""

import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.errors import PictureRefusedError, SettingsError

_NAME: Final = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOCALHOST: Final = "localhost"


class HostRule:
    """Which hosts pictures may be fetched from.

    A pattern is a host's exact name, `*.` and a name for everything below it but not the name itself, or an
    IP address. Ports are not looked at. Public hosts are spoken to over https. Addresses that are not public,
    and `localhost`, have to be named themselves, and may then be spoken to over plain http.
    Source: the design, `WIRO_OUTPUT_HOSTS`.

    Args:
        patterns: the allowed hosts.

    Raises:
        SettingsError: a pattern is none of these.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._addresses: set[IPv4Address | IPv6Address] = set()
        self._names: set[str] = set()
        self._parents: tuple[str, ...] = ()
        for pattern in patterns:
            self._allow(pattern)

    def _allow(self, pattern: str) -> None:
        address = _as_address(pattern.removeprefix("[").removesuffix("]"))
        if address is not None:
            self._addresses.add(address)
        elif not _NAME.fullmatch(pattern.lower()):
            raise SettingsError(
                f"WIRO_OUTPUT_HOSTS holds {pattern!r}; it takes hosts without scheme and port,"
                " such as cdn.example.com or *.example.com"
            )
        elif pattern.startswith("*."):
            self._parents += (pattern.lower().removeprefix("*"),)
        else:
            self._names.add(pattern.lower())

    def check(self, text: str) -> URL:
        """Return the address as it may be fetched.

        Raises:
            PictureRefusedError: it is malformed, or its host or scheme is not allowed.
        """
        try:
            url = URL(text)
            host = url.raw_host or ""
        except ValueError as error:
            raise PictureRefusedError("the address is malformed") from error
        if not text.isascii() or "@" in url.raw_authority:
            raise PictureRefusedError("the address hides its host")
        if not self._allows_host(host):
            raise PictureRefusedError(f"the host {host!r} is not allowed")
        if url.scheme != "https" and not (url.scheme == "http" and self._is_internal(host)):
            raise PictureRefusedError(f"{host!r} is not to be spoken to over {url.scheme!r}")
        return url

    def allows_resolved(self, host: str, resolved: str) -> bool:
        """Tell whether an allowed host may be connected to at an address that its name resolved to."""
        address = _as_address(resolved)
        if address is None:
            return False
        return _is_public(address) or (host == _LOCALHOST and address.is_loopback)

    def _allows_host(self, host: str) -> bool:
        address = _as_address(host)
        if address is not None:
            return address in self._addresses
        return host in self._names or (host.endswith(self._parents) and "xn--" not in host)

    def _is_internal(self, host: str) -> bool:
        address = _as_address(host)
        return host == _LOCALHOST if address is None else not _is_public(address)


class PublicResolver(AbstractResolver):
    """Resolves names as another resolver does, and keeps what the rule allows.

    Args:
        rule: decides.
        inner: resolves; its owner closes it.
    """

    def __init__(self, rule: HostRule, inner: AbstractResolver) -> None:
        self._rule = rule
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host that may be connected to.

        Raises:
            OSError: the name cannot be resolved now.
            PictureRefusedError: it resolves to nothing that is allowed.
        """
        found = await self._inner.resolve(host, port, family)
        allowed = [result for result in found if self._rule.allows_resolved(host, result["host"])]
        if not allowed:
            raise PictureRefusedError(f"the host {host!r} resolves to no public address")
        return allowed

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


def _as_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        # Some IPv6 addresses only carry an IPv4 address, which is what is then connected to.
        carried = address.sixtofour
        if address in _NAT64:
            carried = IPv4Address(address.packed[-4:])
        if carried is not None:
            return _is_public(carried)
    return address.is_global and not address.is_multicast
