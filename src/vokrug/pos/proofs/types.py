"""Nouns of proofs."""

from dataclasses import dataclass
from datetime import timedelta

from vokrug import accounts
from vokrug.pos.baskets import amount
from vokrug.pos.proofs.schemas import BurnProof, Method, WithoutReceipt
from vokrug.runtime.http import Services

# A proof is good for its check for so long: longer than a price is promised, shorter than anybody waits to misuse it.
PROOF_LIFE = timedelta(minutes=30)
TICKET_LIFE = timedelta(minutes=5)  # between the QR at the till and the check that burns


@dataclass(frozen=True, slots=True)
class Demand:
    """A programme's burn proof, ready for use."""

    needed_from_minor: int
    methods: tuple[Method, ...]
    attempts: int
    lifetime: timedelta
    resend_after: timedelta
    codes_a_day: int
    till_hourly: int
    free_a_day_minor: int | None = None

    @classmethod
    def of(cls, given: BurnProof | None) -> "Demand | None":
        if given is None:
            return None
        return cls(
            amount(given.needed_from, "needed_from"),
            tuple(dict.fromkeys(given.methods)),
            given.attempts,
            timedelta(seconds=given.lifetime_s),
            timedelta(seconds=given.resend_after_s),
            given.codes_a_day,
            given.till_hourly,
            None if given.free_a_day is None else amount(given.free_a_day, "free_a_day"),
        )

    def asks(self, burn_minor: int) -> str:
        """Does such a burn take the shopper's word: no, "needed", or "counted": it hangs on what burned lately."""
        if burn_minor <= 0:
            return ""
        if burn_minor >= self.needed_from_minor:
            return "needed"
        return "" if self.free_a_day_minor is None else "counted"


@dataclass(frozen=True, slots=True)
class Unreceipted:
    """On which terms goods come back without a receipt."""

    days: int
    most_minor: int

    @classmethod
    def of(cls, given: WithoutReceipt | None) -> "Unreceipted | None":
        return None if given is None else cls(given.days, amount(given.most, "most"))


@dataclass(frozen=True, slots=True)
class Meters:
    """What counts messages and guesses, shared with signing in: pumping through two doors is pumping."""

    keys: accounts.AccountKeys
    policy: accounts.Policy

    @classmethod
    def of(cls, services: Services) -> "Meters":
        return cls(services.get(accounts.Provider).keys, services.get(accounts.SignInSettings).policy)
