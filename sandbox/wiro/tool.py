"""The one tool that is offered: its inputs, what they may be, and what a run costs.

Source: Wiro's reference, The tool. The page publishes no ranges; those of `steps` and `samples`, and the
price for a started megapixel, are this sandbox's own.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.wiro.body import Body
from sandbox.wiro.envelope import GENERAL, CallError

OWNER = "Efficient-Large-Model"
PROJECT = "Sana_1600M_2Kpx_BF16_diffusers"
SIDE_STEP = 32
"""The pipeline refuses sides that are no multiple of this."""

_PRICE_USD = Decimal("0.00351")  # of a picture, for every started megapixel
_MEGAPIXEL = 1024 * 1024
_NUMERAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")


@dataclass(frozen=True)
class _Number:
    """A numeric input."""

    name: str
    label: str
    kind: str
    default: str
    minimum: int | None = None
    maximum: int | None = None
    step: str = "1"


_STEPS = _Number("steps", "inferencesteps", "number", "25", 1, 50)
_SCALE = _Number("scale", "guidancescale", "float", "3.5", step="0.1")
_SAMPLES = _Number("samples", "samples", "number", "1", 1, 4)
_SEED = _Number("seed", "seed", "text", "0")
_WIDTH = _Number("width", "width", "number", "1024", 256, 4096, str(SIDE_STEP))
_HEIGHT = _Number("height", "height", "number", "1024", 256, 4096, str(SIDE_STEP))
_PROMPT_DEFAULT = "Cinematic photo, black panther, trending on artstation"
_NEGATIVE_DEFAULT = "bad, ugly, low quality"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a task is run with, checked and completed with the tool's defaults."""

    prompt: str
    negative_prompt: str
    steps: int
    scale: float
    samples: int
    seed: int
    width: int
    height: int
    callback_url: str | None = field(repr=False)

    @property
    def size_accepted(self) -> bool:
        """Whether the pipeline takes a picture of this size; where not, the task fails while running."""
        return self.width % SIDE_STEP == 0 and self.height % SIDE_STEP == 0

    @property
    def price_usd(self) -> Decimal:
        """What the task costs if it succeeds."""
        megapixels = math.ceil(self.width * self.height / _MEGAPIXEL)
        return _PRICE_USD * megapixels * self.samples


def read_inputs(body: Body) -> Inputs:
    """Give the inputs of a Run call. Raises CallError with the message that Wiro documents."""
    prompt = _text(body, "prompt", "")
    if not prompt.strip():
        raise CallError(GENERAL, "Request parameter [prompt] required")
    return Inputs(
        prompt=prompt,
        negative_prompt=_text(body, "negativePrompt", _NEGATIVE_DEFAULT),
        steps=int(_number(body, _STEPS)),
        scale=float(_number(body, _SCALE)),
        samples=int(_number(body, _SAMPLES)),
        seed=int(_number(body, _SEED)),
        width=int(_number(body, _WIDTH)),
        height=int(_number(body, _HEIGHT)),
        callback_url=_text(body, "callbackUrl", "") or None,
    )


def describe_tool(changes: Mapping[str, Mapping[str, object] | None]) -> dict[str, object]:
    """Give the tool as Tool/Detail shows it, with these changes (see `WiroConfig.published`)."""
    texts = [
        _item("prompt", "prompt", "textarea", _PROMPT_DEFAULT, required=True),
        _item("negativePrompt", "negativePrompt", "textarea", _NEGATIVE_DEFAULT),
    ]
    price = [{"inputs": {}, "price": float(_PRICE_USD), "priceMethod": "cpr"}]
    return {
        "id": "1",
        "title": PROJECT,
        "slugowner": OWNER,
        "slugproject": PROJECT,
        "description": "text-to-image, images up to 4096 x 4096",
        "categories": ["text-to-image"],
        "parameters": [
            {
                "title": "Inputs",
                "items": _changed(texts + [_numeric_item(number) for number in _NUMBERS], changes),
            },
        ],
        "dynamicprice": json.dumps(price, separators=(",", ":")),
    }


_NUMBERS = (_STEPS, _SCALE, _SAMPLES, _SEED, _WIDTH, _HEIGHT)


def _changed(
    items: list[dict[str, object]], changes: Mapping[str, Mapping[str, object] | None]
) -> list[dict[str, object]]:
    """Give the items with other fields, without those that are left out, and with those that are new."""
    known = {str(item["id"]): item for item in items}
    new = {name: {"id": name} for name in changes if name not in known}
    return [
        {**item, **(changes.get(name) or {})}
        for name, item in (known | new).items()
        if changes.get(name, {}) is not None
    ]


def _item(name: str, label: str, kind: str, default: str, *, required: bool = False) -> dict[str, object]:
    return {"id": name, "label": label, "type": kind, "required": required, "default": default}


def _numeric_item(number: _Number) -> dict[str, object]:
    item = _item(number.name, number.label, number.kind, number.default)
    if number.minimum is not None and number.maximum is not None:
        item |= {"min": str(number.minimum), "max": str(number.maximum)}
    return item | {"step": number.step}


def _text(body: Body, name: str, default: str) -> str:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise CallError(GENERAL, "Request parameters are invalid.")
    return value


def _number(body: Body, number: _Number) -> int | float:
    value = as_number(body.get(number.name), number.name, number.default)
    if (
        number.minimum is not None
        and number.maximum is not None
        and not number.minimum <= value <= number.maximum
    ):
        message = f"Request parameter [{number.name}] must be between {number.minimum} and {number.maximum}"
        raise CallError(GENERAL, message)
    return value


def as_number(value: object, name: str, default: str) -> int | float:
    """Read a number, or a number in a text; absent and empty mean the default. Raises CallError."""
    if value is None or value == "":
        value = default
    if isinstance(value, str) and _NUMERAL.fullmatch(value.strip()):
        text = value.strip()
        value = float(text) if "." in text else int(text)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CallError(GENERAL, f"Request parameter [{name}] must be integer or float")
    return value
