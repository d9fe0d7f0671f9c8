import base64
import re

from sandbox.discord import DiscordConfig
from tests.sandbox.discord_support import scene


async def test_the_token_is_of_discords_shape() -> None:
    """The token's first part is the bot's identifier, and no part holds what Discord's would not."""
    async with scene(connect=False) as at:
        token = at.server.config.token
        assert re.fullmatch(r"[\w-]{24,}\.[\w-]{6}\.[\w-]{27,}", token)
        first = token.partition(".")[0]
        padding = "=" * (-len(first) % 4)
        assert base64.urlsafe_b64decode(first + padding).decode() == str(at.server.bot_user_id)


def test_the_token_is_not_shown() -> None:
    """A printed configuration does not hold the token."""
    config = DiscordConfig()
    assert config.token not in repr(config)


async def test_application_and_bot_are_one() -> None:
    """The application's identifier is the bot's, in READY, in the application and in the control API."""
    async with scene(connect=False) as at:
        ready = await at.bot.connect()
        application = await at.bot.ok("GET", "/applications/@me")
        world = await at.members.call("GET", "/world")
        assert at.server.application_id == at.server.bot_user_id
        named = (ready["user"]["id"], ready["application"]["id"], application["id"], application["bot"]["id"])
        assert {*named, world["application_id"], world["bot_user_id"]} == {str(at.server.bot_user_id)}


async def test_the_application_object() -> None:
    """Both addresses of the application answer with the fields that libraries read."""
    async with scene(connect=False) as at:
        application = await at.bot.ok("GET", "/applications/@me")
        assert application == await at.bot.ok("GET", "/oauth2/applications/@me")
        assert application["approximate_guild_count"] == 2
        assert application["approximate_user_install_count"] == 0
        assert application["approximate_user_authorization_count"] == 0
        assert (application["event_webhooks_status"], application["event_webhooks_types"]) == (1, [])
        assert application["event_webhooks_url"] is None
        assert application["role_connections_verification_url"] is None
