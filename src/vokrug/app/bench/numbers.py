"""Small arithmetic of measurements."""

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return float(ordered[min(len(ordered) - 1, int(share * len(ordered)))])


def ratio(a: float, b: float) -> float:
    return a / b if b else 0.0
