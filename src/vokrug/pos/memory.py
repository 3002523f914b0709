"""What a process knows of the promises it made a moment ago, so that their commits need not ask.

Nothing here is trusted: the write compares every wallet's version, every hold's state, every shopper's sum and
every check's revision with what is there, and where one differs the batch is decided again on what it reads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

from vokrug import ledger
from vokrug.pos.document import Document
from vokrug.pos.rules import Promise

MOST = 4_096  # promises, about 5 KB each
TRUSTED_FOR_S = 120.0  # a shopper pays within a minute or two; later the promise is read


@dataclass
class Memory:
    promises: dict[UUID, tuple[Promise, float]] = field(default_factory=dict)  # with the end of our trust
    wallets: dict[int, ledger.Wallet] = field(default_factory=dict)

    def keep(self, promise: Promise) -> None:
        """What is not fetched soon makes room."""
        if len(self.promises) >= MOST:
            self.promises.pop(next(iter(self.promises)))
        self.promises[promise.check_id] = (promise, monotonic() + TRUSTED_FOR_S)

    def saw(self, wallets: Iterable[ledger.Wallet]) -> None:
        """Wallets as they are now."""
        for wallet in wallets:
            known = self.wallets.pop(wallet.id, None)
            self.wallets[wallet.id] = known if known is not None and is_newer(known, wallet) else wallet
        while len(self.wallets) > MOST:
            self.wallets.pop(next(iter(self.wallets)))

    def promise(self, check_id: UUID, now: datetime) -> Promise | None:
        """The promise with its wallet as it is now, as far as we know."""
        promise, until_s = self.promises.get(check_id, (None, 0.0))
        if promise is None or until_s < monotonic():
            return None
        if promise.wallet is not None:
            wallet = promise.wallet = self.wallets.get(promise.wallet.id, promise.wallet)
            if wallet.overdue or (wallet.next_due is not None and wallet.next_due <= now):
                return None  # a hold has run out: there is something to tidy up
        return promise

    def document(self, check_id: UUID) -> tuple[int, Document] | None:
        """The revision and its document: those never change."""
        promise, _ = self.promises.get(check_id, (None, 0.0))
        return None if promise is None else (promise.rev, promise.document)

    def customer(self, check_id: UUID) -> int | None:
        promise, _ = self.promises.get(check_id, (None, 0.0))
        return None if promise is None else promise.customer_number

    def drop(self, check_id: UUID) -> None:
        self.promises.pop(check_id, None)

    def doubt(self, checks: Iterable[UUID], wallets: Iterable[int]) -> None:
        """Somebody was faster: of these only the documents are still good."""
        for check_id in checks:
            if (known := self.promises.get(check_id)) is not None:
                self.promises[check_id] = (known[0], 0.0)
        for wallet_id in wallets:
            self.wallets.pop(wallet_id, None)


def is_newer(one: ledger.Wallet, other: ledger.Wallet) -> bool:
    return one.changed_at is not None and (other.changed_at is None or one.changed_at > other.changed_at)
