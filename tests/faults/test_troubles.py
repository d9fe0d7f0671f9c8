"""What befalls the servers in a campaign, where the judge has to know of it."""

from pathlib import Path
from random import Random

import pytest

from faults import witness
from faults.stage import staged
from faults.troubles import TROUBLES


async def test_a_message_that_goes_with_its_channel_at_once_was_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The witness does not have to look just between the message and the end of its channel."""
    monkeypatch.setattr(witness, "_LOOK_SECONDS", 60.0)
    async with staged(tmp_path) as stage:
        await stage.start()
        typed = await stage.person("member").type("sana", channel="thread", prompt="a red fox", steps=1)
        chance = Random(0)  # noqa: S311 - no secret
        hits = await TROUBLES["a channel deleted"](stage, chance)
        assert hits() == 1
        assert typed.message_id in {message.id for message in stage.witness.messages()}
        again = await TROUBLES["a channel deleted"](stage, chance)
        assert again() == 0
        assert await stage.bot.stop() == 0
