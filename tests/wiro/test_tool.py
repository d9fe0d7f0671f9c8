import pytest

from bot.errors import UnreadableAnswerError
from bot.wiro.tool import ToolParameter, decode_tool


def tool_answer(**changes: object) -> dict[str, object]:
    """Return Tool/Detail's answer with some of the tool's fields changed."""
    tool = {
        "parameters": [
            {
                "items": [
                    {"id": "prompt", "type": "textarea", "required": True, "default": "a fox"},
                    {"id": "steps", "type": "number", "min": "1", "max": 50, "step": "1", "default": 25},
                ]
            },
            {"items": [{"id": "scale", "type": "float", "required": "0"}]},
        ],
        "dynamicprice": '[{"inputs":{},"price":0.03,"priceMethod":"cpr"}]',
    }
    return {"result": True, "tool": [tool | changes]}


def test_tool_is_read_as_published() -> None:
    """Inputs come out in the tool's order over all groups."""
    assert decode_tool(tool_answer()) == (
        ToolParameter("prompt", "textarea", required=True, default="a fox"),
        ToolParameter("steps", "number", minimum=1.0, maximum=50.0, step=1.0, default="25"),
        ToolParameter("scale", "float"),
    )


@pytest.mark.parametrize("nothing", [None, "", []])
def test_tool_may_publish_nothing(nothing: object) -> None:
    """A tool without inputs is a tool."""
    assert decode_tool(tool_answer(parameters=nothing)) == ()


@pytest.mark.parametrize("price", ["free", '{"price": 1}', '[{"price": "much"}]', None])
def test_a_price_is_not_looked_at(price: str | None) -> None:
    """Nobody needs it, so that one which cannot be read says nothing against the tool."""
    assert decode_tool(tool_answer(dynamicprice=price)) == decode_tool(tool_answer())


@pytest.mark.parametrize(
    "answer",
    [
        {"result": True},
        {"result": True, "tool": []},
        {"result": True, "tool": {}},
        tool_answer(parameters="prompt"),
        tool_answer(parameters=[{"items": ["prompt"]}]),
        tool_answer(parameters=[{"items": [{"type": "text"}]}]),
    ],
)
def test_tool_of_another_shape_is_unreadable(answer: dict[str, object]) -> None:
    """Nothing is made up about a tool."""
    with pytest.raises(UnreadableAnswerError):
        decode_tool(answer)
