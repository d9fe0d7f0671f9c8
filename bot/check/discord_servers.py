"""The servers that the bot is to serve: is it in them, what may it do there, are its commands there."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.check.discord_api import DiscordApi, NotAllowedHereError
from bot.check.discord_permissions import Place, in_server, places
from bot.check.report import FaultError, Outcome, fault, note, ok
from bot.present.permissions import invite_link, missing_in_server

_MIB: Final = 1024 * 1024
_UPLOAD_BYTES: Final = {0: 10 * _MIB, 1: 10 * _MIB, 2: 50 * _MIB, 3: 100 * _MIB}
"""By boost tier. Source: the notes on discord.py, Limits."""

_RAW_PIXEL_BYTES: Final = 3
_LARGEST_SIDE: Final = 4096
_LOOKED_AT: Final = 20  # servers in which channels are gone through, so that Discord is not flooded
_CHANNELS_NAMED: Final = 10
_PAGE: Final = 200  # servers that one call lists
_COMMAND: Final = "sana"


@dataclass(frozen=True, slots=True)
class DiscordServers:
    """The checks.

    Args:
        api: reads from Discord.
        guild_ids: `DISCORD_GUILD_IDS`.
    """

    api: DiscordApi
    guild_ids: Collection[int]

    async def membership(self) -> Outcome:
        """The bot is in every server that it is to serve, or in one at least."""
        names = {int(guild["id"]): guild["name"] for guild in await self._joined()}
        absent = [str(guild_id) for guild_id in sorted(self.guild_ids) if guild_id not in names]
        if not names or absent:
            where = f"these servers: {', '.join(absent)}" if absent else "any server"
            raise FaultError(
                f"The bot is not in {where}.",
                ("Correct DISCORD_GUILD_IDS, or invite it: " if absent else "Invite it: ")
                + await self._invite(),
            )
        served = [names[guild_id] for guild_id in sorted(self.guild_ids)] or list(names.values())
        return ok(f"It is in {_listed(served)}.")

    async def permissions(self) -> Outcome:
        """The bot's roles allow what it needs, and there are channels in which nothing takes it away."""
        faults, gaps, whole = [], [], []
        guilds = await self._served()
        bot_id = (await self.api.me())["id"]
        for guild_id in guilds[:_LOOKED_AT]:
            name, lacking, found = await self._look_at(guild_id, bot_id)
            usable = [place for place in found if not place.missing]
            if lacking:
                faults.append(f"in {name} its roles lack {', '.join(lacking)}")
            elif not usable:
                faults.append(f"in {name} there is no channel it can use: {_gaps(found)}")
            elif len(usable) < len(found):
                gaps.append(f"in {name}, {_gaps(found)}")
            else:
                whole.append(name)
        unseen = f" {len(guilds) - _LOOKED_AT} more servers were not looked at." * (len(guilds) > _LOOKED_AT)
        if faults:
            return fault(
                f"{_sentence([*faults, *gaps])}{unseen}",
                f"Invite it once more, which adds what is missing: {await self._invite()} What a single"
                " channel denies is mended in that channel's settings, Permissions.",
            )
        if gaps:
            return note(
                f"It can work, but not in every channel: {'; '.join(gaps)}.{unseen}",
                "Where it is to work, allow this to the bot's role in the channel's settings, Permissions.",
            )
        return ok(f"It can work in every channel of {_listed(whole)}.{unseen}")

    async def commands(self) -> Outcome:
        """The commands are registered where the bot serves; it does that itself when it starts."""
        application = (await self.api.get("/applications/@me"))["id"]
        scopes = [f"/guilds/{guild_id}" for guild_id in sorted(self.guild_ids)] or [""]
        missing = [scope for scope in scopes if not await self._is_registered(application, scope)]
        if missing:
            where = "" if "" in missing else f" in the servers {', '.join(map(_id_in, missing))}"
            return note(
                f"/{_COMMAND} is not registered{where}.", "Start the bot: it registers its commands itself."
            )
        return ok(f"/{_COMMAND} is registered.")

    async def uploads(self) -> Outcome:
        """How large a file may be in each server; the bot makes smaller what is too large."""
        servers = defaultdict(list)
        for guild_id in (await self._served())[:_LOOKED_AT]:
            guild = await self.api.get(f"/guilds/{guild_id}")
            servers[_UPLOAD_BYTES.get(guild.get("premium_tier", 0), 10 * _MIB)].append(guild["name"])
        largest = _RAW_PIXEL_BYTES * _LARGEST_SIDE**2
        limits = "; ".join(
            f"{size // _MIB} MiB in {_listed(names)}" for size, names in sorted(servers.items())
        )
        return ok(
            f"A file may have {limits}. The largest picture can have {largest // _MIB} MiB; what is too large"
            " is posted as a smaller JPEG, with a link to the original."
            if min(servers) < largest
            else f"A file may have {limits}, and every picture fits."
        )

    async def _joined(self) -> Sequence[Any]:
        joined: list[Any] = []
        while True:
            after = joined[-1]["id"] if joined else "0"
            page = await self.api.get(f"/users/@me/guilds?limit={_PAGE}&after={after}")
            joined += page
            if len(page) < _PAGE:
                return joined

    async def _served(self) -> list[int]:
        return sorted(self.guild_ids) or [int(guild["id"]) for guild in await self._joined()]

    async def _look_at(self, guild_id: int, bot_id: str) -> tuple[str, tuple[str, ...], list[Place]]:
        """Return a server's name, what the bot's roles lack there, and its channels."""
        guild = await self.api.get(f"/guilds/{guild_id}")
        member = await self.api.get(f"/guilds/{guild_id}/members/{bot_id}")
        channels = await self.api.get(f"/guilds/{guild_id}/channels")
        lacking = missing_in_server(in_server(guild, member))
        return guild["name"], lacking, places(guild, member, channels)

    async def _is_registered(self, application: str, scope: str) -> bool:
        try:
            commands = await self.api.get(f"/applications/{application}{scope}/commands")
        except NotAllowedHereError:
            raise FaultError(
                f"The bot may not have commands in the server {_id_in(scope)}.",
                f"Invite it once more, with the scope applications.commands: {invite_link(int(application))}",
            ) from None
        return any(command["name"] == _COMMAND for command in commands)

    async def _invite(self) -> str:
        return invite_link(int((await self.api.get("/applications/@me"))["id"]))


def _id_in(scope: str) -> str:
    return scope.rpartition("/")[2]


def _gaps(found: Sequence[Place]) -> str:
    """Return which channels lack what: those that lack the same together."""
    channels = defaultdict(list)
    for place in found:
        if place.missing:
            channels[place.missing].append(f"#{place.name}")
    return ", ".join(f"{_listed(names)}: no {', no '.join(what)}" for what, names in channels.items())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_CHANNELS_NAMED])
    return f"{shown} and {len(names) - _CHANNELS_NAMED} more" if len(names) > _CHANNELS_NAMED else shown


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
