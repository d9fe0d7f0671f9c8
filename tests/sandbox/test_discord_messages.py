import json

import aiohttp
import pytest

from sandbox.discord.permissions import Permission
from tests.sandbox.discord_support import EPHEMERAL, Json, deny, multipart, png, scene

MEBIBYTE = 1024 * 1024


async def test_the_content_type_and_the_errors() -> None:
    """Answers are application/json without a charset; bad calls get Discord's own errors."""
    async with scene() as at:
        await at.bot.ok("GET", "/users/@me")
        assert at.bot.headers["Content-Type"] == "application/json"
        assert await at.bot.call("GET", "/users/@me", token="wrong") == (
            401,
            {"message": "401: Unauthorized", "code": 0},
        )
        assert await at.bot.call("GET", "/nowhere") == (404, {"message": "404: Not Found", "code": 0})
        assert (await at.bot.call("DELETE", "/users/@me"))[0] == 405
        assert await at.bot.refused("POST", at.bot.messages(), []) == (400, 50109)
        url = at.server.api_base + at.bot.messages()
        headers = {"Authorization": f"Bot {at.server.config.token}"}
        for broken in (b"{", b"\xff", b'{"content":"\\ud800"}', b"[" * 100_000):
            async with at.bot.session.post(url, data=broken, headers=headers) as answer:
                assert (await answer.json())["code"] == 50109
        assert set(at.server.requests.refused) == {401}


@pytest.mark.parametrize(
    ("payload", "where", "code"),
    [
        ({"content": "x" * 2001}, "content", "BASE_TYPE_MAX_LENGTH"),
        ({"content": 5}, "content", "STRING_TYPE_CONVERT"),
        ({"content": "x", "nonce": "n" * 26}, "nonce", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"title": "x" * 257}]}, "embeds.0.title", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"description": "x" * 4097}]}, "embeds.0.description", "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"description": "x" * 3001}] * 2}, "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
        (
            {"embeds": [{"fields": [{"name": "x", "value": "x"}] * 26}]},
            "embeds.0.fields",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"embeds": [{"image": {"url": "attachment://a"}}]},
            "embeds.0.image.url",
            "EMBED_ATTACHMENT_NOT_FOUND",
        ),
        ({"embeds": [5]}, "embeds.0", "MODEL_TYPE_CONVERT"),
        ({"embeds": 5}, "embeds", "LIST_TYPE_CONVERT"),
        ({"embeds": [{"title": "x"}] * 11}, "embeds", "BASE_TYPE_MAX_LENGTH"),
        (
            {"content": "x", "message_reference": {"message_id": "5"}},
            "message_reference",
            "REPLIES_UNKNOWN_MESSAGE",
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["all"]}},
            "allowed_mentions.parse",
            "BASE_TYPE_CHOICES",
        ),
        ({"content": "x", "attachments": [{"id": 0}]}, "attachments.0.id", "ATTACHMENT_NOT_FOUND"),
        ({"content": "x", "flags": "x"}, "flags", "NUMBER_TYPE_COERCE"),
    ],
)
async def test_limits_of_messages(payload: Json, where: str, code: str) -> None:
    """What breaks a limit is refused with 50035, the error standing under the field that broke it."""
    async with scene() as at:
        status, body = await at.bot.call("POST", at.bot.messages(), payload)
        assert (status, body["code"]) == (400, 50035)
        errors = body["errors"]
        for step in where.split("."):
            errors = errors[step]
        assert [each["code"] for each in errors["_errors"]] == [code]
        assert await at.member.read("general") == []


async def test_empty_messages_are_refused() -> None:
    """A message needs something in it."""
    async with scene() as at:
        empty: list[Json] = [{}, {"content": ""}, {"content": None}, {"components": []}]
        for payload in empty:
            assert await at.bot.refused("POST", at.bot.messages(), payload) == (400, 50006)
        await at.bot.ok("POST", at.bot.messages(), {"content": "x" * 2000})


async def test_files_are_kept_replaced_and_served() -> None:
    """On an edit the list of attachments replaces what was there; what is served is what was sent."""
    async with scene() as at:
        payload = {"attachments": [{"id": 0, "filename": "a b.png", "description": "alt"}, {"id": 1}]}
        sent = await at.bot.ok("POST", at.bot.messages(), multipart(payload, a_png=png(), b_txt=b"words"))
        first, second = sent["attachments"]
        assert (first["filename"], first["description"], first["width"]) == ("a_b.png", "alt", 3)
        assert (second["content_type"], second["size"]) == ("text/plain", 5)
        message = await at.member.message("general", int(sent["id"]))
        assert [file.filename for file in message.files] == ["b.txt"]
        assert await at.members.download(message.files[0]) == b"words"
        path = f"{at.bot.messages()}/{sent['id']}"
        kept = await at.bot.ok("PATCH", path, {"content": "x"})
        assert len(kept["attachments"]) == 2
        payload = {"attachments": [{"id": second["id"]}, {"id": 0, "filename": "c.png"}]}
        edited = await at.bot.ok("PATCH", path, multipart(payload, c_png=png()))
        assert [file["filename"] for file in edited["attachments"]] == ["b.txt", "c.png"]
        gone = await at.bot.ok("PATCH", path, {"attachments": []})
        assert gone["attachments"] == []


async def test_upload_limits() -> None:
    """A file may have 10 MiB, with boost tier 2 it may have 50; eleven files are too many."""
    async with scene() as at:
        large = b"\0" * (10 * MEBIBYTE)
        await at.bot.ok("POST", at.bot.messages(), multipart({}, a_bin=large))
        assert await at.bot.refused("POST", at.bot.messages(), multipart({}, a_bin=large + b"\0")) == (
            413,
            40005,
        )
        await at.members.call("PATCH", f"/guilds/{at.members.guild_id()}", {"premium_tier": 2})
        await at.bot.ok("POST", at.bot.messages(), multipart({}, a_bin=large + b"\0"))
        files = {f"f{number}_png": png() for number in range(11)}
        assert await at.bot.refused("POST", at.bot.messages(), multipart({}, **files)) == (400, 50035)


async def test_a_file_with_anything_in_it() -> None:
    """Bytes that look like the end of a multipart body arrive as they are."""
    async with scene() as at:
        tricky = b"\r\n--x\r\n\r\n--\r\nContent-Disposition: form-data\r\n\r\n\r\n"
        sent = await at.bot.ok("POST", at.bot.messages(), multipart({}, a_bin=tricky))
        message = await at.member.message("general", int(sent["id"]))
        assert await at.members.download(message.files[0]) == tricky


async def test_edits_and_deletes() -> None:
    """Only one's own message can be edited; another's is deleted with Manage Messages alone."""
    async with scene() as at:
        theirs = await at.member.write("mine", channel="general")
        path = f"{at.bot.messages()}/{theirs.id}"
        assert await at.bot.refused("PATCH", path, {"content": "x"}) == (403, 50005)
        assert await at.bot.refused("DELETE", path) == (403, 50013)
        guild, role = at.server.world.guild_named("Sandbox"), at.server.world.role_named("Sana")
        at.server.changes.set_permissions(guild, role, Permission.MANAGE_MESSAGES)
        await at.bot.ok("DELETE", path)
        assert await at.bot.refused("GET", path) == (404, 10008)
        sent = await at.bot.ok("POST", at.bot.messages(), {"content": "x"})
        path = f"{at.bot.messages()}/{sent['id']}"
        edited = await at.bot.ok("PATCH", path, {"content": "y"})
        assert (edited["content"], sent["edited_timestamp"]) == ("y", None)
        assert edited["edited_timestamp"] is not None
        await deny(at, "general", Permission.READ_MESSAGE_HISTORY)
        assert await at.bot.refused("PATCH", path, {"content": "z"}) == (403, 50013)
        assert await at.bot.ok("GET", at.bot.messages()) == []
        assert await at.bot.refused("DELETE", "/channels/5/messages/5") == (404, 10003)


async def test_history_is_paged() -> None:
    """Messages come newest first, before, after and around an identifier, as many as asked for."""
    async with scene() as at:
        ids = [(await at.bot.ok("POST", at.bot.messages(), {"content": str(n)}))["id"] for n in range(7)]

        async def page(query: str) -> list[int]:
            found = await at.bot.ok("GET", f"{at.bot.messages()}?{query}")
            return [int(message["content"]) for message in found]

        assert await page("") == [6, 5, 4, 3, 2, 1, 0]
        assert await page("limit=2") == [6, 5]
        assert await page(f"before={ids[2]}") == [1, 0]
        assert await page(f"after={ids[2]}&limit=2") == [4, 3]
        assert await page(f"around={ids[3]}&limit=3") == [4, 3, 2]
        for wrong in ("limit=0", "limit=101", "limit=x"):
            assert await at.bot.refused("GET", f"{at.bot.messages()}?{wrong}") == (400, 50035)


async def test_a_nonce_is_used_once() -> None:
    """With enforce_nonce a repeat returns the first message, until nonces expire."""
    async with scene() as at:
        payload = {"content": "x", "nonce": "job", "enforce_nonce": True}
        first = await at.bot.ok("POST", at.bot.messages(), payload)
        assert first["nonce"] == "job"
        again = await at.bot.ok("POST", at.bot.messages(), {**payload, "content": "y"})
        assert (again["id"], again["content"]) == (first["id"], "x")
        await at.members.expire(nonces=True)
        assert (await at.bot.ok("POST", at.bot.messages(), payload))["id"] != first["id"]
        del payload["enforce_nonce"]
        await at.bot.ok("POST", at.bot.messages(), payload)
        assert len(await at.member.read("general")) == 3


async def test_what_else_a_bot_asks() -> None:
    """Guilds, channels, roles, members, users and typing are answered, with 404s where nothing is."""
    async with scene() as at:
        guild = f"/guilds/{at.members.guild_id()}"
        assert (await at.bot.ok("GET", guild))["name"] == "Sandbox"
        names = {channel["name"] for channel in await at.bot.ok("GET", guild + "/channels")}
        assert names == {"general", "pictures", "no-files", "hidden"}
        threads = (await at.bot.ok("GET", guild + "/threads/active"))["threads"]
        assert threads[0]["name"] == "thread"
        roles = {role["name"] for role in await at.bot.ok("GET", guild + "/roles")}
        assert roles == {"@everyone", "Sana", "Booster", "Moderator"}
        assert len(await at.bot.ok("GET", guild + "/members?limit=3")) == 3
        member = await at.bot.ok("GET", f"{guild}/members/{at.member.id}")
        assert member["user"]["username"] == "member"
        assert await at.bot.refused("GET", guild + "/members/5") == (404, 10007)
        assert await at.bot.refused("GET", "/guilds/5") == (404, 10004)
        assert await at.bot.refused("GET", "/users/5") == (404, 10013)
        assert (await at.bot.ok("GET", f"/users/{at.member.id}"))["bot"] is False
        assert len(await at.bot.ok("GET", "/users/@me/guilds")) == 2
        await at.bot.ok("POST", f"/channels/{at.bot.channel().id}/typing")
        assert (await at.bot.ok("GET", "/gateway"))["url"] == at.server.gateway_url
        assert (await at.bot.ok("GET", "/gateway/bot"))["shards"] == 1


async def test_old_messages_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel keeps only so many messages, the newest."""
    monkeypatch.setattr("sandbox.discord.world.MAX_MESSAGES_A_CHANNEL", 2)
    async with scene() as at:
        for word in ("one", "two", "three"):
            await at.member.write(word, channel="general")
        assert [message.text for message in await at.member.read("general")] == ["two", "three"]


async def test_ephemeral_is_only_for_interactions() -> None:
    """The ephemeral flag means nothing on a channel's own route."""
    async with scene() as at:
        sent = await at.bot.ok("POST", at.bot.messages(), {"content": "x", "flags": EPHEMERAL})
        assert sent["flags"] == 0
        assert len(await at.members.of("other").read("general")) == 1


async def test_payload_json_is_found_among_files() -> None:
    """A multipart body without payload_json, or with a broken one, is refused or taken as empty."""
    async with scene() as at:
        form = aiohttp.FormData()
        form.add_field("payload_json", json.dumps([1]))
        assert await at.bot.refused("POST", at.bot.messages(), form) == (400, 50109)
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("file", png(), filename="a.png")
        assert len((await at.bot.ok("POST", at.bot.messages(), form))["attachments"]) == 1
