"""Requests that nobody should send, made from a seed: the same seed gives the same bytes."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from tests.listener.forged import bomb, forged_body
from tests.listener.malformed import CHUNKS, FRAMINGS, HEADERS, HOSTS, LENGTHS, LINES, METHODS, wrong_tokens
from tests.listener.raw import Ending, head, post

ANY: Final = frozenset({200, 400, 404, 405, 429})
"""What the listener may answer while the bot is ready, whatever comes."""

HEARD: Final = frozenset({200})
UNKNOWN: Final = frozenset({404, 429})
REFUSED: Final = frozenset({400, 404, 405})

_TOKEN_CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Whom the attacker knows of."""

    known: Sequence[str]  # callback tokens of open jobs
    hidden: str  # another one, which is only named where nothing may be heard of it
    taskids: Sequence[str]  # what forged bodies speak of


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What is done on one connection."""

    kind: str = ""
    pieces: tuple[bytes, ...] = field(repr=False)
    ending: Ending = "waits"
    allowed: frozenset[int] = ANY
    must_answer: bool = False
    to_head: bool = False

    def __str__(self) -> str:
        """Show it, shortened, for a report."""
        return f"{self.kind}, {self.ending}: {b'|'.join(self.pieces)[:600]!r}"


class Attacker:
    """Makes one attack after the other.

    Args:
        seed: decides all of them.
        targets: whom they are aimed at.
    """

    def __init__(self, seed: int, targets: Targets) -> None:
        self._dice = Random(seed)  # noqa: S311 - it is to be repeated, not to be secret
        self._targets = targets
        self._kinds: Sequence[Callable[[], Attack]] = (
            self._callback,
            self._callback_in_chunks,
            self._abandoned_callback,
            self._unknown_token,
            self._malformed_token,
            self._other_method,
            self._health,
            self._malformed_line,
            self._malformed_headers,
            self._many_headers,
            self._huge_header,
            self._wrong_length,
            self._wrong_chunks,
            self._smuggled,
            self._pipelined,
            self._compressed,
            self._absolute_uri,
            self._expecting,
            self._upgrading,
            self._mutated,
            self._cut_off,
            self._noise,
        )

    def attacks(self, count: int) -> Iterator[Attack]:
        """Make so many, of all kinds in turn."""
        for make in itertools.islice(itertools.cycle(self._kinds), count):
            yield replace(make(), kind=make.__name__.lstrip("_"))

    # What is sound, but for what it says.

    def _callback(self) -> Attack:
        pieces = self._in_pieces(post(self._known(), self._body()))
        return Attack(pieces=pieces, allowed=HEARD, must_answer=True)

    def _callback_in_chunks(self) -> Attack:
        chunks = [self._body()[:500] for _ in range(self._dice.randrange(1, 5))]
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n"
        pieces = self._in_pieces(head(self._known(), b"Transfer-Encoding: chunked") + body)
        return Attack(pieces=pieces, allowed=HEARD, must_answer=True)

    def _abandoned_callback(self) -> Attack:
        pieces = self._in_pieces(post(self._known(), self._body()))
        return Attack(pieces=pieces, allowed=HEARD, ending=self._impatient_ending())

    def _compressed(self) -> Attack:
        encoding, body = bomb(self._dice)
        pieces = self._in_pieces(post(self._known(), body, f"Content-Encoding: {encoding}".encode()))
        return Attack(pieces=pieces, allowed=HEARD, must_answer=True)

    def _expecting(self) -> Attack:
        expectation = self._dice.choice(
            [b"100-continue", b"100-Continue", b"200-ok", b"\xff", b"100-continue, x"]
        )
        start = head(self._known(), b"Expect: " + expectation, b"Content-Length: 2")
        pieces = self._dice.choice([(start, b"{}"), (start + b"{}",)])
        return Attack(pieces=pieces, allowed=HEARD, must_answer=True)

    def _pipelined(self) -> Attack:
        others = post(self._targets.hidden, b"{}") * self._dice.choice([1, 3, 300])
        pieces = self._in_pieces(post(self._known(), b"{}") + others)
        return Attack(pieces=pieces, allowed=HEARD, must_answer=True)

    def _health(self) -> Attack:
        method = self._dice.choice(["GET", "HEAD", "POST", "PUT", "get"])
        query = self._dice.choice(["", "?", "?a=%zz", "#x", "?" + "q" * 5000, "/", "%00"])
        request = f"{method} /healthz{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        return Attack(pieces=(request,), allowed=REFUSED | HEARD, must_answer=True, to_head=method == "HEAD")

    # What nothing may be heard of.

    def _unknown_token(self) -> Attack:
        token = "".join(self._dice.choices(_TOKEN_CHARACTERS, k=43))
        return Attack(pieces=(post(token, self._body()),), allowed=UNKNOWN, must_answer=True)

    def _malformed_token(self) -> Attack:
        token = self._dice.choice(wrong_tokens(self._targets.hidden))
        return Attack(pieces=(post(token, b"{}"),), allowed=REFUSED, must_answer=True)

    def _other_method(self) -> Attack:
        method = self._dice.choice(METHODS)
        request = post(self._targets.hidden, b"{}").replace(b"POST", method.encode(), 1)
        return Attack(pieces=(request,), allowed=REFUSED, must_answer=True, to_head=method == "HEAD")

    def _smuggled(self) -> Attack:
        inner = b"0\r\n\r\n" * self._dice.randrange(2) + post(self._targets.hidden, b"{}")
        framing = self._dice.choice(FRAMINGS) % self._dice.choice([0, 4, len(inner)])
        return Attack(pieces=(head(self._known(), framing) + inner,), ending=self._any_ending())

    def _upgrading(self) -> Attack:
        protocol = self._dice.choice([b"websocket", b"h2c", b"tcp", b"TLS/1.0", b"\xff"])
        header = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\nSec-WebSocket-Version: 13"
        tail = self._dice.choice([b"", post(self._targets.hidden, b"{}"), self._dice.randbytes(5000)])
        request = post(self._known(), self._dice.choice([b"", b"{}"]), header) + tail
        return Attack(pieces=(request,), ending=self._any_ending())

    # What is broken.

    def _malformed_line(self) -> Attack:
        line = self._dice.choice(LINES).format(path=f"/wiro/callback/{self._known()}")
        end = self._dice.choice(["\r\n", "\n", "\r"])
        request = f"{line}{end}Host: x{end}Content-Length: 0{end}{end}".encode()
        return Attack(pieces=(request,), ending=self._any_ending())

    def _malformed_headers(self) -> Attack:
        request = post(self._known(), b"{}", self._dice.choice(HEADERS))
        return Attack(pieces=self._in_pieces(request), ending=self._any_ending())

    def _many_headers(self) -> Attack:
        count = self._dice.choice([30, 200, 2000])
        headers = b"\r\n".join(b"X-%d: %d" % (number, number) for number in range(count))
        return Attack(pieces=(post(self._known(), b"{}", headers),), ending=self._any_ending())

    def _huge_header(self) -> Attack:
        size_bytes = self._dice.choice([1000, 10_000, 200_000])
        header = self._dice.choice([b"X: " + b"x" * size_bytes, b"x" * size_bytes + b": x"])
        return Attack(pieces=(post(self._known(), b"{}", header),), ending=self._any_ending())

    def _wrong_length(self) -> Attack:
        length = self._dice.choice(LENGTHS)
        request = head(self._known(), b"Content-Length: " + length.encode()) + b"{}"
        return Attack(pieces=(request,), ending=self._any_ending())

    def _wrong_chunks(self) -> Attack:
        request = head(self._known(), b"Transfer-Encoding: chunked") + self._dice.choice(CHUNKS)
        return Attack(pieces=self._in_pieces(request), ending=self._any_ending())

    def _absolute_uri(self) -> Attack:
        start = self._dice.choice(
            ["POST http://{}", "POST file://{}", "POST ://{}", "CONNECT {}:80 HTTP/1.1\r\nX: "]
        )
        start = start.format(self._dice.choice(HOSTS))
        request = post(self._known(), b"{}").replace(b"POST ", start.encode(), 1)
        return Attack(pieces=(request,), ending=self._any_ending())

    def _mutated(self) -> Attack:
        request = bytearray(post(self._known(), b'{"taskid":"1"}'))
        for _ in range(self._dice.randrange(1, 6)):
            place = self._dice.randrange(len(request))
            match self._dice.randrange(4):
                case 0:
                    request[place] = self._dice.randrange(256)
                case 1:
                    request.insert(place, self._dice.choice(b"\r\n\0 :%/\xff"))
                case 2:
                    del request[place]
                case _:
                    request[place:place] = request[place : place + 30]
        return Attack(pieces=(bytes(request),), ending=self._any_ending())

    def _cut_off(self) -> Attack:
        request = post(self._known(), self._body())
        request = request[: self._dice.randrange(min(len(request), 2000))]
        return Attack(pieces=self._in_pieces(request), ending=self._impatient_ending())

    def _noise(self) -> Attack:
        noise = self._dice.randbytes(self._dice.choice([1, 20, 3000]))
        return Attack(pieces=(noise,), ending=self._any_ending())

    # What it is made of.

    def _known(self) -> str:
        return self._dice.choice(self._targets.known)

    def _body(self) -> bytes:
        return forged_body(self._dice, self._targets.taskids)

    def _in_pieces(self, request: bytes) -> tuple[bytes, ...]:
        places = range(len(request) + 1)
        cuts = sorted(self._dice.sample(places, k=min(self._dice.choice([0, 0, 1, 5]), len(request))))
        return tuple(request[start:end] for start, end in itertools.pairwise([0, *cuts, len(request)]))

    def _any_ending(self) -> Ending:
        return self._dice.choice(["waits", "waits", "waits", self._impatient_ending()])

    def _impatient_ending(self) -> Ending:
        return self._dice.choice(["half_closes", "resets"])
