"""The main job: `/sana` becomes a picture in the message that answered it."""

from io import BytesIO

from PIL import Image

from tests.support.stage import Stage


async def test_a_command_becomes_a_picture_in_the_same_message(stage: Stage) -> None:
    """A member types `/sana`; the answer itself ends with a picture of the size asked for."""
    message = await stage.sana(prompt="a red fox", size="square")
    done = await stage.end_of(message)
    assert done.id == message.id
    [picture] = done.pictures
    content = await stage.members.download(picture)
    with Image.open(BytesIO(content)) as image:
        assert image.size == (1024, 1024)
    assert picture.description == "a red fox"
    [job] = await stage.closed()
    assert job["state"] == "delivered"
    assert stage.ledger() == [("reserve", 1), ("settle", 1)]


async def test_a_job_costs_two_calls_at_wiro_and_two_at_discord(stage: Stage) -> None:
    """One Run and one Task/Detail; one answer and one edit until the picture is there, then a reaction."""
    message = await stage.sana()
    await stage.end_of(message)
    await stage.member().wait_for_change(message, lambda shown: bool(shown.reactions))
    calls = [seen.call for seen in stage.wiro.requests if not seen.call.startswith("socket")]
    assert sorted(calls) == ["Run", "Task/Detail", "callback", "file"]
    routes = [
        (call["method"], call["route"])
        for call in await stage.members.requests()
        if "interactions" in call["route"] or "messages" in call["route"]
    ]
    assert [method for method, _ in routes] == ["POST", "PATCH", "PUT"]
