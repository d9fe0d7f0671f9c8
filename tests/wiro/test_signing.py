import pytest

from bot.wiro.signing import Credentials, headers


def test_signature_is_the_published_one() -> None:
    """The test vector of the reference holds."""
    signed = headers(Credentials("demo-key", "demo-secret"), "1734513807")
    assert signed == {
        "x-api-key": "demo-key",
        "x-nonce": "1734513807",
        "x-signature": "3942bd00ade49d5c77602b18406c38804c6a74d07ee099de1a4997c6c90c4423",
    }


@pytest.mark.parametrize("secret", [None, ""])
def test_key_only_project_sends_the_key_alone(secret: str | None) -> None:
    """Without a secret there is neither nonce nor signature."""
    assert headers(Credentials("demo-key", secret), "1") == {"x-api-key": "demo-key"}


def test_signature_covers_secret_and_nonce() -> None:
    """Another secret or another nonce gives another signature."""
    given = [("s", "1"), ("s", "2"), ("t", "1")]
    signatures = {headers(Credentials("k", secret), nonce)["x-signature"] for secret, nonce in given}
    assert len(signatures) == len(given)


def test_secret_outside_ascii_is_signed() -> None:
    """Key and secret of any letters are signed as UTF-8, not refused."""
    assert len(headers(Credentials("schlüssel", "пароль"), "1")["x-signature"]) == 64


def test_credentials_are_masked() -> None:
    """Neither `repr` nor `str` shows key or secret."""
    shown = f"{Credentials('demo-key', 'demo-secret')!r} {Credentials('demo-key', 'demo-secret')}"
    assert "demo" not in shown
    assert repr(Credentials("demo-key")) == "Credentials(key-only)"
