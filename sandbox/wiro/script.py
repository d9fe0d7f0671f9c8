"""The script: rules that say for which call or task a behaviour applies, and how often.

Of several rules that fit, the one added first applies. Rules for `task` and `callback` are looked up when Run
is accepted, the others when the request comes; an API call's only if it may call. Over HTTP a rule is JSON:

    {"call": "Run", "do": {"http_status": 503, "after_effect": true}, "times": 2, "prompt_contains": "fox"}
"""

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from sandbox.wiro.behaviours import Behaviour, CallbackScript, CallFault, SocketScript, TaskScript

_BEHAVIOURS: Mapping[str, type[Behaviour]] = {
    "Run": CallFault,
    "Task/Detail": CallFault,
    "Task/List": CallFault,
    "Task/Cancel": CallFault,
    "Task/Kill": CallFault,
    "Task/InputOutputDelete": CallFault,
    "Tool/Detail": CallFault,
    "file": CallFault,
    "task": TaskScript,
    "callback": CallbackScript,
    "socket": SocketScript,
}
_MAX_RULES = 10_000

B = TypeVar("B", CallFault, TaskScript, CallbackScript, SocketScript)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a behaviour is for. Raises ValueError where the parts do not fit together."""

    call: str
    """A call of the API, `file`, `task`, `callback` or `socket`."""
    do: Behaviour
    """The kind of behaviour that belongs to the call."""
    times: int | None = 1
    """How often it applies; None: for ever."""
    prompt_contains: str | None = None
    """A text that the prompt of the task in question must hold; None: any task, or none."""

    def __post_init__(self) -> None:
        """Check what belongs together."""
        kind = _behaviour_of(self.call)
        if not isinstance(self.do, kind):
            raise ValueError(f"a rule for {self.call} takes a {kind.__name__}")  # noqa: TRY004 - as all mistakes in a rule
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or null for ever")

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Rule":
        """Read a rule. Raises ValueError that says what is wrong."""
        kind = _behaviour_of(str(data.get("call")))
        behaviour = data.get("do")
        if isinstance(behaviour, dict):
            return cls(**_checked(cls, {**data, "do": kind(**_checked(kind, behaviour))}))
        raise ValueError(f"do must be an object with the fields of a {kind.__name__}")

    def fits(self, call: str, prompt: str | None) -> bool:
        """Say whether the rule is about a call, made for a task with that prompt (None: for no task)."""
        if self.call != call:
            return False
        return self.prompt_contains is None or (prompt is not None and self.prompt_contains in prompt)


class Script:
    """The rules that stand, in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: dict[int, Rule] = {}
        self._used: dict[int, int] = {}
        self._added = 0

    def add(self, rule: Rule) -> int:
        """Let a rule stand, and give its number. Raises ValueError where 10,000 do already."""
        if len(self._rules) >= _MAX_RULES:
            raise ValueError(f"there are {_MAX_RULES} rules already")
        self._added += 1
        self._rules[self._added] = rule
        self._used[self._added] = 0
        return self._added

    def remove(self, number: int) -> None:
        """Forget a rule by its number; one that is gone already is none."""
        self._rules.pop(number, None)
        self._used.pop(number, None)

    def stands(self, number: int) -> bool:
        """Say whether a rule may still apply."""
        return number in self._rules

    def clear(self) -> None:
        """Forget every rule."""
        self._rules.clear()
        self._used.clear()

    def fault(self, call: str, prompt: str | None) -> CallFault:
        """Give what is to become of a call."""
        return self._take(call, prompt, CallFault)

    def task(self, prompt: str) -> TaskScript:
        """Give how a task is to go."""
        return self._take("task", prompt, TaskScript)

    def callback(self, prompt: str) -> CallbackScript:
        """Give how a task's callback is to be made."""
        return self._take("callback", prompt, CallbackScript)

    def socket(self) -> SocketScript:
        """Give how a connection is to go."""
        return self._take("socket", None, SocketScript)

    def _take(self, call: str, prompt: str | None, kind: type[B]) -> B:
        """Use the first rule that fits, and forget it after its last time; without one, nothing is odd."""
        for number, rule in self._rules.items():
            if rule.fits(call, prompt) and isinstance(rule.do, kind):
                self._used[number] += 1
                if self._used[number] == rule.times:
                    del self._rules[number], self._used[number]
                return rule.do
        return kind()


def _behaviour_of(call: str) -> type[Behaviour]:
    if call not in _BEHAVIOURS:
        raise ValueError(f"call must be one of {', '.join(_BEHAVIOURS)}")
    return _BEHAVIOURS[call]


def _checked(kind: type[Rule] | type[Behaviour], data: Mapping[str, object]) -> dict[str, Any]:
    """Give JSON that has only fields of a dataclass, and of the right types. Raises ValueError."""
    hints = typing.get_type_hints(kind)
    known = [one.name for one in fields(kind)]
    for name, value in data.items():
        if name not in known:
            raise ValueError(f"{kind.__name__} has no {name}; it has {', '.join(known)}")
        if not _fits(value, hints[name]):
            raise ValueError(f"{name} cannot be {value!r}")
    return dict(data)


def _fits(value: object, hint: object) -> bool:
    """Say whether a value is of a field's type; a float is a number of seconds here."""
    if typing.get_origin(hint) is Literal:
        return value in typing.get_args(hint)
    if isinstance(hint, types.UnionType):
        return any(_fits(value, one) for one in typing.get_args(hint))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(hint, type) and isinstance(value, hint)
