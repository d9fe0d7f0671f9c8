"""What owners of guilds do, as a typed client of the control API: see `sandbox.members`."""

from collections.abc import Iterable

from sandbox.control import Control
from sandbox.member import Member


class Guilds(Control):
    """What can be changed about guilds. Names that are new are known at once."""

    async def add_members(
        self, name: str, count: int, guild: str = "Sandbox", roles: Iterable[str] = (), *, bots: bool = False
    ) -> list[Member]:
        """Let `count` people, or bots, called name-1, name-2 and so on join a guild, with these roles."""
        role_ids = [str(self.role_id(role, guild)) for role in roles]
        body = {"name": name, "count": count, "role_ids": role_ids, "bots": bots}
        added = await self.call("POST", f"/guilds/{self.guild_id(guild)}/members", body)
        await self.refresh()
        return [Member(self, int(each["id"]), each["name"], guild) for each in added]

    async def remove_member(self, member: Member) -> None:
        """Let a member leave their guild."""
        await self.call("DELETE", f"/guilds/{self.guild_id(member.guild)}/members/{member.id}")

    async def set_roles(self, member: Member, roles: Iterable[str]) -> None:
        """Give a member these roles and no other."""
        path = f"/guilds/{self.guild_id(member.guild)}/members/{member.id}"
        await self.call(
            "PATCH", path, {"role_ids": [str(self.role_id(role, member.guild)) for role in roles]}
        )

    async def add_role(self, name: str, permissions: int = 0, guild: str = "Sandbox") -> int:
        """Make a role and return its identifier."""
        body = {"name": name, "permissions": str(int(permissions))}
        made = await self.call("POST", f"/guilds/{self.guild_id(guild)}/roles", body)
        await self.refresh()
        return int(made["id"])

    async def set_permissions(self, role: str, permissions: int, guild: str = "Sandbox") -> None:
        """Give a role these permissions and no other; the bot's own role is called as the bot is."""
        path = f"/guilds/{self.guild_id(guild)}/roles/{self.role_id(role, guild)}"
        await self.call("PATCH", path, {"permissions": str(int(permissions))})

    async def add_channel(
        self,
        name: str,
        *,
        under: str | int | None = None,
        invited: Iterable[int] = (),
        voice: bool = False,
        guild: str = "Sandbox",
    ) -> int:
        """Make a text or voice channel, or a thread `under` one, for those invited; return its identifier."""
        body = {
            "name": name,
            "parent_id": None if under is None else str(self.channel_id(under, guild)),
            "invited": [str(user_id) for user_id in invited],
            "voice": voice,
        }
        made = await self.call("POST", f"/guilds/{self.guild_id(guild)}/channels", body)
        await self.refresh()
        return int(made["id"])

    async def archive(self, thread: str | int, *, locked: bool = False, guild: str = "Sandbox") -> None:
        """Archive a thread; a locked one is opened by those alone who manage threads."""
        body = {"archived": True, "locked": locked}
        await self.call("PATCH", f"/channels/{self.channel_id(thread, guild)}", body)

    async def remove_channel(self, channel: str | int, guild: str = "Sandbox") -> None:
        """Delete a channel or thread with its messages."""
        await self.call("DELETE", f"/channels/{self.channel_id(channel, guild)}")

    async def set_overwrite(
        self,
        channel: str | int,
        target: Member | int | None = None,
        *,
        allow: int = 0,
        deny: int = 0,
        guild: str = "Sandbox",
    ) -> None:
        """Set what a channel allows and denies to a member, to a role by its identifier, or to the bot."""
        target_id = self.bot_user_id if target is None else target if isinstance(target, int) else target.id
        path = f"/channels/{self.channel_id(channel, guild)}/overwrites/{target_id}"
        await self.call("PUT", path, {"allow": str(int(allow)), "deny": str(int(deny))})

    async def set_boost_tier(self, tier: int, guild: str = "Sandbox") -> None:
        """Set a guild's boost tier (0 to 3), and with it how large a file may be there."""
        await self.call("PATCH", f"/guilds/{self.guild_id(guild)}", {"premium_tier": tier})

    async def set_takes_dms(self, member: Member, *, takes_dms: bool) -> None:
        """Say whether the bot may write to someone."""
        await self.call("PATCH", f"/users/{member.id}", {"takes_dms": takes_dms})

    async def set_upload_limit(self, member: Member, upload_limit_bytes: int) -> None:
        """Say how large a file someone's own subscription lets them send in any guild."""
        await self.call("PATCH", f"/users/{member.id}", {"upload_limit_bytes": upload_limit_bytes})
