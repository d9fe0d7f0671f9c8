import json

import aiohttp
import pytest

from sandbox.wiro import TaskScript
from tests.sandbox.wiro_support import RUN, wiro

QUEUED = TaskScript(stuck=True, stuck_at="task_queue")


@pytest.mark.parametrize("form", ["json", "form without a boundary", "multipart", "urlencoded"])
async def test_run_takes_every_kind_of_body(form: str) -> None:
    """JSON, the tool page's JSON under a multipart header, and real forms start the same task."""
    inputs = {"prompt": "un renard roux é", "seed": "7", "width": "256", "height": "288"}
    async with wiro() as at:
        headers = at.headers()
        data: object = json.dumps(inputs)
        if form == "json":
            headers["Content-Type"] = "application/json"
        elif form == "form without a boundary":
            headers["Content-Type"] = "multipart/form-data"
        elif form == "multipart":
            with aiohttp.MultipartWriter("form-data") as data:
                for name, value in inputs.items():
                    data.append(value).set_content_disposition("form-data", name=name)
        else:
            data = inputs
        async with at.session.post(at.server.api_base + RUN, data=data, headers=headers) as answer:
            assert (await answer.json())["result"] is True
        await at.reached("task_postprocess_end")
        (task,) = at.server.tasks
        assert task.sent == inputs
        assert (task.inputs.prompt, task.inputs.seed, task.inputs.height) == (inputs["prompt"], 7, 288)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"\xff",
        b'"x"',
        b'{"prompt": ["x"]}',
        b'{"prompt": "x", "callbackUrl": 1}',
        b"[" * 100_000,
    ],
)
async def test_unreadable_bodies_are_refused(body: bytes) -> None:
    """What is no JSON object of the right types is answered, not dropped."""
    async with wiro() as at:
        headers = at.headers() | {"Content-Type": "application/json"}
        async with at.session.post(at.server.api_base + RUN, data=body, headers=headers) as answer:
            assert answer.status == 200
            assert (await answer.json())["errors"] == [
                {"code": 0, "message": "Request parameters are invalid."}
            ]


async def test_a_body_that_is_too_large_is_refused() -> None:
    """A body beyond the limit is answered like an unreadable one."""
    async with wiro() as at:
        assert await at.error(RUN, prompt="x" * 300_000) == (0, "Request parameters are invalid.")


async def test_a_broken_form_is_refused() -> None:
    """A form that does not keep to its boundary is answered, not dropped."""
    async with wiro() as at:
        headers = at.headers() | {"Content-Type": "multipart/form-data; boundary=x"}
        async with at.session.post(at.server.api_base + RUN, data=b"no parts", headers=headers) as answer:
            assert (await answer.json())["errors"][0]["code"] == 0


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "Request parameter [prompt] required"),
        ({"prompt": " "}, "Request parameter [prompt] required"),
        ({"prompt": None}, "Request parameter [prompt] required"),
        ({"steps": "many"}, "Request parameter [steps] must be integer or float"),
        ({"steps": True}, "Request parameter [steps] must be integer or float"),
        ({"scale": "3,5"}, "Request parameter [scale] must be integer or float"),
        ({"scale": float("nan")}, "Request parameter [scale] must be integer or float"),
        ({"seed": "0x7"}, "Request parameter [seed] must be integer or float"),
        ({"seed": [1]}, "Request parameter [seed] must be integer or float"),
        ({"width": "1_024"}, "Request parameter [width] must be integer or float"),
        ({"steps": 0}, "Request parameter [steps] must be between 1 and 50"),
        ({"steps": 51}, "Request parameter [steps] must be between 1 and 50"),
        ({"samples": 0}, "Request parameter [samples] must be between 1 and 4"),
        ({"samples": "5"}, "Request parameter [samples] must be between 1 and 4"),
        ({"width": 224}, "Request parameter [width] must be between 256 and 4096"),
        ({"width": 4128}, "Request parameter [width] must be between 256 and 4096"),
        ({"height": "255.9"}, "Request parameter [height] must be between 256 and 4096"),
        ({"height": -1024}, "Request parameter [height] must be between 256 and 4096"),
    ],
)
async def test_inputs_are_validated(inputs: dict[str, object], message: str) -> None:
    """Every input out of its type or range is refused with Wiro's message, and nothing is started."""
    body = inputs if "prompt" in inputs or not inputs else {"prompt": "x", **inputs}
    async with wiro() as at:
        assert await at.error(RUN, **body) == (0, message)
        assert at.server.tasks == ()


async def test_absent_inputs_have_defaults() -> None:
    """What is not sent, or sent empty, is as the tool's page has it."""
    async with wiro() as at:
        at.script("task", QUEUED)
        await at.call(RUN, prompt="x", seed="", width=None)
        (task,) = at.server.tasks
        inputs = task.inputs
        assert inputs.negative_prompt == "bad, ugly, low quality"
        assert (inputs.steps, inputs.scale, inputs.samples, inputs.seed) == (25, 3.5, 1, 0)
        assert (inputs.width, inputs.height, inputs.callback_url) == (1024, 1024, None)


async def test_ends_of_the_ranges_are_accepted() -> None:
    """The smallest and the largest values are no errors, as numbers and as text."""
    async with wiro() as at:
        at.script("task", QUEUED, times=None)
        await at.run(steps=1, samples="1", width="256", height=256, seed=0, scale="0.5")
        await at.run(steps="50", samples=4, width=4096, height="4096", seed="9007199254740993", scale=20)
        assert at.server.tasks[1].inputs.seed == 9007199254740993  # one that a float cannot hold
