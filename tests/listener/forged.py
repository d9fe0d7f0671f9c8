"""Bodies that somebody who learned a callback's address may send."""

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from random import Random

BODY_BYTES = 64 * 1024

_BOMB = b"\0" * 10_000_000
_BOMBS = {"gzip": gzip.compress(_BOMB), "deflate": zlib.compress(_BOMB)}


def success_of(taskid: str) -> bytes:
    """Claim that a task succeeded, as Task/Detail would say it."""
    output = {"id": "1", "name": "0.png", "contenttype": "image/png", "url": "https://example.com/0.png"}
    task = {
        "id": taskid,
        "socketaccesstoken": "forged",
        "status": "task_postprocess_end",
        "pexit": "0",
        "totalcost": "999.0",
        "outputs": [output],
    }
    return json.dumps({"total": "1", "errors": [], "tasklist": [task], "result": True}).encode()


def forged_body(dice: Random, taskids: Sequence[str]) -> bytes:
    """Return a body that lies, or that nobody can read."""
    taskid = dice.choice([*taskids, "0", "-1", "9" * 400, "\ud800", "' OR 1=1 --", "\0"])
    makers: list[Callable[[], bytes]] = [
        lambda: success_of(taskid),
        lambda: json.dumps({"taskid": taskid, "status": "task_cancel"}).encode(),
        lambda: json.dumps({"data": {"id": taskid}, "result": False}).encode(),
        lambda: b"[" * 10_000 + b"]" * 10_000,
        lambda: b'{"tasklist":' * 10_000,
        lambda: b"1" * BODY_BYTES,
        lambda: b'{"id":' + b"1" * (BODY_BYTES - 7) + b"}",
        lambda: b'{"id":1e999,"taskid":-0.0}',
        lambda: b'{"tasklist":[[[]],null],"data":7}',
        lambda: b"not json",
        lambda: b"",
        lambda: b"\0" * dice.randrange(200),
        lambda: b"\xff\xfe\xed\xa0\x80" * 20,
        lambda: dice.randbytes(dice.randrange(2000)),
    ]
    return dice.choice(makers)()


def bomb(dice: Random) -> tuple[str, bytes]:
    """Return a content encoding and a body that claims it: small here, ten megabytes there, or broken."""
    encoding = dice.choice([*_BOMBS, "br", "zstd"])
    body = _BOMBS.get(encoding, dice.randbytes(300))
    return encoding, body[: dice.choice([len(body), len(body), dice.randrange(1, len(body))])]
