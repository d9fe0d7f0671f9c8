import asyncio

from sandbox.discord import DiscordConfig
from tests.sandbox.discord_support import scene

LIMITED = DiscordConfig(enforce_rate_limits=True)


async def test_a_bucket_of_a_channel() -> None:
    """Five sends in five seconds, counted down in the headers; another channel has its own five."""
    async with scene(LIMITED) as at:
        left = []
        for _ in range(5):
            await at.bot.ok("POST", at.bot.messages(), {"content": "x"})
            assert at.bot.headers["X-RateLimit-Limit"] == "5"
            left.append(at.bot.headers["X-RateLimit-Remaining"])
        assert left == ["4", "3", "2", "1", "0"]
        status, body = await at.bot.call("POST", at.bot.messages(), {"content": "x"})
        assert (status, body["global"]) == (429, False)
        assert 0 < body["retry_after"] <= 5
        assert at.bot.headers["Via"]
        assert int(at.bot.headers["Retry-After"]) >= 1
        assert float(at.bot.headers["X-RateLimit-Reset-After"]) <= 5
        assert at.bot.headers["X-RateLimit-Scope"] == "user"
        bucket = at.bot.headers["X-RateLimit-Bucket"]
        await at.bot.ok("POST", at.bot.messages("pictures"), {"content": "x"})
        assert at.bot.headers["X-RateLimit-Bucket"] == bucket
        assert at.server.requests.refused[429] == 1
        assert len(await at.member.read("general")) == 5


async def test_reactions_are_slow() -> None:
    """One reaction in 250 ms and channel: at once a second one waits, after the wait it is taken."""
    async with scene(LIMITED) as at:
        message = await at.member.write("x", channel="general")
        path = f"{at.bot.messages()}/{message.id}/reactions"
        await at.bot.ok("PUT", f"{path}/🔁/@me")
        status, body = await at.bot.call("PUT", f"{path}/❌/@me")
        assert status == 429
        assert body["retry_after"] <= 0.25
        # Waiting the time out is what is tried here.
        await asyncio.sleep(body["retry_after"] + 0.01)
        await at.bot.ok("PUT", f"{path}/❌/@me")


async def test_the_global_limit() -> None:
    """Fifty calls a second in all are answered; more are told so; callbacks and token calls do not count."""
    async with scene(LIMITED) as at:
        sent = await at.typed()
        calls = [at.bot.call("GET", "/users/@me") for _ in range(60)]
        statuses = [status for status, _ in await asyncio.gather(*calls)]
        assert 50 - statuses.count(200) in (0, 1)
        status, body = await at.bot.call("GET", "/users/@me")
        assert (status, body["global"]) == (429, True)
        assert at.bot.headers["X-RateLimit-Global"] == "true"
        assert (await at.bot.answer(sent, 4, {"content": "x"}))[0] == 200
        await at.bot.ok("GET", at.bot.token_path(sent))


async def test_a_token_has_its_own_bucket() -> None:
    """Five calls in two seconds through one token; another token is not concerned."""
    async with scene(LIMITED) as at:
        first, second = await at.typed(), await at.typed()
        for sent in (first, second):
            await at.bot.answer(sent, 4, {"content": "x"})
        for _ in range(5):
            await at.bot.ok("PATCH", at.bot.token_path(first), {"content": "y"})
        status, _ = await at.bot.call("PATCH", at.bot.token_path(first), {"content": "y"})
        assert status == 429
        await at.bot.ok("PATCH", at.bot.token_path(second), {"content": "y"})


async def test_limits_can_be_switched_off() -> None:
    """Without limits there are no headers of them and no 429."""
    async with scene() as at:
        for _ in range(60):
            await at.bot.ok("POST", at.bot.messages(), {"content": "x"})
        assert "X-RateLimit-Limit" not in at.bot.headers
