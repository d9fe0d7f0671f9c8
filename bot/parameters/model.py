"""The model of the tool's inputs, and its ranges read back from it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.parameters.choices import NEGATIVE_PROMPT, SIZES, credits_per_picture

_UNSTORABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE: Final = frozenset({"Cc", "Cf"})


def clean(text: str) -> str:
    """Return a text trimmed, and empty where nothing of it can be seen.

    Control characters and lone surrogates, which SQLite or UTF-8 do not take, become spaces.
    """
    cleaned = _UNSTORABLE.sub(" ", text.replace("\r\n", "\n")).strip()
    visible = any(not (char.isspace() or unicodedata.category(char) in _INVISIBLE) for char in cleaned)
    return cleaned if visible else ""


def _clean_if_text(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _whole_if_integral(value: object) -> object:
    """Take 3.0 for 3: JSON does not tell them apart."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Text = Annotated[str, BeforeValidator(_clean_if_text)]
_Whole = Annotated[int, BeforeValidator(_whole_if_integral)]


class SanaParameters(BaseModel):
    """What one run of the tool is asked for, valid by construction.

    Lengths count Unicode code points after trimming; Discord's API counts code points too
    (https://github.com/discord/discord-api-docs/issues/1315). Defaults are the tool's own.

    Raises:
        pydantic.ValidationError: a field is missing or out of range. Members' input goes through `parse`.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    prompt: _Text = Field(min_length=1, max_length=2000, description="What the picture should show")
    negative_prompt: _Text = Field(
        default=NEGATIVE_PROMPT, max_length=1000, description="What the picture should not show"
    )
    width: _Whole = Field(
        default=SIZES[0].width,
        ge=256,
        le=4096,
        multiple_of=32,
        description="Width in pixels, in steps of 32; overrides that of the size",
    )
    height: _Whole = Field(
        default=SIZES[0].height,
        ge=256,
        le=4096,
        multiple_of=32,
        description="Height in pixels, in steps of 32; overrides that of the size",
    )
    steps: _Whole = Field(
        default=25, ge=1, le=50, description="How often the picture is refined; more takes longer"
    )
    scale: float = Field(default=3.5, ge=1, le=20, description="How closely the picture follows the prompt")
    samples: _Whole = Field(
        default=1, ge=1, le=4, description="How many pictures to make; each costs the same"
    )
    seed: _Whole = Field(
        ge=0, le=2**32 - 1, description="The same seed makes the same picture again; drawn if left out"
    )
    spoiler: bool = Field(default=False, description="Hide the pictures until they are clicked")

    @property
    def credits_per_picture(self) -> int:
        """What each picture costs."""
        return credits_per_picture(self.width, self.height)

    @property
    def cost_credits(self) -> int:
        """What the whole run costs."""
        return self.credits_per_picture * self.samples

    @property
    def scale_text(self) -> str:
        """The scale in the fewest digits that mean the same number: 3.5, and 4 rather than 4.0."""
        return str(self.scale).removesuffix(".0")

    def wire(self) -> dict[str, str | int]:
        """Return the inputs with the tool's own names and JSON types. Source: Wiro's reference, The tool."""
        return {
            "prompt": self.prompt,
            "negativePrompt": self.negative_prompt,
            "steps": self.steps,
            "scale": self.scale_text,
            "samples": self.samples,
            "seed": str(self.seed),
            "width": self.width,
            "height": self.height,
        }

    def to_json(self) -> str:
        """Return the parameters as they are stored with a job."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is something else.
        """
        return cls.model_validate_json(text)


@dataclass(frozen=True, slots=True)
class Range:
    """What a field may hold: the bounds of a number, or of a text's length in characters."""

    minimum: int
    maximum: int
    step: int | None  # 1 for whole numbers; None for a text, and for a number that need not be whole
    default: str | float | None  # None where there is none
    description: str
    is_text: bool


def _range(schema: Mapping[str, Any]) -> Range:
    is_text = schema["type"] == "string"
    return Range(
        minimum=int(schema.get("minLength", 0) if is_text else schema["minimum"]),
        maximum=int(schema["maxLength"] if is_text else schema["maximum"]),
        step=schema.get("multipleOf", 1 if schema["type"] == "integer" else None),
        default=schema.get("default"),
        description=schema["description"],
        is_text=is_text,
    )


_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = SanaParameters.model_json_schema()["properties"]
_RANGES: Final = {name: _range(schema) for name, schema in _SCHEMAS.items() if schema["type"] != "boolean"}

DESCRIPTIONS: Final[Mapping[str, str]] = {
    "size": "A named size; width and height override it",
    **{name: schema["description"] for name, schema in _SCHEMAS.items()},
}
"""One line for each option of the slash command."""


def limits(name: str) -> Range:
    """Return the range of a field of `SanaParameters`; `spoiler` has none.

    Raises:
        KeyError: there is no such field, or it has no range.
    """
    return _RANGES[name]
