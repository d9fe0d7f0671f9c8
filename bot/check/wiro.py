"""The Wiro project: key and secret, the tool, the hosts of its pictures, the clock, the WebSocket.

None of the calls costs anything. Wiro tells no balance. Source: Wiro's reference, Authentication, Answers,
Other calls, WebSocket.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from yarl import URL

from bot.check.report import FaultError, Outcome, fault, note, ok
from bot.check.tool import compare
from bot.check.web import CALL_SECONDS, FAILURES, first_words, reason
from bot.errors import (
    AuthenticationError,
    NotFoundError,
    PictureRefusedError,
    SettingsError,
    WiroError,
    WiroUnreachableError,
)
from bot.images.hosts import HostRule
from bot.wiro.client import WiroClient

_CLOCK_MAY_BE_OFF_SECONDS: Final = 60.0
_GREETING_SECONDS: Final = 1.0  # which may not come; a connection that is refused is closed sooner
_TASKS_LOOKED_AT: Final = 20
_PANEL: Final = "in the project's settings at Wiro"
_WHERE: Final = "Check the machine's network, its firewall, and WIRO_API_BASE."

_REFUSALS: Final = (
    ("is not founded", "Wiro does not know the key.", f"Set WIRO_API_KEY to the one that stands {_PANEL}."),
    (
        "requires signature authentication",
        "The project is signature-based, and requests are not signed.",
        f"Set WIRO_API_SECRET to the one that stands {_PANEL}.",
    ),
    (
        "is not valid",
        "Wiro knows the key, and refuses the signature.",
        f"Set WIRO_API_SECRET to the one that stands {_PANEL}, beside this key.",
    ),
    (
        "requested ip",
        "Wiro does not take calls from this machine's address.",
        f"Allow this machine's public address {_PANEL}, or turn its list of addresses off.",
    ),
    ("suspended", "Wiro has suspended the account.", "Ask Wiro's support."),
)
"""What Wiro says where it refuses a call, what that means, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WiroProject:
    """The checks.

    Args:
        client: signs its calls with the owner's key and secret.
        session: carries what is not signed.
        api_base, socket_url, user_agent: as for the bot.
        output_hosts: `WIRO_OUTPUT_HOSTS`.
        is_signed: whether there is a secret.
        seconds: the machine's clock, in seconds since 1970.
    """

    client: WiroClient
    session: aiohttp.ClientSession
    api_base: str
    socket_url: str
    user_agent: str
    output_hosts: Sequence[str]
    is_signed: bool
    seconds: Callable[[], float] = time.time

    async def account(self) -> Outcome:
        """Wiro accepts key and signature: the listing of tasks is the project's own, and costs nothing."""
        try:
            await self.client.task_list(start=0, limit=1)
        except AuthenticationError as error:
            raise _refused(str(error)) from error
        except WiroError as error:
            raise _failed(error, self.api_base) from error
        if self.is_signed:
            return ok("Wiro accepts the key and the signature.")
        return ok("Wiro accepts the key; the project is key-only.")

    async def tool(self) -> Outcome:
        """The tool takes all that members can ask for."""
        try:
            published = await self.client.tool_parameters()
        except NotFoundError as error:
            raise FaultError(
                "Wiro has no such tool, or the project may not use it.",
                "Leave WIRO_TOOL empty, or correct it.",
            ) from error
        except AuthenticationError as error:
            raise _refused(str(error)) from error
        except WiroError as error:
            raise _failed(error, self.api_base) from error
        return compare(published)

    async def outputs(self) -> Outcome:
        """The hosts are written as they should be, and the newest pictures lie on them."""
        try:
            rule = HostRule(self.output_hosts)
            tasks = await self.client.task_list(start=0, limit=_TASKS_LOOKED_AT)
        except SettingsError as error:
            raise FaultError(f"{error}.", "Correct WIRO_OUTPUT_HOSTS.") from error
        except WiroError as error:
            raise _failed(error, self.api_base) from error
        addresses = [output.url for task in tasks for output in task.outputs]
        if foreign := sorted({_host(url) for url in addresses if not _is_allowed(rule, url)}):
            return fault(
                f"The newest pictures lie on {', '.join(foreign)}, from where none may be fetched.",
                "Add this to WIRO_OUTPUT_HOSTS, if it is Wiro's.",
            )
        if not addresses:
            return ok(
                f"Pictures may come from {', '.join(self.output_hosts)}; there are none yet to compare."
            )
        return ok(f"The newest {len(addresses)} pictures lie where they may be fetched from.")

    async def clock(self) -> Outcome:
        """The machine's clock shows about the same time as Wiro's answers."""
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        headers = {"User-Agent": self.user_agent}
        try:
            async with self.session.get(
                self.api_base, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                theirs = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except KeyError:
            return note("Wiro's answer bears no date to compare with.", "Nothing has to be done.")
        except FAILURES as error:
            raise FaultError(f"{self.api_base} cannot be reached: {reason(error)}.", _WHERE) from error
        ahead = self.seconds() - theirs
        if abs(ahead) <= _CLOCK_MAY_BE_OFF_SECONDS:
            return ok("It agrees with Wiro's.")
        direction = "fast" if ahead > 0 else "slow"
        return fault(
            f"It is {abs(ahead):,.0f} seconds {direction}; allowances and Discord's deadlines go by it.",
            "Turn on time synchronisation: `timedatectl set-ntp true`.",
        )

    async def socket(self) -> Outcome:
        """Wiro's WebSocket can be opened; without it members see no progress."""
        message = await first_words(
            self.session,
            self.socket_url,
            setting="WIRO_SOCKET_URL",
            user_agent=self.user_agent,
            wait_seconds=_GREETING_SECONDS,
        )
        closed = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        if message is not None and message.type in closed:
            return fault("It is closed as soon as it is open.", "Check WIRO_SOCKET_URL, and try again later.")
        return ok("It can be opened.")


def _refused(said: str) -> FaultError:
    for words, found, mend in _REFUSALS:
        if words in said.lower():
            return FaultError(found, mend)
    return FaultError(f"Wiro refuses the calls: {said}.", f"Look {_PANEL}.")


def _failed(error: WiroError, api_base: str) -> FaultError:
    if isinstance(error, WiroUnreachableError):
        return FaultError(f"Wiro cannot be reached at {api_base}.", _WHERE)
    return FaultError(
        f"Wiro does not answer as it should: {str(error).rstrip('.')}.", f"Try again later. {_WHERE}"
    )


def _is_allowed(rule: HostRule, url: str) -> bool:
    try:
        rule.check(url)
    except PictureRefusedError:
        return False
    return True


def _host(url: str) -> str:
    try:
        return URL(url).host or "an unknown host"
    except ValueError:
        return "an unknown host"
