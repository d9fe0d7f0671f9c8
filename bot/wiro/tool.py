"""What Tool/Detail's answer holds, decoded or refused. Pure. Source: Wiro's reference, Other calls."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import UnreadableAnswerError
from bot.wiro.reading import JsonObject, label, number, objects, parse, text, texts


@dataclass(frozen=True, slots=True)
class ToolParameter:
    """One of the tool's inputs as Wiro publishes it; None where it publishes nothing."""

    name: str
    type: str | None = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class ToolPrice:
    """What the tool costs."""

    inputs: Mapping[str, str]  # the inputs for which this price holds; empty: any
    usd: float
    method: str | None  # Wiro's `priceMethod`, such as "cpr"


@dataclass(frozen=True, slots=True)
class ToolDetail:
    """The tool's inputs and prices as Wiro publishes them."""

    parameters: tuple[ToolParameter, ...]
    prices: tuple[ToolPrice, ...]


def decode_tool(answer: JsonObject) -> ToolDetail:
    """Return the tool's inputs and prices from Tool/Detail's answer.

    Raises:
        UnreadableAnswerError: the answer holds no tool, or a part of it is not of the documented shape.
    """
    tools = objects(answer.get("tool"), "tool")
    if not tools:
        raise UnreadableAnswerError("the answer holds no tool")
    groups = objects(tools[0].get("parameters") or [], "parameters")
    items = [item for group in groups for item in objects(group.get("items") or [], "items")]
    prices = objects(parse((text(tools[0].get("dynamicprice")) or "[]").encode()), "dynamicprice")
    return ToolDetail(
        parameters=tuple(_decode_parameter(item) for item in items),
        prices=tuple(_decode_price(item) for item in prices),
    )


def _decode_parameter(item: JsonObject) -> ToolParameter:
    name = label(item.get("id"))
    if not name:
        raise UnreadableAnswerError("a parameter of the tool has no id")
    return ToolParameter(
        name=name,
        type=label(item.get("type")),
        required=item.get("required") in (True, "1", "true"),
        minimum=number(item.get("min")),
        maximum=number(item.get("max")),
        step=number(item.get("step")),
        default=text(item.get("default")),
    )


def _decode_price(item: JsonObject) -> ToolPrice:
    usd = number(item.get("price"))
    if usd is None:
        raise UnreadableAnswerError("a price of the tool is no number")
    return ToolPrice(inputs=texts(item.get("inputs")), usd=usd, method=label(item.get("priceMethod")))
