"""Who pays how much of what an offer gave."""

from collections.abc import Sequence

from vokrug.kernel import share_out


def shares_of(amount: int, funders: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """An amount by basis points, to the last kopeck; who would get nothing is not named."""
    if len(funders) == 1:
        return ((funders[0][0], amount),) if amount else ()
    parts = share_out(amount, [share_bp for _, share_bp in funders])
    return tuple((funder, part) for (funder, _), part in zip(funders, parts, strict=True) if part)
