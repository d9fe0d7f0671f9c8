"""The mailer: patient with failures that pass, and bounded."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from bot.errors import (
    DirectMessagesClosedError,
    MessageGoneError,
    MessageUnavailableError,
    PictureRefusedError,
    ResultGoneError,
)
from bot.images import FetchedPicture
from bot.jobs import mail
from bot.jobs.mail import FILE_LIMIT_BYTES, Mailer
from bot.jobs.model import Job, State
from bot.jobs.ports import Picture
from bot.parameters import SanaParameters
from bot.wiro.wire import Output
from tests.support.jobs import ANY_JOB

TWO = SanaParameters(prompt="a red fox", seed=7, samples=2)
JOB = replace(ANY_JOB, message_id=4, upload_limit_bytes=50 * 1024 * 1024, parameters=TWO.to_json(), credits=2)
MEMBER = 9


@dataclass
class Letters:
    """Implements `bot.jobs.mail.Mail`: a message with three pictures, and letters that are kept."""

    failures: dict[str, list[Exception]] = field(default_factory=dict)  # of the next calls, by their name
    sent: list[tuple[int, list[bytes], str]] = field(default_factory=list)
    nonces: list[str] = field(default_factory=list)  # of all attempts
    limits: list[int] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0
    most_under_way: int = 0

    async def addresses(self, _job: Job) -> Sequence[str]:
        """Return where the pictures lie, once the gate is open."""
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        self._fail("addresses")
        return ["first", "second", "third"]

    async def download(self, address: str, *, most_bytes: int) -> bytes:
        """Return a file."""
        self._fail("download")
        self.limits.append(most_bytes)
        return address.encode()

    async def send(self, _job: Job, member_id: int, pictures: Sequence[Picture], *, nonce: str) -> None:
        """Keep a letter."""
        self.nonces.append(nonce)
        self._fail("send")
        self.sent.append((member_id, [picture.content for picture in pictures], nonce))

    def _fail(self, call: str) -> None:
        if failures := self.failures.get(call):
            raise failures.pop(0)


@dataclass
class Album:
    """Implements `bot.jobs.ports.Pictures`."""

    held_bytes: int = 0
    held_at_fit: list[int] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    refuses: bool = False
    is_full: bool = False

    @asynccontextmanager
    async def room(self, size_bytes: int) -> AsyncIterator[None]:
        """Hold memory."""
        if self.is_full:
            await asyncio.Event().wait()
        self.held_bytes += size_bytes
        try:
            yield
        finally:
            self.held_bytes -= size_bytes

    async def fetch(self, output: Output, *, number: int, upload_limit_bytes: int) -> Picture:
        """Never called: nothing is had from the picture service."""
        raise NotImplementedError

    async def fit(self, content: bytes, *, number: int, upload_limit_bytes: int) -> Picture:
        """Return the content as a picture."""
        if self.refuses:
            raise PictureRefusedError("no picture")
        self.held_at_fit.append(self.held_bytes)
        self.limits.append(upload_limit_bytes)
        return FetchedPicture(
            filename=f"sana-{number}.png", content=content, width=1, height=1, url="", reduced=False
        )


@pytest.fixture
def letters() -> Letters:
    """A message that can be read at once."""
    letters = Letters()
    letters.gate.set()
    return letters


@pytest.fixture
def album() -> Album:
    """Plenty of memory."""
    return Album()


async def _as_it_was(_job_id: int) -> Job | None:
    """Nothing was deleted meanwhile."""
    return JOB


@pytest.fixture
def mailer(letters: Letters, album: Album) -> Mailer:
    """The mailer of both."""
    return Mailer(pictures=album, mail=letters, find=_as_it_was)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat at once."""
    monkeypatch.setattr(mail, "_FIRST_RETRY_SECONDS", 0.001)


async def test_as_many_pictures_as_were_asked_for_are_sent_in_one_letter(
    mailer: Mailer, letters: Letters, album: Album
) -> None:
    """They are read within the server's limit and made to fit a direct message's, holding memory for all."""
    await mailer.send(JOB, MEMBER)
    [(member_id, contents, nonce)] = letters.sent
    assert (member_id, contents) == (MEMBER, [b"first", b"second"])
    assert 0 < len(nonce) <= 25
    assert letters.limits == [JOB.upload_limit_bytes] * 2
    assert album.limits == [FILE_LIMIT_BYTES] * 2
    assert album.held_at_fit == [2 * FILE_LIMIT_BYTES] * 2
    assert album.held_bytes == 0


async def test_what_passes_is_repeated_with_the_same_nonce(mailer: Mailer, letters: Letters) -> None:
    """Failures of reading, downloading and sending are followed by another try, which is the same letter."""
    letters.failures = {
        call: [MessageUnavailableError("down") for _ in range(2)]
        for call in ("addresses", "download", "send")
    }
    await mailer.send(JOB, MEMBER)
    assert len(letters.nonces) == 3
    assert len(set(letters.nonces)) == len(letters.sent) == 1
    await mailer.send(JOB, MEMBER)
    assert len({nonce for _, _, nonce in letters.sent}) == 2, "two wishes are two letters"


@pytest.mark.parametrize("error", [DirectMessagesClosedError, ResultGoneError, MessageGoneError])
async def test_what_is_final_is_not_repeated(
    mailer: Mailer, letters: Letters, album: Album, error: type[Exception]
) -> None:
    """An answer that no repetition changes is passed on at once."""
    letters.failures = {"send": [error("no")]}
    with pytest.raises(error):
        await mailer.send(JOB, MEMBER)
    assert len(letters.nonces) == 1
    assert letters.sent == []
    assert album.held_bytes == 0


async def test_it_gives_up_after_its_time(
    mailer: Mailer, letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not pass is told to the caller, not repeated for ever."""
    monkeypatch.setattr(mail, "_RETRY_FOR_SECONDS", 0.05)
    letters.failures = {"send": [MessageUnavailableError("down") for _ in range(1000)]}
    with pytest.raises(MessageUnavailableError, match="down"):
        await mailer.send(JOB, MEMBER)
    assert 2 <= len(letters.nonces) < 20


async def test_a_file_that_is_no_picture_is_not_sent(mailer: Mailer, letters: Letters, album: Album) -> None:
    """What cannot be verified goes to nobody."""
    album.refuses = True
    with pytest.raises(MessageUnavailableError):
        await mailer.send(JOB, MEMBER)
    assert letters.sent == []


async def test_two_at_once_twenty_in_line_and_no_more(letters: Letters, album: Album) -> None:
    """Letters beyond what waits already are refused at once; all others are sent, two at a time."""
    letters.gate.clear()
    mailer = Mailer(pictures=album, mail=letters, find=_as_it_was)
    sending = [asyncio.create_task(mailer.send(JOB, member)) for member in range(22)]
    async with asyncio.timeout(30):
        while letters.under_way < 2:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        with pytest.raises(MessageUnavailableError, match="20 direct messages wait"):
            await mailer.send(JOB, 23)
    letters.gate.set()
    await asyncio.gather(*sending)
    assert letters.most_under_way == 2
    assert sorted(member for member, _, _ in letters.sent) == list(range(22))


async def test_a_turn_is_not_waited_for_without_end(
    mailer: Mailer, letters: Letters, album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where memory is not to be had in time, the caller is told, and the next one still gets a turn."""
    monkeypatch.setattr(mail, "_WAIT_SECONDS", 0.01)
    album.is_full = True
    for _ in range(3):
        with pytest.raises(MessageUnavailableError, match="took too long"):
            await mailer.send(JOB, MEMBER)
    album.is_full = False
    await mailer.send(JOB, MEMBER)
    assert len(letters.sent) == 1


@pytest.mark.parametrize("now", [None, replace(JOB, removed_by=3), replace(JOB, state=State.FAILED)])
async def test_what_was_deleted_meanwhile_is_not_sent(
    letters: Letters, album: Album, now: Job | None
) -> None:
    """Pictures that were read before their owner had them deleted go to nobody."""
    sought: list[int] = []

    async def find(job_id: int) -> Job | None:
        assert album.limits, "the pictures are at hand by then"
        sought.append(job_id)
        return now

    with pytest.raises(ResultGoneError):
        await Mailer(pictures=album, mail=letters, find=find).send(JOB, MEMBER)
    assert sought == [JOB.id]
    assert letters.nonces == []
    assert album.held_bytes == 0
