"""Edit opens a modal that is filled in with a result's parameters, and runs what is submitted."""

import gc
import json
from typing import Any

import pytest

from bot.errors import StorageError
from bot.present.edit_modal import EditModal
from sandbox.member import Option
from sandbox.members import Interaction, Member, Message
from sandbox.shown import Modal
from tests.support.stage import CHANNEL, Stage

CHOSEN: dict[str, Option] = {
    "prompt": "a red fox",
    "negative_prompt": "cars",
    "width": 640,
    "height": 512,
    "steps": 7,
    "scale": 4.5,
    "samples": 2,
    "seed": 7,
    "spoiler": True,
}


@pytest.fixture
async def result(quick_stage: Stage) -> Message:
    """A result with parameters of its own."""
    quick_stage.usual |= CHOSEN
    message = await quick_stage.end_of(await quick_stage.sana())
    await quick_stage.closed()
    return message


async def open_modal(stage: Stage, message: Message, who: Member | None = None) -> tuple[Interaction, Modal]:
    """Click Edit."""
    clicked = await (who or stage.member()).click(message, label="Edit")
    assert clicked.modal is not None, clicked
    return clicked, clicked.modal


async def run(stage: Stage, submitted: Interaction, *, jobs: int = 2) -> dict[str, Any]:
    """Return the job that came of a submission, once its pictures are there."""
    answer = await stage.member().message(submitted.channel_id, submitted.message_id)
    assert not answer.ephemeral, answer.text
    assert (await stage.end_of(answer)).pictures
    return (await stage.closed(jobs))[-1]


def parameters_of(job: dict[str, Any]) -> dict[str, Any]:
    """Return what a stored job was asked for."""
    parameters: dict[str, Any] = json.loads(job["parameters"])
    return parameters


async def refused(
    stage: Stage, submitted: Interaction, who: Member | None = None, *, jobs: int = 1
) -> Message:
    """Return the answer to a submission that came to nothing."""
    answer = await (who or stage.member()).message(submitted.channel_id, submitted.message_id)
    assert answer.ephemeral
    assert len(stage.jobs()) == jobs
    return answer


async def test_the_modal_is_filled_in_with_what_there_is(quick_stage: Stage, result: Message) -> None:
    """Every field holds the result's value, and the size its own where it is none of the named ones."""
    _, modal = await open_modal(quick_stage, result)
    assert {each.label: each.value for each in modal.inputs} == {
        "Prompt": "a red fox",
        "Negative prompt": "cars",
        "Seed": "7",
        "Steps": "7",
    }
    [size] = modal.selects
    assert size.chosen == ("same",)
    assert size.options["640 × 512, as it is"] == "same"
    assert size.options["2K square 2048 × 2048"] == "square-2k"
    assert len(size.options) == 10
    assert modal.title == "Make S-1 again, changed"


async def test_a_named_size_is_the_one_that_is_chosen(quick_stage: Stage) -> None:
    """There is no entry for the present size where a named one is it; each says what it costs."""
    stage = quick_stage
    message = await stage.end_of(await stage.sana(size="wide", samples=2))
    clicked, modal = await open_modal(stage, message)
    [size] = modal.selects
    assert size.chosen == ("wide",)
    assert len(size.options) == 9
    wire = next(each for each in stage.discord.interactions.all() if each.id == clicked.id).modal
    assert wire is not None
    [menu] = [each["component"] for each in wire["components"] if each["label"] == "Size"]
    costs = {option["value"]: option["description"] for option in menu["options"]}
    assert (costs["wide"], costs["square-4k"]) == ("2 credits", "32 credits")


@pytest.mark.parametrize("is_restarted", [False, True], ids=["at once", "after a restart"])
async def test_submitted_unchanged_it_is_the_same_again(
    quick_stage: Stage, result: Message, *, is_restarted: bool
) -> None:
    """The same parameters and the same seed run again, for whoever submitted; no bot remembers the modal."""
    stage, other = quick_stage, quick_stage.member("other")
    clicked, _ = await open_modal(stage, result, other)
    if is_restarted:
        await stage.stop_bot()
        await stage.start_bot()
    job = await run(stage, await other.submit(clicked, {}))
    assert parameters_of(job) == CHOSEN
    assert (job["parent_id"], job["member_id"]) == (1, other.id)
    assert stage.ledger() == [("reserve", 2), ("settle", 2)] * 2


async def test_a_click_after_a_restart_opens_the_modal(quick_stage: Stage, result: Message) -> None:
    """On a message from last month, whose interaction is long forgotten."""
    await quick_stage.members.expire(tokens=True, nonces=True)
    await quick_stage.stop_bot()
    await quick_stage.start_bot()
    clicked, _ = await open_modal(quick_stage, result)
    assert parameters_of(await run(quick_stage, await quick_stage.member().submit(clicked, {}))) == CHOSEN


async def test_what_is_changed_applies(quick_stage: Stage, result: Message) -> None:
    """Every field that was changed, and nothing else; the new message says from which job it came."""
    clicked, _ = await open_modal(quick_stage, result)
    changed = {
        "prompt": "a blue fox\nin the snow",
        "negative_prompt": "",
        "size": "tall",
        "seed": "4,294,967,295",
        "steps": " 12 ",
    }
    job = await run(quick_stage, await quick_stage.member().submit(clicked, changed))
    assert parameters_of(job) == {
        **CHOSEN,
        "prompt": "a blue fox\nin the snow",
        "negative_prompt": "",
        "width": 768,
        "height": 1344,
        "seed": 2**32 - 1,
        "steps": 12,
    }
    message = await quick_stage.member().message(CHANNEL, job["message_id"])
    assert f"For <@{quick_stage.member().id}>, from S-1" in message.text


async def test_a_blank_seed_draws_a_new_one(quick_stage: Stage, result: Message) -> None:
    """As `/sana` does without a seed."""
    clicked, _ = await open_modal(quick_stage, result)
    job = await run(quick_stage, await quick_stage.member().submit(clicked, {"seed": " "}))
    assert parameters_of(job) == {**CHOSEN, "seed": parameters_of(job)["seed"]}
    assert parameters_of(job)["seed"] != 7


async def test_in_a_thread(quick_stage: Stage) -> None:
    """The answer is in the thread where the result is."""
    stage = quick_stage
    message = await stage.end_of(await stage.sana(channel="thread"))
    clicked, _ = await open_modal(stage, message)
    job = await run(stage, await stage.member().submit(clicked, {"prompt": "a blue fox"}))
    assert job["channel_id"] == stage.jobs()[0]["channel_id"]


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("steps", "abc", "`steps` was `abc`; 25 would do (whole numbers, 1 to 50)."),
        ("steps", "1,000", "`steps` was 1,000; 50 would do (whole numbers, 1 to 50)."),
        ("steps", "2.5", "`steps` was `2.5`; 25 would do (whole numbers, 1 to 50)."),
        ("steps", "  ", "`steps` was blank; 25 would do (whole numbers, 1 to 50)."),
        (
            "seed",
            "-1",
            "`seed` was -1; 0 would do (whole numbers, 0 to 4,294,967,295), or leave it blank for a new one.",
        ),
        (
            "seed",
            "1,2",
            (
                "`seed` was `1,2`; any number would do (whole numbers, 0 to 4,294,967,295), or leave it"
                " blank for a new one."
            ),
        ),
        (
            "seed",
            "9" * 30,
            (
                "`seed` was far out of range; 4,294,967,295 would do (whole numbers, 0 to 4,294,967,295), or"
                " leave it blank for a new one."
            ),
        ),
        ("prompt", " \n ", "`prompt` was blank; a few words would do (1 to 2,000 characters)."),
    ],
)
async def test_what_is_wrong_is_explained(
    quick_stage: Stage, result: Message, field: str, text: str, problem: str
) -> None:
    """A sentence tells what would do; it costs nothing."""
    clicked, _ = await open_modal(quick_stage, result)
    answer = await refused(quick_stage, await quick_stage.member().submit(clicked, {field: text}))
    assert answer.text.startswith(
        f"{problem}\nNothing was charged. Edit opens the form again with S-1's own values; your words are"
        " below, to copy.\n"
    )
    assert len(quick_stage.ledger()) == 2


async def test_everything_that_is_wrong_is_told_and_the_texts_are_kept(
    quick_stage: Stage, result: Message
) -> None:
    """One sentence for each field; the texts can be copied, and Edit opens the modal once more."""
    stage = quick_stage
    clicked, _ = await open_modal(stage, result)
    typed = {
        "prompt": "a **blue** fox ```in` the\nsnow",
        "negative_prompt": "<@1>",
        "seed": "x",
        "steps": "0",
    }
    answer = await refused(stage, await stage.member().submit(clicked, typed))
    assert answer.text.split("\n") == [
        "`steps` was 0; 1 would do (whole numbers, 1 to 50).",
        (
            "`seed` was `x`; any number would do (whole numbers, 0 to 4,294,967,295), or leave it"
            " blank for a new one."
        ),
        (
            "Nothing was charged. Edit opens the form again with S-1's own values; your words are below, to"
            " copy."
        ),
        "Your prompt, to copy:",
        "```",
        "a **blue** fox '''in` the",
        "snow",
        "```",
        "-# It differs a little: three backticks in a row became quotes.",
        "Your negative prompt, to copy:",
        "```",
        "<@1>",
        "```",
    ]
    again, _ = await open_modal(stage, answer)
    await run(stage, await stage.member().submit(again, {"prompt": "a blue fox"}))


@pytest.mark.parametrize(
    ("field", "text", "problem"),
    [
        ("prompt", "x" * 4000, "`prompt` had 4,000 characters; the first 2,000 would do"),
        ("negative_prompt", "x" * 4000, "`negative_prompt` had 4,000 characters; the first 1,000 would do"),
        ("size", "huge", "`size` was `huge`; square would do (one of square, portrait,"),
        ("seed", "9" * 4000, "`seed` was `999999999999999999999999999999999999999…`"),
    ],
)
async def test_what_no_client_sends_is_explained_too(
    quick_stage: Stage, result: Message, field: str, text: str, problem: str
) -> None:
    """Discord's client holds these limits, and so does the bot."""
    clicked, _ = await open_modal(quick_stage, result)
    submitted = await quick_stage.member().submit(clicked, {field: text}, raw=True)
    assert (await refused(quick_stage, submitted)).text.startswith(problem)


async def test_the_longest_prompts_go_through_the_modal_and_back(quick_stage: Stage) -> None:
    """Filled in, submitted, refused and kept: all within Discord's limits."""
    stage = quick_stage
    longest = {"prompt": "`" * 1999 + "x", "negative_prompt": "x" + "\\" * 999}
    message = await stage.end_of(await stage.sana(options=longest))
    clicked, _ = await open_modal(stage, message)
    answer = await refused(stage, await stage.member().submit(clicked, {"steps": "0"}))
    assert "'" * 1999 in answer.text
    assert longest["negative_prompt"] in answer.text
    again, _ = await open_modal(stage, answer)
    assert (
        parameters_of(await run(stage, await stage.member().submit(again, {})))["prompt"] == longest["prompt"]
    )


async def test_who_may_not_run_is_told_when_they_submit(quick_stage: Stage, result: Message) -> None:
    """Blocked, without credits, or where the bot lacks permissions: told alone, with the text to copy."""
    stage, moderator, other = quick_stage, quick_stage.member("moderator"), quick_stage.member("other")
    typed = {"prompt": "a blue fox"}
    await moderator.type("quota member", channel=CHANNEL, member=str(other.id), credits="0")
    clicked, _ = await open_modal(stage, result, other)
    answer = await refused(stage, await other.submit(clicked, typed), other)
    assert answer.text.startswith("There is no allowance for you in this server")
    assert "```\na blue fox\n```" in answer.text
    await moderator.type("quota block", channel=CHANNEL, member=str(other.id), reason="too many")
    clicked, _ = await open_modal(stage, result, other)
    assert "A moderator blocked you" in (await refused(stage, await other.submit(clicked, typed), other)).text
    world = stage.discord.world
    world.deny(world.channel_named(CHANNEL), world.bot.id, 1 << 15)
    clicked, _ = await open_modal(stage, result)
    answer = await refused(stage, await stage.member().submit(clicked, typed))
    assert "**Attach Files**" in answer.text
    assert "```\na blue fox\n```" in answer.text


async def test_what_was_typed_is_kept_where_it_cannot_be_stored(
    quick_stage: Stage, result: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing disk costs nobody a prompt."""

    async def fail(*_: object) -> None:
        raise StorageError("the disk failed")

    clicked, _ = await open_modal(quick_stage, result)
    monkeypatch.setattr("storage.jobs.SqliteJobStore.accept", fail)
    answer = await refused(quick_stage, await quick_stage.member().submit(clicked, {"prompt": "a blue fox"}))
    assert answer.text.startswith("I cannot take new pictures or change anything right now.")
    assert "```\na blue fox\n```" in answer.text


async def test_what_was_typed_is_run_although_the_result_was_deleted(
    quick_stage: Stage, result: Message
) -> None:
    """Nothing of the pictures is needed, and nobody types a prompt twice."""
    stage = quick_stage
    clicked, _ = await open_modal(stage, result, stage.member("other"))
    await stage.member().click(result, label="Delete")
    await stage.member().wait_until_deleted(result)
    answer = await refused(
        stage, await stage.member("other").submit(clicked, {"steps": "0"}), stage.member("other")
    )
    again, _ = await open_modal(stage, answer, stage.member("other"))
    job = await run(stage, await stage.member("other").submit(again, {"prompt": "a blue fox"}))
    assert parameters_of(job) == {**CHOSEN, "prompt": "a blue fox"}


@pytest.mark.parametrize("number", ["2", "0", "x", "9" * 19, "9" * 80, ""])
async def test_a_forged_modal_is_refused(quick_stage: Stage, result: Message, number: str) -> None:
    """A modal that this bot never opened is about no job."""
    stage = quick_stage
    clicked, _ = await open_modal(stage, result)
    real = next(each for each in stage.discord.interactions.all() if each.id == clicked.id)
    assert real.modal is not None
    real.modal["custom_id"] = f"sana:edit:{number}"
    submitted = await stage.member().submit(clicked, {})
    assert await stage.note(submitted) == (
        "These pictures are not here any more, or never were. Nothing was charged. You can ask for new ones"
        " with `/sana`."
    )
    assert len(stage.jobs()) == 1


async def test_a_modal_in_a_server_that_is_no_longer_served(quick_stage: Stage, result: Message) -> None:
    """What was opened before the owner took the server off the list says so."""
    stage = quick_stage
    clicked, _ = await open_modal(stage, result)
    await stage.stop_bot()
    await stage.start_bot(discord_guild_ids=str(stage.discord.world.guild_named("Second server").id))
    submitted = await stage.member().submit(clicked, {})
    assert "I do not serve this server" in await stage.note(submitted)
    assert len(stage.jobs()) == 1


async def test_ten_modals_leave_nothing_behind(quick_stage: Stage, result: Message) -> None:
    """discord.py keeps none of them, submitted or not."""
    stage = quick_stage
    for _ in range(10):
        await open_modal(stage, result)
    gc.collect()
    assert not [each for each in gc.get_objects() if type(each) is EditModal]
