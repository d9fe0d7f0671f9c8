"""The chart of `/quota top`."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops

from bot.present.chart import draw_chart
from bot.present.quota_top import Bar


def image(*bars: Bar) -> Image.Image:
    """Return a chart, decoded."""
    found = Image.open(BytesIO(draw_chart("Credits", bars)))
    found.load()
    return found


def coloured(chart: Image.Image, row: int) -> int:
    """Return how many pixels of a row's bar, counted from 0, are filled."""
    line = 40 + 72 + 92 * row + 32 + 14 + 15
    return sum(chart.getpixel((x, line)) == (0x79, 0x84, 0xF5) for x in range(chart.width))


def test_bars_are_as_long_as_their_figures() -> None:
    """The longest bar fills the width, one of half as many credits half of it, and nothing is nothing."""
    chart = image(Bar("a", 40), Bar("b", 20), Bar("c", 0), Bar("d", 1_000_000 // 1_000_000))
    whole, half, nothing, least = (coloured(chart, row) for row in range(4))
    assert chart.format is None or chart.format == "PNG"
    assert whole > 900
    assert abs(half - whole / 2) <= 2
    assert nothing == 0
    assert 0 < least < half


def test_a_chart_grows_with_its_rows() -> None:
    """Every row has the same height, and the background is dark."""
    one, two = image(Bar("a", 1)), image(Bar("a", 1), Bar("b", 1))
    assert (one.width, one.mode) == (1000, "RGB")
    assert two.height - one.height == 92
    assert one.getpixel((0, 0)) == (0x1E, 0x1F, 0x22)


@pytest.mark.parametrize(
    "name",
    [
        "日本語",
        "العربية",
        "\u202e\u2066",
        "🦊🦊",
        "\ud800",
        "a\x00b",
        "x\ny",
        "",
        "W" * 500,
        "\U0010ffff",
        None,
    ],
)
def test_any_name_can_be_drawn(name: str | None) -> None:
    """No script, no control character and no length breaks the picture."""
    assert image(Bar(name, 3)).size == (1000, 244)


def test_what_the_font_lacks_is_left_out() -> None:
    """A name that would be boxes is left to the text beside; accents and emoji are dropped from others."""
    assert not ImageChops.difference(image(Bar("日本語", 3)), image(Bar(None, 3))).getbbox()
    assert not ImageChops.difference(image(Bar("Zoë 🦊", 3)), image(Bar("Zoe", 3))).getbbox()
    assert ImageChops.difference(image(Bar("Zoe", 3)), image(Bar(None, 3))).getbbox()
