from typing import Any

import discord
from discord import ui

from sandbox.discord import DiscordServer
from sandbox.members import Members
from tests.sandbox.discord_support import LibraryBot, logged_in, picture

Interaction = discord.Interaction[Any]


class Edit(ui.Modal, title="Edit"):
    """A modal that keeps what is in it."""

    words: ui.Label["Edit"] = ui.Label(text="Words", component=ui.TextInput(default="a red fox"))

    async def on_submit(self, interaction: Interaction) -> None:
        """Answer with a message that has the button again."""
        field = self.words.component
        assert isinstance(field, ui.TextInput)
        await interaction.response.send_message(field.value, view=Buttons())


class Buttons(ui.View):
    """A button that opens the modal."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @ui.button(label="Edit", custom_id="edit")
    async def edit(self, interaction: Interaction, _: "ui.Button[Buttons]") -> None:
        """Show the modal."""
        await interaction.response.send_modal(Edit())


async def test_the_library_reads_what_hangs_on_what() -> None:
    """A click, its modal and a menu on the answer: discord.py knows what led to what, in a thread."""
    seen: list[discord.Message] = []

    def prepare(bot: LibraryBot) -> None:
        bot.add_view(Buttons())

        @bot.tree.command()
        async def go(interaction: Interaction) -> None:
            """Go."""
            await interaction.response.send_message("hello", view=Buttons())

        @bot.tree.context_menu(name="Details")
        async def details(interaction: Interaction, message: discord.Message) -> None:
            seen.append(message)
            await interaction.response.send_message("details", ephemeral=True)

    async with DiscordServer() as server, Members(server.origin) as members, logged_in(server, prepare):
        member = members.of("member")
        first = await member.type("go", channel="thread")
        shown = await member.click(await member.message("thread", first.message_id), label="Edit")
        done = await member.submit(shown, {})
        answer = await member.message("thread", done.message_id)
        assert (answer.text, answer.reply_to) == ("a red fox", first.message_id)
        # The answer's own metadata is inside the next click's message.
        assert (await member.click(answer, label="Edit")).modal is not None
        await member.open_menu("Details", answer, channel="thread")
        (message,) = seen
        about = message.interaction_metadata
        assert about is not None
        assert about.modal_interaction is not None
        assert (about.user.id, about.modal_interaction.interacted_message_id) == (member.id, first.message_id)
        assert message.reference is not None
        assert message.reference.message_id == first.message_id


async def test_the_library_sends_pictures_by_direct_message() -> None:
    """Files arrive there, and who takes none is told apart by 50007."""

    def prepare(bot: LibraryBot) -> None:
        @bot.event
        async def on_raw_reaction_add(event: discord.RawReactionActionEvent) -> None:
            assert event.member is not None
            try:
                await event.member.send("yours", file=picture())
            except discord.Forbidden as error:
                channel = bot.get_partial_messageable(event.channel_id, guild_id=event.guild_id)
                await channel.send(str(error.code))

        @bot.tree.command()
        async def go(interaction: Interaction) -> None:
            """Go."""
            await interaction.response.send_message("hello")

    async with DiscordServer() as server, Members(server.origin) as members, logged_in(server, prepare):
        member, other = members.of("member"), members.of("other")
        message = await member.write("x", channel="general")
        await member.react(message, "\N{ENVELOPE}\N{VARIATION SELECTOR-16}")
        mail = await member.wait_for_dm(lambda found: bool(found.pictures))
        assert mail.text == "yours"
        await members.set_takes_dms(other, takes_dms=False)
        await other.react(message, "\N{ENVELOPE}\N{VARIATION SELECTOR-16}")
        await other.wait_for_message("general", lambda found: found.text == "50007")
