import pytest

from sandbox.wiro import WiroConfig
from sandbox.wiro.signing import signature_of
from tests.sandbox.wiro_support import RUN, Caller, wiro

UNKNOWN_KEY = "Project authorization is not founded."
UNSIGNED = "Project requires signature authentication. x-signature and x-nonce headers are required."
WRONG = "Project authorization is not valid."


async def refusal(at: Caller, **changes: str | None) -> tuple[int, str]:
    """Run with changed headers (None: left out), and give HTTP status and message."""
    names = {"key": "x-api-key", "nonce": "x-nonce", "signature": "x-signature"}
    headers: dict[str, str] = at.headers()
    for name, value in changes.items():
        headers.pop(names[name], None)
        if value is not None:
            headers[names[name]] = value
    async with at.session.post(at.server.api_base + RUN, json={"prompt": "x"}, headers=headers) as answer:
        body = await answer.json()
        assert body["result"] is False
        (error,) = body["errors"]
        assert error["code"] == 0
        return answer.status, error["message"]


def test_the_reference_vector() -> None:
    """The signature is the one that Wiro's reference gives for its example."""
    expected = "3942bd00ade49d5c77602b18406c38804c6a74d07ee099de1a4997c6c90c4423"
    assert signature_of("demo-key", "demo-secret", "1734513807") == expected


@pytest.mark.parametrize("key", [None, "another", "sandbox-wiro-ke", "clé"])
async def test_an_unknown_key_is_refused(key: str | None) -> None:
    """A call without the project's key is answered with 401 and Wiro's message."""
    async with wiro() as at:
        assert await refusal(at, key=key) == (401, UNKNOWN_KEY)


@pytest.mark.parametrize("missing", ["nonce", "signature"])
async def test_a_missing_signature_is_refused(missing: str) -> None:
    """A signature-based project wants nonce and signature."""
    async with wiro() as at:
        assert await refusal(at, **{missing: None}) == (401, UNSIGNED)


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "0" * 64},
        {"signature": "é"},
        {"nonce": "31337"},
        {"nonce": "1", "signature": signature_of("sandbox-wiro-key", "another", "1")},
        {"nonce": "1", "signature": signature_of("sandbox-wiro-key", "sandbox-wiro-secret", "1").upper()},
    ],
)
async def test_a_wrong_signature_is_refused(changes: dict[str, str]) -> None:
    """A signature must be made of this nonce and this secret, in lower case."""
    async with wiro() as at:
        assert await refusal(at, **changes) == (401, WRONG)


async def test_a_key_only_project_takes_no_signature() -> None:
    """Without a secret the key alone opens the door, and nothing else does."""
    async with wiro(api_secret=None) as at:
        assert (await at.run())["result"] is True
        assert await refusal(at, key="another") == (401, UNKNOWN_KEY)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Python-urllib/3.11",
        "Python/3.11 aiohttp/3.14.5",
        "python-requests/2.32",
        "node-fetch/1.0 (+https://x)",
    ],
)
async def test_the_edge_refuses_anonymous_libraries(agent: str) -> None:
    """A library's default User-Agent, or none, gets a page of HTML with 403, whoever signs."""
    async with wiro() as at:
        headers = at.headers() | {"User-Agent": agent}
        async with at.session.post(at.server.api_base + RUN, json={}, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (403, "text/html")
            assert "403" in await answer.text()


async def test_no_user_agent_at_all_is_refused() -> None:
    """A request that does not name its sender is refused like an anonymous library."""
    async with wiro() as at:
        headers = at.headers()
        del headers["User-Agent"]
        skip = ["User-Agent"]
        url = at.server.api_base + RUN
        async with at.session.post(url, json={}, headers=headers, skip_auto_headers=skip) as answer:
            assert answer.status == 403


def test_secrets_are_masked() -> None:
    """Neither the key nor the secret is shown by a configuration's repr."""
    shown = repr(WiroConfig(api_key="my-key", api_secret="my-secret"))
    assert "my-key" not in shown
    assert "my-secret" not in shown
