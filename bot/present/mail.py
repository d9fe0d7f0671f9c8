"""Pictures by direct message, over discord.py: read back from the result's message, and sent on."""

import io
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, Self

import aiohttp
import discord
from discord import ui

from bot.errors import DirectMessagesClosedError, MessageUnavailableError, ResultGoneError
from bot.jobs.model import Job
from bot.jobs.ports import Picture
from bot.parameters import SanaParameters
from bot.present.boundary import calling_discord
from bot.present.page import MAX_TEXT, Colour, Page
from bot.present.parts import files, gallery, settings_line
from bot.present.text import cut_escaped, escape, escape_line, small
from bot.present.ways import NOBODY

_CALL_SECONDS: Final = 60.0
_TRANSFER_BYTES_PER_SECOND: Final = 256 * 1024  # the slowest line that is given the time it needs
_CLOSED: Final = frozenset({50007, 50278})  # both: cannot send messages to this user
_GONE: Final = frozenset({10003, 10008})  # unknown channel, unknown message
"""Source: Discord's reference, JSON Error Codes."""

_MAX_NEGATIVE_PROMPT: Final = 1200


class DiscordMail:
    """Implements `bot.jobs.mail.Mail` over a client that has logged in. Made by `open`.

    Args:
        client: makes the calls.
        session: downloads files; discord.py would read them whole, however large they are.
    """

    def __init__(self, client: discord.Client, session: aiohttp.ClientSession) -> None:
        self._client = client
        self._session = session

    @classmethod
    @asynccontextmanager
    async def open(cls, client: discord.Client) -> AsyncIterator[Self]:
        """Open connections of its own, and close them in the end."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield cls(client, session)

    async def addresses(self, job: Job) -> Sequence[str]:
        """Return where the pictures of the result's message lie.

        Raises:
            ResultGoneError: there is no such message any more.
            MessageUnavailableError: it holds no pictures yet, or could not be read.
        """
        if job.message_id is None:
            raise ResultGoneError(job.reference)
        channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
        async with calling_discord(timeout_seconds=_CALL_SECONDS):
            try:
                message = await channel.get_partial_message(job.message_id).fetch()
            except discord.NotFound as error:
                if error.code in _GONE:
                    raise ResultGoneError(job.reference) from error
                raise
        addresses = list(_addresses(message))
        if not addresses:
            raise MessageUnavailableError(f"the message of {job.reference} holds no pictures yet")
        return addresses

    async def download(self, address: str, *, most_bytes: int) -> bytes:
        """Return one of these pictures' files, which is not larger than that."""
        async with (
            calling_discord(timeout_seconds=_CALL_SECONDS + most_bytes / _TRANSFER_BYTES_PER_SECOND),
            self._session.get(address, allow_redirects=False) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise MessageUnavailableError(f"a picture's file: HTTP {answer.status}")
            content = io.BytesIO()
            async for piece in answer.content.iter_any():
                if content.tell() + len(piece) > most_bytes:
                    raise MessageUnavailableError(f"a picture's file has more than {most_bytes} bytes")
                content.write(piece)
            return content.getvalue()

    async def send(self, job: Job, member_id: int, pictures: Sequence[Picture], *, nonce: str) -> None:
        """Send the pictures and all about them to a member.

        For as long as Discord remembers the nonce, repeating it sends nothing more.

        Raises:
            DirectMessagesClosedError: the member takes no direct messages from this bot.
        """
        size_bytes = sum(len(picture.content) for picture in pictures)
        async with calling_discord(timeout_seconds=_CALL_SECONDS + size_bytes / _TRANSFER_BYTES_PER_SECOND):
            try:
                channel = await self._client.create_dm(discord.Object(member_id))
                with files(pictures) as uploads:
                    await channel.send(
                        view=letter(job, pictures), files=uploads, nonce=nonce, allowed_mentions=NOBODY
                    )
            except discord.Forbidden as error:
                if error.code in _CLOSED:
                    raise DirectMessagesClosedError(str(member_id)) from error
                raise


def letter(job: Job, pictures: Sequence[Picture]) -> Page:
    """Return the direct message that holds a result's pictures, which go up with it under their filenames."""
    parameters = SanaParameters.from_json(job.parameters)
    details = "\n".join([*_compressed(pictures), small([*_settings(parameters), _origin(job)])])
    prompt = cut_escaped(escape(parameters.prompt), MAX_TEXT - len(details))
    return Page(
        Colour.DELIVERED,
        [
            ui.MediaGallery[Any](*gallery(parameters, pictures)),
            ui.TextDisplay[Any](prompt),
            ui.TextDisplay[Any](details),
        ],
    )


def _settings(parameters: SanaParameters) -> Iterator[str]:
    """Return every parameter besides the prompt."""
    spoiler = " · spoiler" if parameters.spoiler else ""
    yield f"{settings_line(parameters)}{spoiler}"
    if parameters.negative_prompt:
        avoided = cut_escaped(escape_line(parameters.negative_prompt), _MAX_NEGATIVE_PROMPT)
        yield f"Negative prompt: {avoided}"


def _origin(job: Job) -> str:
    where = f"https://discord.com/channels/{job.guild_id}/{job.channel_id}/{job.message_id}"
    return f"[The message that these came from]({where}) · {job.reference}"


def _compressed(pictures: Sequence[Picture]) -> list[str]:
    """Return a line for each picture that had to be made smaller than it is in the server."""
    names = ["The picture"] if len(pictures) == 1 else [f"Picture {n + 1}" for n in range(len(pictures))]
    return [
        f"{name} was compressed to fit a direct message."
        for name, picture in zip(names, pictures, strict=True)
        if picture.reduced
    ]


def _addresses(message: discord.Message) -> Iterator[str]:
    """Return the addresses of the pictures in a message's galleries.

    Discord lists files that components use nowhere else: `attachments` is empty then.
    Source: https://github.com/discord/discord-api-docs/pull/8279.
    """
    for container in message.components:
        if isinstance(container, discord.Container):
            for component in container.children:
                if isinstance(component, discord.MediaGalleryComponent):
                    yield from (item.media.url for item in component.items)
