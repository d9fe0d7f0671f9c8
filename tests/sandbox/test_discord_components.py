import pytest

from tests.sandbox.discord_support import V2, Json, button, multipart, png, row, scene, text

LINK = {"type": 2, "style": 5, "label": "x", "url": "https://example.org"}
PICTURE = {"media": {"url": "attachment://a.png"}}
THUMBNAIL = {"type": 11, **PICTURE}
SELECT: Json = {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]}


def gallery(*items: Json) -> Json:
    """Return a media gallery."""
    return {"type": 12, "items": list(items)}


def container(*components: Json, **more: object) -> Json:
    """Return a container."""
    return {"type": 17, "components": list(components), **more}


GOOD: dict[str, list[Json]] = {
    "text": [text("x")],
    "4,000 characters": [text("x" * 3999), container(text("x"))],
    "forty components": [container(*[text("x")] * 39)],
    "gallery": [gallery(*[{**PICTURE, "description": "x" * 1024, "spoiler": True}] * 10)],
    "an outside picture": [gallery({"media": {"url": "https://example.org/a.png"}})],
    "file": [{"type": 13, "file": {"url": "attachment://a.png"}}],
    "section with thumbnail": [{"type": 9, "components": [text("x")], "accessory": THUMBNAIL}],
    "section with button": [{"type": 9, "components": [text("x")], "accessory": button("a")}],
    "separator": [container({"type": 14, "divider": False, "spacing": 2}), text("x")],
    "buttons": [row(button("a" * 100, label="x" * 80), button("b"), LINK, button("c"), button("d"))],
    "an emoji": [row({"type": 2, "style": 1, "custom_id": "a", "emoji": {"name": "🔁", "id": None}})],
    "select": [row(SELECT)],
    "colour": [container(text("x"), accent_color=0xFFFFFF, spoiler=True)],
}
BAD: dict[str, tuple[list[Json], str, str]] = {
    "4,001 characters": ([text("x" * 4000), text("x")], "", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"),
    "41 components": ([container(*[text("x")] * 40)], "", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"),
    "an empty text": ([text("")], "0.content", "BASE_TYPE_BAD_LENGTH"),
    "an empty gallery": ([gallery()], "0.items", "BASE_TYPE_BAD_LENGTH"),
    "eleven pictures": ([gallery(*[PICTURE] * 11)], "0.items", "BASE_TYPE_BAD_LENGTH"),
    "a long alt text": (
        [gallery({**PICTURE, "description": "x" * 1025})],
        "0.items.0.description",
        "BASE_TYPE_MAX_LENGTH",
    ),
    "a picture that is not there": (
        [gallery({"media": {"url": "attachment://b.png"}})],
        "0.items.0.media.url",
        "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
    ),
    "a file from outside": (
        [{"type": 13, "file": {"url": "https://example.org"}}],
        "0.file",
        "UNFURLED_MEDIA_ITEM_INVALID",
    ),
    "a long custom_id": ([row(button("a" * 101))], "0.components.0.custom_id", "BASE_TYPE_BAD_LENGTH"),
    "a long label": ([row(button("a", label="x" * 81))], "0.components.0.label", "BASE_TYPE_MAX_LENGTH"),
    "no label": (
        [row({"type": 2, "style": 1, "custom_id": "a"})],
        "0.components.0.label",
        "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED",
    ),
    "one custom_id twice": (
        [row(button("a")), container(row(button("a")))],
        "1.components.0.components.0.custom_id",
        "COMPONENT_CUSTOM_ID_DUPLICATED",
    ),
    "a link with a custom_id alone": (
        [row({"type": 2, "style": 5, "label": "x", "custom_id": "a"})],
        "0.components.0.url",
        "BASE_TYPE_REQUIRED",
    ),
    "a button with an address": (
        [row(button("a", url="https://example.org"))],
        "0.components.0.url",
        "BUTTON_COMPONENT_URL_INVALID",
    ),
    "an unknown style": ([row(button("a", style=9))], "0.components.0.style", "NUMBER_TYPE_MAX"),
    "six buttons": ([row(*[button(str(n)) for n in range(6)])], "0.components", "BASE_TYPE_BAD_LENGTH"),
    "a select beside a button": (
        [row(SELECT, button("a"))],
        "0.components",
        "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
    ),
    "a select without options": (
        [row({**SELECT, "options": []})],
        "0.components.0.options",
        "BASE_TYPE_BAD_LENGTH",
    ),
    "a button at the top": ([button("a")], "0.type", "BASE_TYPE_CHOICES"),
    "a container in a container": (
        [container(container(text("x")))],
        "0.components.0.type",
        "BASE_TYPE_CHOICES",
    ),
    "a text input": (
        [row({"type": 4, "style": 1, "custom_id": "a"})],
        "0.components.0.type",
        "BASE_TYPE_CHOICES",
    ),
    "an unknown kind": ([{"type": 99}], "0.type", "BASE_TYPE_CHOICES"),
    "no kind": ([{}], "0.type", "BASE_TYPE_REQUIRED"),
    "a colour too many": (
        [container(text("x"), accent_color=0x1000000)],
        "0.accent_color",
        "NUMBER_TYPE_MAX",
    ),
    "one id twice": ([{**text("x"), "id": 1}, {**text("x"), "id": 1}], "", "COMPONENT_ID_DUPLICATED"),
    "an accessory of its own kind": (
        [{"type": 9, "components": [text("x")], "accessory": text("x")}],
        "0.accessory.type",
        "BASE_TYPE_CHOICES",
    ),
}


@pytest.mark.parametrize("components", GOOD.values(), ids=GOOD)
async def test_what_a_v2_message_may_hold(components: list[Json]) -> None:
    """Everything up to its limit is taken, and every component has a number of its own."""
    async with scene(connect=False) as at:
        payload = {"flags": V2, "components": components}
        sent = await at.bot.ok("POST", at.bot.messages(), multipart(payload, a_png=png()))
        assert sent["flags"] == V2
        assert [component["type"] for component in sent["components"]] == [
            each["type"] for each in components
        ]
        assert sent["components"][0]["id"] == 1


@pytest.mark.parametrize(("components", "where", "code"), BAD.values(), ids=BAD)
async def test_what_a_v2_message_may_not_hold(components: list[Json], where: str, code: str) -> None:
    """Everything above its limit is refused, under the path of what broke it."""
    async with scene(connect=False) as at:
        payload = {"flags": V2, "components": components}
        status, body = await at.bot.call("POST", at.bot.messages(), multipart(payload, a_png=png()))
        assert (status, body["code"]) == (400, 50035)
        errors = body["errors"]["components"]
        for step in filter(None, where.split(".")):
            errors = errors[step]
        assert [each["code"] for each in errors["_errors"]] == [code]


async def test_v2_stays_v2() -> None:
    """The flag excludes content and embeds, is needed for the new kinds, and no edit takes it away."""
    async with scene(connect=False) as at:
        path = at.bot.messages()
        assert await at.bot.refused("POST", path, {"components": [text("x")]}) == (400, 50035)
        fields: list[Json] = [{"content": "x"}, {"embeds": [{"title": "x"}]}, {"poll": {"question": {}}}]
        for legacy in fields:
            payload = {"flags": V2, "components": [text("x")], **legacy}
            assert await at.bot.refused("POST", path, payload) == (400, 50035)
        sent = await at.bot.ok("POST", path, {"flags": V2, "components": [text("x")]})
        path = f"{path}/{sent['id']}"
        edited = await at.bot.ok("PATCH", path, {"flags": 0, "components": [text("y")]})
        assert edited["flags"] == V2
        assert await at.bot.refused("PATCH", path, {"content": "y"}) == (400, 50035)
        assert await at.bot.refused("PATCH", path, {"components": []}) == (400, 50006)


async def test_a_message_becomes_v2_by_an_edit() -> None:
    """A message with content may become one of Components V2 once its content is taken away."""
    async with scene(connect=False) as at:
        sent = await at.bot.ok("POST", at.bot.messages(), {"content": "x"})
        path = f"{at.bot.messages()}/{sent['id']}"
        payload: Json = {"flags": V2, "components": [text("y")]}
        assert await at.bot.refused("PATCH", path, payload) == (400, 50035)
        edited = await at.bot.ok("PATCH", path, {**payload, "content": None})
        assert (edited["flags"], edited["content"]) == (V2, "")


async def test_media_of_an_edit() -> None:
    """A gallery may show a file that an edit brings, and one that the list of attachments keeps."""
    async with scene(connect=False) as at:
        payload: Json = {"flags": V2, "components": [gallery(PICTURE)]}
        sent = await at.bot.ok("POST", at.bot.messages(), multipart(payload, a_png=png(7, 5)))
        media = sent["components"][0]["items"][0]["media"]
        # What a gallery shows is listed there alone.
        assert sent["attachments"] == []
        (shown,) = (await at.member.message("general", int(sent["id"]))).pictures
        assert (media["url"], media["attachment_id"]) == (shown.url, shown.url.split("/")[-2])
        assert (media["width"], media["height"], media["content_type"]) == (7, 5, "image/png")
        path = f"{at.bot.messages()}/{sent['id']}"
        both: Json = {
            "components": [gallery({"media": {"url": f"attachment://{name}.png"}}) for name in "ab"],
            "attachments": [{"id": media["attachment_id"]}, {"id": 0, "filename": "b.png"}],
        }
        await at.bot.ok("PATCH", path, multipart(both, b_png=png()))
        message = await at.member.message("general", int(sent["id"]))
        assert [picture.filename for picture in message.pictures] == ["a.png", "b.png"]
        again: Json = {"components": [gallery(PICTURE)], "attachments": []}
        assert await at.bot.refused("PATCH", path, again) == (400, 50035)


async def test_files_that_no_component_holds_are_not_shown() -> None:
    """A message made of components shows nobody a file that went up with it and is in none of them."""
    async with scene(connect=False) as at:
        alone: Json = {"flags": V2, "components": [text("x")]}
        held: Json = {"flags": V2, "components": [{"type": 13, "file": {"url": "attachment://a.txt"}}]}
        sent = [
            await at.bot.ok("POST", at.bot.messages(), multipart(payload, a_txt=b"x"))
            for payload in (alone, held, {"content": "x"})
        ]
        shown = [await at.member.message("general", int(each["id"])) for each in sent]
        assert [[file.filename for file in each.files] for each in shown] == [[], ["a.txt"], ["a.txt"]]


async def test_old_messages_take_rows_alone() -> None:
    """Without the flag there are at most five rows of buttons and menus."""
    async with scene(connect=False) as at:
        rows = [row(button(str(number))) for number in range(6)]
        await at.bot.ok("POST", at.bot.messages(), {"content": "x", "components": rows[:5]})
        payload = {"content": "x", "components": rows}
        assert await at.bot.refused("POST", at.bot.messages(), payload) == (400, 50035)
