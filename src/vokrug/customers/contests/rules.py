"""The ladder: the first rung on which two people differ says who should have what both want."""

from collections.abc import Sequence

from vokrug.customers.contests.types import Advice, Standing
from vokrug.customers.types import Rung


def advise(ladder: Sequence[Rung], holder: Standing, claimant: Standing) -> Advice:
    for rung in ladder:
        if rung is Rung.LATEST_WORD:
            words = holder.last_word, claimant.last_word
            if words[0] != words[1] and words[1] is not None:
                return Advice(words[0] is None or words[1] > words[0], rung)
        elif (rung in holder.rungs) != (rung in claimant.rungs):
            return Advice(rung in claimant.rungs, rung)
    return Advice(None, None)
