from typing import Any

import discord
from discord import app_commands, ui

from sandbox.discord import DiscordServer
from sandbox.members import Members
from tests.sandbox.discord_support import LibraryBot, called, commands, logged_in, picture, png

Interaction = discord.Interaction[Any]


class Card(ui.LayoutView):
    """A message of Components V2: a text, a picture if there is one, and buttons."""

    def __init__(self, says: str, *items: ui.Item[Any], picture: str | None = None) -> None:
        super().__init__(timeout=None)
        container: ui.Container[Any] = ui.Container(ui.TextDisplay(says), accent_colour=0x336699)
        if picture:
            shown = discord.MediaGalleryItem(f"attachment://{picture}", description="a fox", spoiler=True)
            container.add_item(ui.MediaGallery(shown))
        if items:
            container.add_item(ui.ActionRow(*items))
        self.add_item(container)


class Again(ui.DynamicItem[ui.Button[Any]], template=r"again:(?P<number>\d+)"):
    """A button whose state is in its custom_id."""

    def __init__(self, number: int) -> None:
        super().__init__(ui.Button(label="Again", custom_id=f"again:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, _: Interaction, __: ui.Item[Any], match: Any) -> "Again":  # noqa: ANN401 - re.Match
        """Make the button again from what was clicked."""
        return cls(int(match["number"]))

    async def callback(self, interaction: Interaction) -> None:
        """Say which one it was."""
        await interaction.response.send_message(f"number {self.number}", ephemeral=True)


async def test_a_command_becomes_a_picture() -> None:
    """A command is answered with Components V2, edited with a file and reacted to, as a member sees it."""

    async def sana(
        interaction: Interaction, prompt: app_commands.Range[str, 1, 20], samples: int = 1
    ) -> None:
        """Draw."""
        await interaction.response.send_message(view=Card(f"{samples} x {prompt}"))
        message = await interaction.edit_original_response(
            view=Card("done", picture="fox.png"), attachments=[picture()]
        )
        await message.add_reaction("🔁")

    async with (
        DiscordServer() as server,
        Members(server.origin) as members,
        logged_in(server, commands(sana)) as bot,
    ):
        await members.wait_until_ready()
        member = members.of("member")
        answer = await member.type("sana", channel="pictures", prompt="a fox", samples=2)
        assert answer.shown == "answered"
        message = await member.wait_for_message("pictures", lambda seen: "🔁" in seen.reactions)
        assert (message.id, message.text, message.author) == (answer.message_id, "done", "Sana")
        assert [edit.text for edit in message.edits] == ["2 x a fox", "done"]
        assert [edit.way for edit in message.edits] == ["callback", "token"]
        assert message.accent_colour == 0x336699
        (shown,) = message.pictures
        assert (shown.description, shown.spoiler, shown.width, shown.height) == ("a fox", True, 64, 48)
        assert (shown.content_type, shown.size_bytes) == ("image/png", len(png(64, 48)))
        assert await members.download(shown) == png(64, 48)
        assert bot.failures == []


async def test_a_message_is_edited_through_its_channel() -> None:
    """What a token made can be edited by the channel, keeping one file and replacing another."""

    async def go(interaction: Interaction) -> None:
        """Go."""
        await interaction.response.send_message("first", files=[picture("a.png"), picture("b.png")])
        message = await interaction.original_response()
        assert interaction.channel_id is not None
        channel = interaction.client.get_partial_messageable(
            interaction.channel_id, guild_id=interaction.guild_id
        )
        await channel.get_partial_message(message.id).edit(
            content="second", attachments=[message.attachments[1], picture("c.png")]
        )

    async with (
        DiscordServer() as server,
        Members(server.origin) as members,
        logged_in(server, commands(go)),
    ):
        member = members.of("member")
        await member.type("go", channel="thread")
        message = await member.wait_for_message("thread", lambda seen: seen.text == "second")
        assert [file.filename for file in message.pictures] == ["b.png", "c.png"]
        assert message.edits[-1].way == "channel"


async def test_a_persistent_button_works_after_a_restart() -> None:
    """A click on a button from before a restart reaches the new process, with the number in its custom_id."""

    async def go(interaction: Interaction) -> None:
        """Go."""
        await interaction.response.send_message(view=Card("press", Again(7)))

    def prepare(bot: LibraryBot) -> None:
        bot.add_dynamic_items(Again)
        commands(go)(bot)

    async with DiscordServer() as server, Members(server.origin) as members:
        member = members.of("member")
        async with logged_in(server, prepare):
            answer = await member.type("go", channel="pictures")
        async with logged_in(server, prepare):
            message = await member.message("pictures", answer.message_id)
            clicked = await member.click(message, label="Again")
            reply = await member.message("pictures", clicked.message_id)
            assert (reply.text, reply.ephemeral) == ("number 7", True)


async def test_a_modal_is_filled_in() -> None:
    """A modal with labels is shown, keeps what is not filled in, and its values reach the bot."""

    class Edit(ui.Modal, title="Edit"):
        prompt: ui.Label[Any] = ui.Label(
            text="Prompt", component=ui.TextInput(default="a fox", max_length=50)
        )
        size: ui.Label[Any] = ui.Label(
            text="Size",
            component=ui.Select(
                options=[discord.SelectOption(label="big"), discord.SelectOption(label="small")]
            ),
        )

        async def on_submit(self, interaction: Interaction) -> None:
            prompt, size = self.prompt.component, self.size.component
            assert isinstance(prompt, ui.TextInput)
            assert isinstance(size, ui.Select)
            await interaction.response.send_message(f"{prompt.value}, {size.values[0]}")

    async def edit(interaction: Interaction) -> None:
        """Edit."""
        await interaction.response.send_modal(Edit())

    async with (
        DiscordServer() as server,
        Members(server.origin) as members,
        logged_in(server, commands(edit)),
    ):
        member = members.of("member")
        answer = await member.type("edit", channel="general")
        assert answer.modal is not None
        assert answer.modal.title == "Edit"
        (prompt,) = answer.modal.inputs
        assert (prompt.label, prompt.value) == ("Prompt", "a fox")
        done = await member.submit(answer, {answer.modal.selects[0].custom_id: "big"})
        assert (await member.message("general", done.message_id)).text == "a fox, big"


async def test_menus_and_completion() -> None:
    """Select menus, both context menus, member options and autocompletion carry what was picked."""

    class Picks(ui.View):
        @ui.select(cls=ui.UserSelect)
        async def pick(self, interaction: Interaction, select: ui.UserSelect[Any]) -> None:
            await interaction.response.edit_message(content=f"picked {select.values[0].name}")

    async def go(interaction: Interaction, who: discord.Member, what: str) -> None:
        """Go."""
        await interaction.response.send_message(f"{what} for {who.name}", view=Picks())

    async def offer(_: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [
            app_commands.Choice(name=word, value=word) for word in ("fox", "frog") if word.startswith(typed)
        ]

    def prepare(bot: LibraryBot) -> None:
        bot.tree.command()(go).autocomplete("what")(offer)

        @bot.tree.context_menu(name="Who")
        async def who(interaction: Interaction, user: discord.Member) -> None:
            await interaction.response.send_message(user.name)

        @bot.tree.context_menu(name="What")
        async def what(interaction: Interaction, message: discord.Message) -> None:
            await interaction.response.send_message(message.content)

    async with DiscordServer() as server, Members(server.origin) as members, logged_in(server, prepare):
        member, other = members.of("member"), members.of("other")
        offered = await member.complete("go", "what", "fr", channel="general", who=str(other.id))
        assert offered.choices == (("frog", "frog"),)
        answer = await member.type("go", channel="general", who=str(other.id), what="frog")
        message = await member.message("general", answer.message_id)
        assert message.text == "frog for other"
        await member.click(message, custom_id=message.selects[0].custom_id, values=[other.id])
        message = await member.wait_for_change(message, lambda seen: seen.text == "picked other")
        shown = await member.open_menu("Who", other, channel="general")
        assert (await member.message("general", shown.message_id)).text == "other"
        shown = await member.open_menu("What", message, channel="general")
        assert (await member.message("general", shown.message_id)).text == "picked other"


async def test_reactions_and_replies() -> None:
    """A reaction reaches the bot, which replies with a nonce; a repeat makes no second reply."""

    def prepare(bot: LibraryBot) -> None:
        @bot.event
        async def on_raw_reaction_add(event: discord.RawReactionActionEvent) -> None:
            channel = bot.get_partial_messageable(event.channel_id, guild_id=event.guild_id)
            cause = channel.get_partial_message(event.message_id)
            for _ in range(2):
                await channel.send(f"{event.emoji} by {event.user_id}", reference=cause, nonce="once")

        @bot.tree.command()
        async def go(interaction: Interaction) -> None:
            """Go."""
            await interaction.response.send_message("hello")

    async with DiscordServer() as server, Members(server.origin) as members, logged_in(server, prepare):
        member = members.of("member")
        answer = await member.type("go", channel="pictures")
        message = await member.message("pictures", answer.message_id)
        await member.react(message, "🔁")
        reply = await member.wait_for_message("pictures", lambda seen: seen.reply_to == message.id)
        assert reply.text == f"🔁 by {member.id}"
        template = "/channels/{channel_id}/messages"
        await called(server, "POST", template, times=2)
        assert len(await member.read("pictures")) == 2
        await member.unreact(message, "🔁")
        assert (await member.message("pictures", message.id)).reactions == {}
