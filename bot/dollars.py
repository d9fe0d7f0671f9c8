"""What Wiro bills, read from what Wiro wrote. Pure."""

import math


def dollars(written: str | None) -> float | None:
    """Return an amount of money; None for what is none: no number, not finite, or negative.

    Args:
        written: as Wiro wrote it and the bot keeps it.
    """
    try:
        amount = float(written or "")
    except ValueError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None
