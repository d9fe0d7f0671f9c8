import json

import pytest

from sandbox.page.calls import describe
from sandbox.page.outgoing import veil
from sandbox.wiro import Exchange

CDN = "http://127.0.0.1:8000"
clean = veil(["key-1", None, "secret-2"], CDN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"content": "my key-1 and secret-2"}', '{"content": "my ••• and •••"}'),
        ('{"socketaccesstoken": "abc"}', '{"socketaccesstoken": "•••"}'),
        ('{"tasktoken":"abc","a":1}', '{"tasktoken":"•••","a":1}'),
        (
            '{"callbackUrl": "https://bot.example/x/abc?y=1"}',
            '{"callbackUrl": "https://bot.example/x/•••?y=1"}',
        ),
        ('{"callbackUrl": "abc"}', '{"callbackUrl": "•••"}'),
        (
            '{"path": "http://127.0.0.1:1/wiro/callback/abc"}',
            '{"path": "http://127.0.0.1:1/wiro/callback/•••"}',
        ),
        ('"/api/v10/interactions/12/a-b_c/callback"', '"/api/v10/interactions/12/•••/callback"'),
        ('"/api/v10/webhooks/12/a-b_c/messages/@original"', '"/api/v10/webhooks/12/•••/messages/@original"'),
        (f'{{"url": "{CDN}/attachments/1/2/a.png"}}', '{"url": "/files/1/2/a.png"}'),
        ('{"content": "interactions/12 and webhooks"}', '{"content": "interactions/12 and webhooks"}'),
        ('{"url": "http://127.0.0.1:80/attachments/1"}', '{"url": "http://127.0.0.1:80/attachments/1"}'),
    ],
)
def test_secrets_and_addresses_of_files(text: str, shown: str) -> None:
    """What is secret is masked wherever it stands, files get the page's address, and the rest stays."""
    assert clean(text) == shown


def test_the_address_of_any_bots_callback_is_masked() -> None:
    """Wherever a bot wants to be called back, the last part of the address is its secret."""
    url = "https://bot.example/hooks/abc"
    call = Exchange(call="callback", path=url, taskid="1", status=200, headers={})
    assert describe(call, 1)["path"] == "https://bot.example/hooks/•••"


def test_what_is_too_long_is_cut() -> None:
    """However much is sent to Wiro, the panel is told a bounded part of it."""
    fields = {f"field-{number}": "x" * 10_000 for number in range(1000)}
    call = Exchange(
        call="Run",
        path="/" + "x" * 10_000,
        taskid=None,
        status=200,
        headers={"a": "x" * 10_000},
        body={"prompt": ["x" * 10_000], **fields},
        answer=b'{"errors": "' + b"x" * 100_000 + b'"}',
    )
    assert len(json.dumps(describe(call, 1))) < 20_000


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff", b"[" * 50_000, b'{"tasklist": [1]}', b'{"tasklist": {}}']
)
def test_an_answer_of_any_kind_is_described(data: bytes) -> None:
    """Neither an answer nor the body of a callback has to be what it should be."""
    for exchange in (
        Exchange(call="Run", path="/", taskid=None, status=0, headers={}, answer=data),
        Exchange(call="callback", path="", taskid=None, status=0, headers={}, body=data),
    ):
        assert describe(exchange, 1)["status"] == 0
