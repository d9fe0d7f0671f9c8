"""The control API of the sandbox's Discord server, and the names of what there is. See `sandbox.members`."""

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from sandbox.shown import Json


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault of the program
    """The sandbox would not do it: Discord's client or server would not either. Carries the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """The control API at `origin`; an async context manager. Names are known once it is entered."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._session: aiohttp.ClientSession | None = None
        self._world: Json = {}

    async def __aenter__(self) -> Self:
        """Open the session and learn who and what there is."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None), connector=aiohttp.TCPConnector(limit=0)
        )
        try:
            await self.refresh()
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def refresh(self) -> None:
        """Learn anew who and what there is, after something was added elsewhere."""
        self._world = await self.call("GET", "/world")

    @property
    def bot_user_id(self) -> int:
        """The identifier of the bot's user."""
        return int(self._world["bot_user_id"])

    def guild_id(self, guild: str = "Sandbox") -> int:
        """Return a guild's identifier; raise KeyError if there is none of that name."""
        return int(self._guild(guild)["id"])

    def channel_id(self, channel: str | int, guild: str = "Sandbox") -> int:
        """Return a channel's identifier; raise KeyError if there is none of that name."""
        return (
            channel
            if isinstance(channel, int)
            else int(_named(self._guild(guild)["channels"], channel)["id"])
        )

    def role_id(self, role: str, guild: str = "Sandbox") -> int:
        """Return a role's identifier; raise KeyError if there is none of that name."""
        return int(_named(self._guild(guild)["roles"], role)["id"])

    def member_named(self, who: str | int, guild: str) -> Json:
        """Return id and name of someone in a guild; raise KeyError if nobody is that."""
        return _named(self._guild(guild)["members"], who)

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str | float] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON, which each caller narrows
        """Call the control API below /sandbox and return its answer; raise Refused if it is not 2xx."""
        url = f"{self._origin}/sandbox{path}"
        async with self.session.request(method, url, json=body, params=query) as response:
            is_json = response.content_type == "application/json"
            answer = await response.json() if is_json else None
            if not response.ok:
                message = answer["message"] if isinstance(answer, dict) else await response.text()
                raise Refused(response.status, message)
            return answer

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open session."""
        if self._session is None:
            raise RuntimeError(f"{type(self).__name__} is used before it is entered.")
        return self._session

    def _guild(self, name: str) -> Json:
        return _named(self._world["guilds"], name)


def _named(things: Iterable[Json], name: str | int) -> Json:
    for thing in things:
        if name in (thing["name"], int(thing["id"])):
            return thing
    raise KeyError(name)
