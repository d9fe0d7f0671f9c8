"""The account that pays: its balance, and how many tasks it may run at once.

Source: Wiro's reference, Answers, Concurrency.
"""

from decimal import Decimal

from sandbox.wiro.envelope import BALANCE_TOO_LOW, TOO_MANY_TASKS, CallError

_UNLIMITED_ABOVE_USD = 250
_TASKS_PER_USD = Decimal("0.10")


class Account:
    """A balance in dollars, of which open tasks hold a part until they end."""

    def __init__(self, balance_usd: float) -> None:
        self._balance = Decimal(str(balance_usd))
        self._held = Decimal(0)
        self._open = 0

    @property
    def balance_usd(self) -> float:
        """What is there, the held part included."""
        return float(self._balance)

    @balance_usd.setter
    def balance_usd(self, balance_usd: float) -> None:
        self._balance = Decimal(str(balance_usd))

    @property
    def limit(self) -> int | None:
        """How many tasks may be open at once; None: any number."""
        if self._balance > _UNLIMITED_ABOVE_USD:
            return None
        return max(1, int(self._balance * _TASKS_PER_USD))

    def open(self, price: Decimal) -> None:
        """Hold the price of a task that is to start. Raises CallError for one too many or too dear."""
        limit = self.limit
        if limit is not None and self._open >= limit:
            raise CallError(TOO_MANY_TASKS, f"you can run up to {limit} tasks at the same time")
        if self._balance - self._held < price:
            raise CallError(BALANCE_TOO_LOW, "Insufficient balance.")
        self._open += 1
        self._held += price

    def close(self, price: Decimal, *, pay: bool) -> None:
        """Let go of what was held for a task that has ended, or take it from the balance."""
        self._open -= 1
        self._held -= price
        if pay:
            self._balance -= price
