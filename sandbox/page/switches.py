"""What a person can let go wrong at Wiro, each switch by the rules that tests use, and undone exactly."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sandbox.wiro import CallbackScript, CallFault, Rule, SocketScript, TaskScript, WiroServer

SLOW_SECONDS = 30.0
SWITCHES = ("slow", "failing", "refusing", "lose_callbacks", "no_balance", "no_socket")
_BY_RULES = frozenset(SWITCHES) - {"no_balance"}
_CALLS = (
    "Run",
    "Task/Detail",
    "Task/List",
    "Task/Cancel",
    "Task/Kill",
    "Task/InputOutputDelete",
    "Tool/Detail",
)
_REFUSAL = 503


class Switches:
    """The switches of one Wiro.

    | switch | what it does |
    | --- | --- |
    | `slow` | tasks that are run from now on take half a minute |
    | `failing` | tasks that are run from now on end with a failure |
    | `refusing` | every call is answered 503 |
    | `lose_callbacks` | tasks that are run from now on call nobody back |
    | `no_balance` | there is no money on the account |
    | `no_socket` | WebSocket connections are ended and refused |
    """

    def __init__(self, wiro: WiroServer) -> None:
        self._wiro = wiro
        self._on = dict.fromkeys(SWITCHES, False)
        self._rules: list[int] = []
        self._withheld_usd = Decimal(0)

    @property
    def state(self) -> dict[str, bool]:
        """Which are on. Those whose rules are gone, with all others that stood at Wiro, are not."""
        stand = all(map(self._wiro.script.stands, self._rules))
        return {name: on and (stand or name not in _BY_RULES) for name, on in self._on.items()}

    async def turn(self, wanted: Mapping[str, object]) -> None:
        """Turn some on or off; raise ValueError, and do nothing, for a name or a value that is none."""
        for name, value in wanted.items():
            if name not in self._on or not isinstance(value, bool):
                raise ValueError(f"A switch is true or false, and one of {', '.join(SWITCHES)}.")
        before = self.state
        after = before | {name: value is True for name, value in wanted.items()}
        if after == before:
            return
        self._on = after
        for number in self._rules:
            self._wiro.script.remove(number)
        self._rules = [self._wiro.script.add(rule) for rule in self._wanted_rules()]
        self._move_balance()
        if self._on["no_socket"] and not before["no_socket"]:
            await self._wiro.drop_sockets(reset=True)

    def _wanted_rules(self) -> Iterator[Rule]:
        on = self._on
        if on["slow"] or on["failing"]:  # one rule, as of two only the first would hold
            seconds, pexit = SLOW_SECONDS if on["slow"] else None, "1" if on["failing"] else "0"
            yield Rule(call="task", do=TaskScript(seconds=seconds, pexit=pexit), times=None)
        if on["refusing"]:
            for call in _CALLS:
                yield Rule(call=call, do=CallFault(http_status=_REFUSAL), times=None)
        if on["lose_callbacks"]:
            yield Rule(call="callback", do=CallbackScript(lost=True), times=None)
        if on["no_socket"]:
            yield Rule(call="socket", do=SocketScript(http_status=_REFUSAL), times=None)

    def _move_balance(self) -> None:
        """Withhold what is on the account, or give it back; what was paid meanwhile stays paid."""
        balance = Decimal(str(self._wiro.balance_usd))
        if self._on["no_balance"] and not self._withheld_usd:
            self._withheld_usd = balance
            self._wiro.set_balance(0.0)
        elif not self._on["no_balance"] and self._withheld_usd:
            self._wiro.set_balance(float(balance + self._withheld_usd))
            self._withheld_usd = Decimal(0)
