import asyncio

import pytest

from sandbox.discord import DiscordConfig
from sandbox.members import Interaction, Refused
from tests.sandbox.discord_support import Json, RawBot, Scene, button, row, scene

SIZES = [{"label": word.title(), "value": word} for word in ("small", "medium", "large")]


def label(component: Json, **more: object) -> Json:
    """Return a label around an input or a menu."""
    return {"type": 18, "label": str(component["custom_id"]).title(), "component": component, **more}


def words(**more: object) -> Json:
    """Return a text input called words."""
    return {"type": 4, "custom_id": "words", "style": 2, **more}


def size(**more: object) -> Json:
    """Return a menu called size, with its second option picked."""
    options = [{**each, "default": each["value"] == "medium"} for each in SIZES]
    return {"type": 3, "custom_id": "size", "options": options, **more}


EDIT: Json = {
    "custom_id": "edit:7",
    "title": "Edit",
    "components": [
        label(words(value="a red fox", min_length=2, max_length=20, placeholder="say it")),
        label(size()),
    ],
}


async def open_modal(at: Scene, modal: Json, *, from_button: bool = False) -> Interaction:
    """Let the member have a modal shown, by a command or by a button, and return what they see."""
    if from_button:
        await at.bot.ok("POST", at.bot.messages(), {"content": "x", "components": [row(button("a"))]})
        (message,) = await at.member.read("general")
        doing = asyncio.create_task(at.member.click(message, label="a"))
    else:
        doing = asyncio.create_task(at.member.type("go", channel="general"))
    asked = await at.bot.event("INTERACTION_CREATE")
    status, described = await at.bot.answer(asked, 9, modal)
    assert status == 200, described
    return await doing


async def submitted(at: Scene, shown: Interaction, **values: str | list[str]) -> Json:
    """Let the member submit a modal, and return what the bot received."""
    await at.member.submit(shown, values, wait=False)
    return await at.bot.event("INTERACTION_CREATE")


async def test_what_a_member_sees_in_a_modal() -> None:
    """Labels, what is filled in and picked to begin with, and how much each input takes."""
    async with scene() as at:
        shown = (await open_modal(at, EDIT)).modal
        assert shown is not None
        assert (shown.custom_id, shown.title) == ("edit:7", "Edit")
        (text,), (menu,) = shown.inputs, shown.selects
        assert (text.label, text.value, text.placeholder) == ("Words", "a red fox", "say it")
        assert (text.min_length, text.max_length, text.required, text.paragraph) == (2, 20, True, True)
        assert (menu.label, menu.chosen, menu.options["Small"]) == ("Size", ("medium",), "small")


@pytest.mark.parametrize(
    ("values", "expected"),
    [({}, ("a red fox", ["medium"])), ({"words": "an owl", "size": "large"}, ("an owl", ["large"]))],
)
async def test_what_a_submission_carries(
    values: dict[str, str | list[str]], expected: tuple[str, list[str]]
) -> None:
    """Labels with their one component; what was not touched is sent as it was shown."""
    async with scene() as at:
        sent = await submitted(at, await open_modal(at, EDIT), **values)
        text, picked = expected
        assert sent["type"] == 5
        assert sent["data"] == {
            "custom_id": "edit:7",
            "components": [
                {
                    "type": 18,
                    "id": 1,
                    "component": {"type": 4, "id": 2, "custom_id": "words", "value": text},
                },
                {
                    "type": 18,
                    "id": 3,
                    "component": {"type": 3, "id": 4, "custom_id": "size", "values": picked},
                },
            ],
        }
        assert "message" not in sent
        assert {"app_permissions", "member", "channel", "guild_id"} <= sent.keys()


async def test_a_modal_out_of_a_button() -> None:
    """Its submission brings the message along; the answer hangs on that, and says what led to it."""
    async with scene() as at:
        shown = await open_modal(at, EDIT, from_button=True)
        sent = await submitted(at, shown, words="an owl")
        (message,) = await at.member.read("general")
        assert sent["message"]["id"] == str(message.id)
        assert sent["message"]["components"][0]["components"][0]["custom_id"] == "a"
        _, described = await at.bot.answer(sent, 4, {"content": "on it"})
        answer = described["resource"]["message"]
        assert (answer["type"], answer["message_reference"]["message_id"]) == (19, str(message.id))
        about = answer["interaction_metadata"]
        assert (about["type"], about["user"]["id"]) == (5, str(at.member.id))
        led = about["triggering_interaction_metadata"]
        assert (led["type"], led["id"]) == (3, str(shown.id))
        assert led["interacted_message_id"] == str(message.id)


@pytest.mark.parametrize(
    "values",
    [{"words": "x"}, {"words": "x" * 21}, {"words": ""}, {"size": "huge"}, {"size": []}, {"other": "x"}],
)
async def test_what_a_client_does_not_submit(values: dict[str, str | list[str]]) -> None:
    """Wrong lengths, nothing where something is required, and what is not offered never leave the client."""
    async with scene() as at:
        shown = await open_modal(at, EDIT)
        with pytest.raises(Refused):
            await at.member.submit(shown, values)
        if "other" not in values:
            await at.member.submit(shown, values, raw=True, wait=False)
            assert (await at.bot.event("INTERACTION_CREATE"))["type"] == 5


async def test_what_is_optional_may_stay_empty() -> None:
    """Optional inputs and menus are submitted empty, whatever their least length."""
    async with scene() as at:
        optional: Json = {
            **EDIT,
            "components": [
                label(words(min_length=5, required=False)),
                label({"type": 3, "custom_id": "size", "options": SIZES, "required": False}),
            ],
        }
        sent = await submitted(at, await open_modal(at, optional))
        text, menu = (each["component"] for each in sent["data"]["components"])
        assert (text["value"], menu["values"]) == ("", [])


async def test_people_are_picked_in_a_modal() -> None:
    """Menus of users name them in the submission's own `resolved`."""
    async with scene() as at:
        modal: Json = {**EDIT, "components": [label({"type": 5, "custom_id": "who"})]}
        other = at.members.of("other")
        sent = await submitted(at, await open_modal(at, modal), who=str(other.id))
        assert sent["data"]["components"][0]["component"]["values"] == [str(other.id)]
        assert sent["data"]["resolved"]["users"][str(other.id)]["username"] == "other"


async def test_a_modal_outlives_the_bot() -> None:
    """It can be submitted when its token and the bot that showed it are gone; the answer has a new token."""
    async with scene() as at:
        shown = await open_modal(at, EDIT)
        await at.members.expire(tokens=True)
        await at.bot.close()
        restarted = RawBot(server=at.server, session=at.bot.session)
        await restarted.connect()
        await at.member.submit(shown, {}, wait=False)
        sent = await restarted.event("INTERACTION_CREATE")
        assert (await restarted.answer(sent, 4, {"content": "on it"}))[0] == 200
        await restarted.close()


async def test_a_submission_is_answered_in_time() -> None:
    """Unanswered it has failed; the modal stays open, and can be submitted until it is answered."""
    async with scene(DiscordConfig(interaction_answer_seconds=0.2, enforce_rate_limits=False)) as at:
        shown = await open_modal(at, EDIT)
        assert (await at.member.submit(shown, {})).shown == "failed"
        late = await at.bot.event("INTERACTION_CREATE")
        status, body = await at.bot.answer(late, 4, {"content": "x"})
        assert (status, body["code"]) == (404, 10062)
        sent = await submitted(at, shown, words="again")
        with pytest.raises(Refused, match="No modal"):
            await at.member.submit(shown, {})
        assert (await at.bot.answer(sent, 4, {"content": "x"}))[0] == 200


@pytest.mark.parametrize(
    ("components", "where"),
    [
        ([label(words(value="x" * 21, max_length=20))], "0.component.value"),
        ([label(words(value="x", min_length=2))], "0.component.value"),
        ([label(words(max_length=4001))], "0.component.max_length"),
        ([label({"type": 2, "style": 1, "label": "x", "custom_id": "a"})], "0.component.type"),
        ([label(size(disabled=True))], "0.component.disabled"),
        ([label({"type": 3, "custom_id": "a", "options": [SIZES[0]] * 2})], "0.component.options"),
        ([label({"type": 3, "custom_id": "a", "options": []})], "0.component.options"),
        (
            [label({"type": 3, "custom_id": "a", "options": [{**each, "default": True} for each in SIZES]})],
            "0.component.options",
        ),
        ([label(words()), label(words())], "1.component.custom_id"),
        ([label(words(), label="x" * 46)], "0.label"),
        ([label(words(), description="x" * 101)], "0.description"),
        ([words(label="x")], "0.type"),
    ],
)
async def test_what_a_modal_may_not_hold(components: list[Json], where: str) -> None:
    """What breaks a limit of a modal is refused under its place, and the command can still be answered."""
    async with scene() as at:
        sent = await at.typed()
        status, body = await at.bot.answer(sent, 9, {**EDIT, "components": components})
        assert (status, body["code"]) == (400, 50035)
        errors = body["errors"]["data"]["components"]
        for step in where.split("."):
            errors = errors[step]
        assert errors["_errors"]
        assert (await at.bot.answer(sent, 9, EDIT))[0] == 200
