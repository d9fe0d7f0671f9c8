"""Embeds of a message: read and checked. Source: Discord's reference, Embed Limits."""

from collections.abc import Sequence

from sandbox.discord.forms import Form
from sandbox.discord.model import Attachment
from sandbox.discord.payloads import Json

MAX_EMBEDS = 10
MAX_TEXT_OF_ALL = 6000
_MAX_URL = 2048
_ATTACHMENT = "attachment://"


def read_embeds(form: Form, attachments: Sequence[Attachment]) -> tuple[Json, ...]:
    """Return the embeds of a message; what is wrong is kept with the form."""
    addresses = {attachment.filename: attachment.url for attachment in attachments}
    embeds = tuple(_embed(each, addresses) for each in form.forms("embeds", at_most=MAX_EMBEDS))
    if sum(_text_length(embed) for embed in embeds) > MAX_TEXT_OF_ALL:
        form.fail(
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            f"Embed size exceeds maximum size of {MAX_TEXT_OF_ALL}",
        )
    return embeds


def _embed(form: Form, addresses: dict[str, str]) -> Json:
    embed: Json = {
        "type": "rich",
        "title": form.text("title", at_most=256),
        "description": form.text("description", at_most=4096),
        "url": form.text("url", at_most=_MAX_URL),
        "timestamp": form.text("timestamp", at_most=64),
        "color": form.integer("color", at_least=0, at_most=0xFFFFFF),
        "footer": _part(form, "footer", addresses, text=2048),
        "author": _part(form, "author", addresses, name=256),
        "image": _part(form, "image", addresses),
        "thumbnail": _part(form, "thumbnail", addresses),
        "fields": [_field(each) for each in form.forms("fields", at_most=25)],
    }
    return {key: value for key, value in embed.items() if value}


def _field(form: Form) -> Json:
    return {
        "name": form.text("name", at_least=1, at_most=256, required=True) or "",
        "value": form.text("value", at_least=1, at_most=1024, required=True) or "",
        "inline": form.boolean("inline") or False,
    }


def _part(form: Form, key: str, addresses: dict[str, str], **limits: int) -> Json | None:
    part = form.form(key)
    if part is None:
        return None
    found: Json = {name: part.text(name, at_most=limit) for name, limit in limits.items()}
    for name in ("url", "icon_url"):
        url = part.text(name, at_most=_MAX_URL)
        if url is not None and url.startswith(_ATTACHMENT):
            url = addresses.get(url.removeprefix(_ATTACHMENT))
            if url is None:
                part.fail(name, "EMBED_ATTACHMENT_NOT_FOUND", "The referenced attachment was not found")
        found[name] = url
    found["proxy_icon_url" if "icon_url" in part.data else "proxy_url"] = found["icon_url"] or found["url"]
    return {name: value for name, value in found.items() if value}


def _text_length(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("footer", {}).get("text"), embed.get("author", {}).get("name")]
    texts += [field[key] for field in embed.get("fields", ()) for key in ("name", "value")]
    return sum(len(text) for text in texts if text)
