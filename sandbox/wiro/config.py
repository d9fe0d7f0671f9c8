"""What a sandboxed Wiro is made with."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class WiroConfig:
    """The project that calls, its account, and how the server behaves where nothing is scripted."""

    api_key: str = field(default="sandbox-wiro-key", repr=False)
    api_secret: str | None = field(default="sandbox-wiro-secret", repr=False)
    """None makes the project key-only."""
    balance_usd: float = 1000.0
    """Up to 250 dollars, it also limits how many tasks run at once."""
    seconds: float = 0.0
    """How long a task takes from its queue to its end, drawing not counted."""
    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    echo_callback_url: bool = True
    """Whether the `parameters` of a task hold the callbackUrl that it was run with."""
    callback_pause_seconds: float = 2.0
    """Between two attempts of a callback. Source: Wiro's reference, Callback."""
    callback_timeout_seconds: float = 10.0
    """How long an attempt waits for its answer."""
    clock_ahead_seconds: float = 0.0
    """How far the time in its answers' `Date` is ahead of the machine's."""
    published: Mapping[str, Mapping[str, object] | None] = field(default_factory=dict)
    """What Tool/Detail says otherwise: fields of inputs by their names; None leaves an input out."""
