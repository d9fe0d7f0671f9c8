"""Components of messages and modals: read, checked, and given their media.

Source: Discord's reference, Component Reference: limits and what may stand in what.
"""

from collections.abc import Callable, Iterable, Sequence

from sandbox.discord.component_parts import (
    give_numbers,
    put,
    read_alt_text,
    read_emoji,
    read_options,
    unfurled,
)
from sandbox.discord.components import LINK_STYLE, SELECTS, Kind, walk
from sandbox.discord.forms import Form
from sandbox.discord.model import Attachment
from sandbox.discord.payloads import Json

MAX_COMPONENTS = 40
MAX_ROWS = 5
MAX_TEXT = 4000
_MAX_CUSTOM_ID = 100
_PREMIUM_STYLE = 6
_IN_ROW = SELECTS | {Kind.BUTTON}
_IN_CONTAINER = frozenset(
    {
        Kind.ACTION_ROW,
        Kind.SECTION,
        Kind.TEXT_DISPLAY,
        Kind.MEDIA_GALLERY,
        Kind.FILE,
        Kind.SEPARATOR,
    }
)
_IN_V2 = _IN_CONTAINER | {Kind.CONTAINER}
_IN_V1 = frozenset({Kind.ACTION_ROW})
_IN_MODAL = frozenset({Kind.ACTION_ROW, Kind.TEXT_DISPLAY, Kind.LABEL})


def read_components(form: Form, attachments: Sequence[Attachment], *, v2: bool) -> tuple[Json, ...]:
    """Return the components of a message; what is wrong is kept with the form.

    `attachment://name` becomes the address of that attachment, and each component gets its numeric id.
    """
    reader = _Reader(attachments, allowed_in_row=_IN_ROW)
    found = reader.read_list(
        form.forms("components", at_most=MAX_COMPONENTS if v2 else MAX_ROWS), _IN_V2 if v2 else _IN_V1
    )
    reader.check_totals(form, found)
    return tuple(found)


def read_modal_components(form: Form) -> tuple[Json, ...]:
    """Return the components of a modal; what is wrong is kept with the form."""
    reader = _Reader((), allowed_in_row=frozenset({Kind.TEXT_INPUT}), in_modal=True)
    found = reader.read_list(form.forms("components", at_least=1, at_most=MAX_ROWS), _IN_MODAL)
    reader.check_totals(form, found)
    return tuple(found)


class _Reader:
    """Reads the components of one message or modal, whose custom_ids must differ."""

    def __init__(
        self, attachments: Sequence[Attachment], allowed_in_row: frozenset[Kind], *, in_modal: bool = False
    ) -> None:
        self._in_modal = in_modal
        self._attachments = {attachment.filename: attachment for attachment in attachments}
        self._attachments |= {attachment.url: attachment for attachment in attachments}
        self._allowed_in_row = allowed_in_row
        self._custom_ids: set[str] = set()
        self._readers: dict[Kind, Callable[[Form, Json], None]] = {
            Kind.ACTION_ROW: self._row,
            Kind.BUTTON: self._button,
            Kind.TEXT_INPUT: self._text_input,
            Kind.SECTION: self._section,
            Kind.TEXT_DISPLAY: self._text_display,
            Kind.THUMBNAIL: self._thumbnail,
            Kind.MEDIA_GALLERY: self._gallery,
            Kind.FILE: self._file,
            Kind.SEPARATOR: self._separator,
            Kind.CONTAINER: self._container,
            Kind.LABEL: self._label,
        }

    def read_list(self, forms: Iterable[Form], allowed: frozenset[Kind]) -> list[Json]:
        found = (self._read(form, allowed) for form in forms)
        return [component for component in found if component is not None]

    def check_totals(self, form: Form, components: list[Json]) -> None:
        everything = list(walk(components))
        if len(everything) > MAX_COMPONENTS:
            form.fail(
                "components",
                "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
                f"Number of components exceeds the maximum of {MAX_COMPONENTS}",
            )
        text = sum(len(each["content"]) for each in everything if each["type"] == Kind.TEXT_DISPLAY)
        if text > MAX_TEXT:
            form.fail(
                "components",
                "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
                f"Total displayable text size exceeds maximum size of {MAX_TEXT}",
            )
        give_numbers(form, everything)

    def _read(self, form: Form, allowed: frozenset[Kind]) -> Json | None:
        number = form.integer("type", choices=allowed, required=True)
        if number is None:
            return None
        kind = Kind(number)
        component: Json = {"type": number}
        put(component, id=form.integer("id", at_least=0))
        if kind in SELECTS:
            self._select(form, component)
        else:
            self._readers[kind](form, component)
        return component

    def _row(self, form: Form, component: Json) -> None:
        children = self.read_list(
            form.forms("components", at_least=1, at_most=MAX_ROWS), self._allowed_in_row
        )
        if len(children) > 1 and any(child["type"] != Kind.BUTTON for child in children):
            form.fail("components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "Components width exceeds the row")
        component["components"] = children

    def _button(self, form: Form, component: Json) -> None:
        style = form.integer("style", at_least=1, at_most=_PREMIUM_STYLE, required=True)
        put(
            component,
            style=style,
            label=form.text("label", at_most=80),
            emoji=read_emoji(form),
            disabled=form.boolean("disabled"),
        )
        if style == LINK_STYLE:
            component["url"] = form.text("url", at_least=1, at_most=512, required=True)
        elif style == _PREMIUM_STYLE:
            component["sku_id"] = str(form.snowflake("sku_id", required=True))
        else:
            component["custom_id"] = self._custom_id(form)
            if form.data.get("url") is not None:
                form.fail("url", "BUTTON_COMPONENT_URL_INVALID", "A url is only allowed on a link button")
        if not (form.data.get("label") or form.data.get("emoji") or style == _PREMIUM_STYLE):
            form.fail("label", "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or an emoji is required")

    def _select(self, form: Form, component: Json) -> None:
        component["custom_id"] = self._custom_id(form)
        put(
            component,
            placeholder=form.text("placeholder", at_most=150),
            min_values=form.integer("min_values", at_least=0, at_most=25),
            max_values=form.integer("max_values", at_least=1, at_most=25),
            disabled=form.boolean("disabled"),
            required=form.boolean("required"),
        )
        if self._in_modal and component.get("disabled"):
            form.fail("disabled", "COMPONENT_DISABLED_IN_MODAL", "A menu in a modal cannot be disabled")
        if component["type"] == Kind.STRING_SELECT:
            component["options"] = read_options(form, component.get("max_values", 1))
        else:
            component["default_values"] = form.values("default_values", at_most=25)
            component["channel_types"] = form.values("channel_types", at_most=20)

    def _text_input(self, form: Form, component: Json) -> None:
        component["custom_id"] = self._custom_id(form)
        low = form.integer("min_length", at_least=0, at_most=MAX_TEXT)
        high = form.integer("max_length", at_least=1, at_most=MAX_TEXT)
        put(
            component,
            style=form.integer("style", choices=(1, 2), required=True),
            label=form.text("label", at_most=45),
            placeholder=form.text("placeholder", at_most=100),
            required=form.boolean("required"),
            min_length=low,
            max_length=high,
        )
        if form.data.get("value"):
            component["value"] = form.text("value", at_least=low or 0, at_most=high or MAX_TEXT)

    def _section(self, form: Form, component: Json) -> None:
        texts = form.forms("components", at_least=1, at_most=3)
        component["components"] = self.read_list(texts, frozenset({Kind.TEXT_DISPLAY}))
        accessory = form.form("accessory", required=True)
        if accessory is not None:
            component["accessory"] = self._read(accessory, frozenset({Kind.BUTTON, Kind.THUMBNAIL}))

    def _text_display(self, form: Form, component: Json) -> None:
        # The length is checked over all text displays together.
        component["content"] = form.text("content", required=True) or ""
        if not component["content"]:
            form.fail("content", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_TEXT} in length.")

    def _thumbnail(self, form: Form, component: Json) -> None:
        component["media"] = self._media(form, "media")
        put(component, description=read_alt_text(form), spoiler=form.boolean("spoiler"))

    def _gallery(self, form: Form, component: Json) -> None:
        component["items"] = []
        for item in form.forms("items", at_least=1, at_most=10):
            shown: Json = {"media": self._media(item, "media")}
            put(shown, description=read_alt_text(item), spoiler=item.boolean("spoiler"))
            component["items"].append(shown)

    def _file(self, form: Form, component: Json) -> None:
        component["file"] = media = self._media(form, "file")
        put(component, spoiler=form.boolean("spoiler"))
        attachment = self._attachments.get(media.get("url", ""))
        if attachment is None:
            form.fail("file", "UNFURLED_MEDIA_ITEM_INVALID", "A file must be an attachment of this message")
        else:
            component |= {"name": attachment.filename, "size": attachment.size_bytes}

    def _separator(self, form: Form, component: Json) -> None:
        divider = form.boolean("divider")
        component["divider"] = True if divider is None else divider
        component["spacing"] = form.integer("spacing", choices=(1, 2)) or 1

    def _container(self, form: Form, component: Json) -> None:
        children = form.forms("components", at_least=1, at_most=MAX_COMPONENTS)
        component["components"] = self.read_list(children, _IN_CONTAINER)
        component["accent_color"] = form.integer("accent_color", at_least=0, at_most=0xFFFFFF)
        component["spoiler"] = form.boolean("spoiler") or False

    def _label(self, form: Form, component: Json) -> None:
        component["label"] = form.text("label", at_least=1, at_most=45, required=True)
        put(component, description=form.text("description", at_most=100))
        inner = form.form("component", required=True)
        if inner is not None:
            component["component"] = self._read(inner, SELECTS | {Kind.TEXT_INPUT})

    def _custom_id(self, form: Form) -> str | None:
        custom_id = form.text("custom_id", at_least=1, at_most=_MAX_CUSTOM_ID, required=True)
        if custom_id in self._custom_ids:
            form.fail(
                "custom_id",
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
            )
        if custom_id is not None:
            self._custom_ids.add(custom_id)
        return custom_id

    def _media(self, form: Form, key: str) -> Json:
        media = form.form(key, required=True)
        url = media.text("url", at_least=1, at_most=2048, required=True) if media else None
        if media is None or url is None:
            return {}
        attachment = self._attachments.get(url.removeprefix("attachment://"))
        if attachment is not None:
            return unfurled(attachment)
        if not url.startswith(("http://", "https://")):
            media.fail(
                "url",
                "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                f"The referenced attachment '{url}' was not found",
            )
        return {"url": url, "proxy_url": url, "loading_state": 2}
