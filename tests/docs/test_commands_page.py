"""Members and moderators read of every command that they have."""

from pathlib import Path

from tests.docs.pages import ROOT
from tests.support.stage import CHANNEL, staged

_CHAT_INPUT = 1  # Discord's reference, Application Command Types


async def test_every_command_is_in_a_guide(tmp_path: Path) -> None:
    """What the bot really registered is named in docs/members.md or docs/moderators.md."""
    pages = "".join((ROOT / "docs" / name).read_text("utf-8") for name in ("members.md", "moderators.md"))
    async with staged(tmp_path) as stage:
        await stage.start_bot()
        channel = stage.members.channel_id(CHANNEL)
        commands = await stage.members.call("GET", f"/channels/{channel}/commands")
    names = [f"`/{each['name']}" if each["type"] == _CHAT_INPUT else f"{each['name']}*" for each in commands]
    assert len(names) > 4
    assert [name for name in names if name not in pages] == []
