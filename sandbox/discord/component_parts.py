"""What components are made of: media, emoji, the options of menus, numbers, alt text.

Source: Discord's reference, Component Reference.
"""

from collections.abc import Sequence

from sandbox.discord.forms import Form
from sandbox.discord.model import Attachment
from sandbox.discord.payloads import Json
from sandbox.discord.wire import emoji

_MAX_ALT_TEXT = 1024


def put(component: Json, **values: object) -> None:
    """Add the values that are there."""
    component.update({key: value for key, value in values.items() if value is not None})


def give_numbers(form: Form, components: Sequence[Json]) -> None:
    """Give each component without a numeric id the next free one."""
    given = [component["id"] for component in components if component.get("id")]
    if len(given) != len(set(given)):
        form.fail("components", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
    taken = set(given)
    free = (number for number in range(1, len(components) + len(taken) + 1) if number not in taken)
    for component in components:
        if not component.get("id"):
            component["id"] = next(free)


def unfurled(attachment: Attachment) -> Json:
    """Return a file of the message as a component shows it."""
    media: Json = {
        "url": attachment.url,
        "proxy_url": attachment.url,
        "loading_state": 2,
        "attachment_id": str(attachment.id),
    }
    put(
        media,
        content_type=attachment.content_type,
        width=attachment.width,
        height=attachment.height,
    )
    return media


def read_options(form: Form, most_picked: int) -> list[Json]:
    """Return the options of a menu, of which `most_picked` at most may be picked to begin with."""
    options = [_option(each) for each in form.forms("options", at_least=1, at_most=25)]
    values = [each.get("value") for each in options]
    if len(values) != len(set(values)):
        message = "The specified option value is already used"
        form.fail("options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
    if sum(bool(each.get("default")) for each in options) > most_picked:
        form.fail("options", "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More options are picked than may be")
    return options


def read_emoji(form: Form) -> Json | None:
    """Return the emoji of a button or an option, if it has one."""
    found = form.form("emoji")
    if found is None:
        return None
    name = found.text("name", at_most=32) or ""
    emoji_id = found.snowflake("id")
    return emoji(f"{name}:{emoji_id}" if emoji_id else name)


def read_alt_text(form: Form) -> str | None:
    """Return what is told of a picture to those who do not see it."""
    return form.text("description", at_most=_MAX_ALT_TEXT)


def _option(form: Form) -> Json:
    option: Json = {}
    put(
        option,
        label=form.text("label", at_least=1, at_most=100, required=True),
        value=form.text("value", at_least=1, at_most=100, required=True),
        description=form.text("description", at_most=100),
        emoji=read_emoji(form),
        default=form.boolean("default"),
    )
    return option
