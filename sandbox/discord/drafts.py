"""What a request makes of a message: its new body, checked against all limits of Discord.

Source: Discord's reference, Create Message, Edit Message and the limits of Components V2.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote

from sandbox.discord.blobs import Blob, content_type, picture_size
from sandbox.discord.component_reader import read_components
from sandbox.discord.embeds import read_embeds
from sandbox.discord.errors import empty_message, too_large
from sandbox.discord.forms import Form
from sandbox.discord.model import Attachment, Body, MessageFlag
from sandbox.discord.uploads import MAX_FILES, Submission, Upload

MAX_CONTENT = 2000
_MAX_ALT_TEXT = 1024
_SETTABLE_FLAGS = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.EPHEMERAL
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.COMPONENTS_V2
)
_LEGACY_FIELDS = ("content", "embeds", "poll", "sticker_ids")


@dataclass(frozen=True, slots=True)
class Draft:
    """A message's body as asked for, and the files that came with it, by the address they get."""

    body: Body
    files: dict[str, Blob]


class Drafter:
    """Turns submissions into drafts for one channel.

    `address` is where its attachments are served, `limit_bytes` how large one of them may be.
    """

    def __init__(self, address: str, limit_bytes: int, new_id: Callable[[], int]) -> None:
        self._address = address
        self._limit_bytes = limit_bytes
        self._new_id = new_id

    def draft(self, submission: Submission, old: Body | None = None) -> Draft:
        """Return what the submission makes of `old`, or of nothing.

        Raises ApiError: 40005 for a file that is too large, 50035 for what breaks a limit, 50006 for nothing.
        """
        form = submission.form
        if any(len(upload.data) > self._limit_bytes for upload in submission.uploads):
            raise too_large()
        before = old or Body()
        flags = (form.integer("flags", at_least=0) or 0) & _SETTABLE_FLAGS
        if old is not None:
            # An edit sets no other flag, and none of these can be taken back.
            flags = old.flags | (flags & MessageFlag.COMPONENTS_V2)
        v2 = bool(flags & MessageFlag.COMPONENTS_V2)
        attachments, files = self._attachments(submission, before.attachments)
        content = form.text("content", at_most=MAX_CONTENT)
        body = Body(
            (content or "") if form.has("content") else before.content,
            read_embeds(form, attachments) if form.has("embeds") else before.embeds,
            read_components(form, attachments, v2=v2) if form.has("components") else before.components,
            attachments,
            flags,
        )
        if v2:
            _refuse_legacy_fields(form, body)
        form.check()
        if not (body.components if v2 else body.content or body.embeds or body.attachments):
            raise empty_message()
        return Draft(body, files)

    def _attachments(
        self, submission: Submission, old: tuple[Attachment, ...]
    ) -> tuple[tuple[Attachment, ...], dict[str, Blob]]:
        form = submission.form
        named = form.forms("attachments", at_most=MAX_FILES)
        kept = {attachment.id: attachment for attachment in old}
        uploads = {upload.index: upload for upload in submission.uploads}
        files: dict[str, Blob] = {}
        found = [] if form.has("attachments") else list(old)
        for entry in named:
            number = entry.snowflake("id", required=True)
            description = entry.text("description", at_most=_MAX_ALT_TEXT)
            if number in kept:
                previous = kept[number]
                found.append(replace(previous, description=description or previous.description))
            elif number in uploads:
                filename = entry.text("filename", at_most=1024)
                found.append(self._receive(uploads.pop(number), filename, description, files))
            elif number is not None:
                entry.fail("id", "ATTACHMENT_NOT_FOUND", f"Attachment with id {number} not found")
        found += [self._receive(upload, None, None, files) for upload in uploads.values()]
        if len(found) > MAX_FILES:
            form.fail("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")
        return tuple(found), files

    def _receive(
        self, upload: Upload, filename: str | None, description: str | None, files: dict[str, Blob]
    ) -> Attachment:
        name = (filename or upload.filename).replace("/", "_").replace(" ", "_")
        attachment_id = self._new_id()
        url = f"{self._address}/{attachment_id}/{quote(name)}"
        kind = content_type(name, upload.data)
        files[url] = Blob(upload.data, kind)
        width, height = picture_size(upload.data) or (None, None)
        size = len(upload.data)
        return Attachment(attachment_id, name, size, url, kind, width, height, description)


def _refuse_legacy_fields(form: Form, body: Body) -> None:
    for field in _LEGACY_FIELDS:
        if (
            form.data.get(field)
            or (field == "content" and body.content)
            or (field == "embeds" and body.embeds)
        ):
            form.fail(
                field,
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f'The "{field}" field cannot be used when using MessageFlags.IS_COMPONENTS_V2',
            )
