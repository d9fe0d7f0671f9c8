"""What Tool/Detail's answer holds, decoded or refused. Pure. Source: Wiro's reference, Other calls."""

from dataclasses import dataclass

from bot.errors import UnreadableAnswerError
from bot.wiro.reading import JsonObject, label, number, objects, text


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


def decode_tool(answer: JsonObject) -> tuple[ToolParameter, ...]:
    """Return the tool's inputs from Tool/Detail's answer.

    Raises:
        UnreadableAnswerError: the answer holds no tool, or a part of it is not of the documented shape.
    """
    tools = objects(answer.get("tool"), "tool")
    if not tools:
        raise UnreadableAnswerError("the answer holds no tool")
    groups = objects(tools[0].get("parameters") or [], "parameters")
    items = [item for group in groups for item in objects(group.get("items") or [], "items")]
    return tuple(_decode_parameter(item) for item in items)


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
