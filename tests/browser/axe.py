"""Accessibility as axe-core sees it."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.async_api import Page

_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""Levels A and AA. Source: axe-core's API documentation, Axe-core Tags."""
_RUN = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"


async def violations(page: Page) -> list[str]:
    """Return what breaks a rule of level A or AA on the page as it stands, each with its elements."""
    # Evaluated by the debugger, so that the page's policy against foreign scripts stays as it is.
    await page.evaluate(_source())
    found: dict[str, Any] = await page.evaluate(_RUN, list(_TAGS))
    assert found["passes"], "axe-core found nothing that it could judge"
    return [
        f"{rule['id']}: {rule['help']}\n"
        + "\n".join(f"  {node['html']}\n  {node['failureSummary']}" for node in rule["nodes"])
        for rule in found["violations"]
    ]


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
