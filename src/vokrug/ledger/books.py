"""The books in memory: what was read of wallets, what an operation changes, what has to be written.

An operation is decided here, in plain Python. Whether the wallets were locked before they were read
(one document alone) or the write checks that nobody was faster (a batch of many tills' documents),
the decision is made by the very same lines. One set of books changes a customer's wallets for one
document only; an operation that is refused half way leaves books that are thrown away.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from vokrug.ledger import errors
from vokrug.ledger.types import FOREVER, FreeLot, Grant, Hold, Journal, Movement, Wallet, is_kept, unit_of

TICK = timedelta(microseconds=1)
Taken = list[tuple[int, int, int]]  # lot id, amount, funder


class Books:
    """A working set. `now` is the database's time, read after the wallets."""

    def __init__(
        self, now: datetime, wallets: Iterable[Wallet], ids: Iterator[int], holds: Iterable[Hold] = ()
    ) -> None:
        self.now = now
        self.ids = ids
        self.wallets = {wallet.id: wallet for wallet in wallets}
        self.holds = {hold.id: hold for hold in holds}
        self.changed: dict[int, datetime | None] = {}  # wallet id → the version the write expects
        self.closings: list[Wallet] = []  # closed or reopened
        self.journals: list[Journal] = []
        self.movements: list[Movement] = []
        self.new_lots: list[tuple[Any, ...]] = []
        self.lot_changes: dict[tuple[int, int], list[int]] = {}  # (wallet, lot) → remaining, held
        self.lot_moves: list[tuple[Any, ...]] = []
        self.new_holds: list[Hold] = []
        self.changed_holds: dict[int, Hold] = {}
        self.deltas: dict[tuple[int, date, date], list[int]] = {}
        self._legs = 0  # of the journal that was opened last, as is
        self._today = now.astimezone(UTC).date()
        self._days = (self._today, self._today)

    # Wallets

    def wallet(self, wallet_id: int) -> Wallet:
        found = self.wallets.get(wallet_id)
        if found is None:
            raise errors.WalletUnknown(wallet=wallet_id)
        return found

    def add(self, wallet: Wallet) -> Wallet:
        """A wallet that is not on disk yet: it is written with its first change."""
        self.wallets[wallet.id] = wallet
        return wallet

    def touch(self, *wallets: Wallet | None) -> datetime:
        """The moment of a change: now, but later than any earlier change of these wallets."""
        at = self.now
        for wallet in wallets:
            if wallet is not None:
                if wallet.id not in self.changed:
                    self.changed[wallet.id] = wallet.changed_at
                if wallet.changed_at is not None and wallet.changed_at >= at:
                    at = wallet.changed_at + TICK
        for wallet in wallets:
            if wallet is not None:
                wallet.changed_at = at
        return at

    # Journals and movements

    def open_journal(
        self,
        kind: str,
        *,
        home: int = 0,
        effective_at: datetime | None = None,
        document: UUID | None = None,
        reverses: int | None = None,
        facts: dict[str, Any] | None = None,
    ) -> Journal:
        effective_at = self.now if effective_at is None else effective_at
        journal = Journal(
            id=next(self.ids),
            home=home,
            kind=kind,
            effective_at=(self.now if effective_at is None else effective_at).astimezone(
                UTC
            ),  # days of summed wallets are UTC's
            recorded_at=self.now,
            document=document,
            reverses=reverses,
            facts=facts,
        )
        self.journals.append(journal)
        self._legs = 0
        self._days = (journal.effective_at.date(), self._today)
        return journal

    def move(
        self,
        journal: Journal,
        debit: int,
        credit: int,
        amount: int,
        *,
        grant: Grant | None = None,
        taken: Taken | None = None,
        restore: Taken | None = None,
        force: bool = False,
        even_closed: bool = False,
    ) -> Taken:
        """Move value. Of a wallet with lots, `taken` says which lots give (None: in burn order) and
        `restore` or `grant` what the receiving wallet's lots become. Answers the lots taken.
        `even_closed` is for what time does by itself: points lapse on a closed wallet too.
        """
        require_joinable(debit, credit)
        giver = self.wallet(debit) if is_kept(debit) else None
        taker = self.wallet(credit) if is_kept(credit) else None
        if giver is None and taker is None:
            return self._note(journal, debit, credit, amount) if amount else []
        if not even_closed:
            self._require_open(giver, taker)
        if amount == 0:
            return []
        if giver is not None:
            taken = self._debit(giver, amount, taken, force=force)
        if taker is not None:
            self._credit(taker, amount, force=force)
        at = self.touch(giver, taker)
        leg = self._legs
        self._legs += 1
        assert leg < 256, "a lot's id has room for 256 legs of a journal"
        self.movements.append(
            Movement(
                journal.id,
                leg,
                journal.home,
                debit,
                credit,
                amount,
                at,
                None if giver is None else giver.balance,
                None if taker is None else taker.balance,
            )
        )
        self._sum_up(debit, debits=amount)
        self._sum_up(credit, credits=amount)
        if giver is not None and giver.has_lots:
            self._lots_give(giver, taken or [], journal, leg, at)
        if taker is not None and taker.has_lots:
            if restore is None:
                self._lot_opens(taker, amount, grant or Grant(amount), journal, leg, at)
            else:
                self._lots_get_back(taker, amount, restore, journal, leg, at, grant)
        return taken or []

    def _note(self, journal: Journal, debit: int, credit: int, amount: int) -> Taken:
        """A movement between summed wallets: nobody's balance is kept."""
        leg = self._legs
        self._legs += 1
        assert leg < 256, "a lot's id has room for 256 legs of a journal"
        self.movements.append(Movement(journal.id, leg, journal.home, debit, credit, amount, self.now, None, None))
        self._sum_up(debit, debits=amount)
        self._sum_up(credit, credits=amount)
        return []

    def _require_open(self, *wallets: Wallet | None) -> None:
        for wallet in wallets:
            if wallet is not None and wallet.is_closed(self.now):
                raise errors.WalletClosed(wallet=wallet.code)

    def _debit(self, giver: Wallet, amount: int, taken: Taken | None, *, force: bool) -> Taken | None:
        if giver.has_lots:
            if taken is None:
                if not force:
                    require_lots(giver, amount)
                taken = choose_lots(giver.lots, amount)
            giver.debits += amount
            missing = amount - sum(part for _, part, _ in taken)
            if missing and not force:
                raise errors.InsufficientFunds(missing=missing)
            giver.debt += missing
            return taken
        giver.debits += amount
        if giver.guard == "d" and (short := overspent(giver) - giver.debt) > 0:
            if not force:
                raise errors.InsufficientFunds(missing=short)
            giver.debt += short
        forgive(giver)
        return None

    def _credit(self, taker: Wallet, amount: int, *, force: bool) -> None:
        taker.credits += amount
        if taker.guard == "c" and (over := overspent(taker) - taker.debt) > 0:
            if not force:
                raise errors.InsufficientFunds(missing=over)
            taker.debt += over
        forgive(taker)

    def _sum_up(self, wallet_id: int, *, debits: int = 0, credits: int = 0) -> None:
        if is_kept(wallet_id):
            return
        key = (wallet_id, *self._days)
        total = self.deltas.get(key)
        if total is None:
            self.deltas[key] = [debits, credits]
        else:
            total[0] += debits
            total[1] += credits

    # Lots

    def next_lot_id(self, journal: Journal) -> int:
        """The lot that the journal's next movement would open."""
        return journal.id << 8 | self._legs

    def _lots_give(self, wallet: Wallet, taken: Taken, journal: Journal, leg: int, at: datetime) -> None:
        for lot_id, part, _ in taken:
            self._change_lot(wallet.id, lot_id, remaining=-part)
            self.lot_moves.append((wallet.id, lot_id, journal.id, leg, -part, at))
        by_id = {lot_id: part for lot_id, part, _ in taken}
        for lot in wallet.lots:
            lot.free -= by_id.get(lot.id, 0)

    def _lot_opens(
        self, wallet: Wallet, amount: int, grant: Grant, journal: Journal, leg: int, at: datetime, *, used: int = 0
    ) -> None:
        """A lot for what arrives. `used` went elsewhere already, and a debt is paid before anything is left."""
        lot_id = journal.id << 8 | leg
        owed = min(wallet.debt, amount - used)
        wallet.debt -= owed
        # A till whose clock runs ahead must not keep its shopper waiting for the points just earned.
        earned_at = grant.earned_at or min(journal.effective_at, self.now)
        active_from = grant.active_from or earned_at
        left = amount - used - owed
        self.new_lots.append(
            (wallet.id, lot_id, amount, left, 0, left > 0)
            + (grant.priority, grant.funder, earned_at, active_from, grant.expires_at)
        )
        if left < amount:
            self.lot_moves.append((wallet.id, lot_id, journal.id, leg, left - amount, at))

    def _lots_get_back(
        self, wallet: Wallet, amount: int, restore: Taken, journal: Journal, leg: int, at: datetime, grant: Grant | None
    ) -> None:
        """Points come back to the very lots they were taken from; a debt is paid first. What was never in
        a lot was owed, and if that debt is paid meanwhile, it comes back as a lot of its own.
        """
        in_lots = sum(part for _, part, _ in restore)
        if amount - in_lots > wallet.debt:
            self._lot_opens(wallet, amount, grant or Grant(amount), journal, leg, at, used=in_lots)
        else:
            wallet.debt -= amount - in_lots
        owed = min(wallet.debt, in_lots)
        wallet.debt -= owed
        for lot_id, part, _ in restore:
            paid = min(owed, part)
            owed -= paid
            if part > paid:
                self._change_lot(wallet.id, lot_id, remaining=part - paid)
                self.lot_moves.append((wallet.id, lot_id, journal.id, leg, part - paid, at))

    def _change_lot(self, wallet_id: int, lot_id: int, *, remaining: int = 0, held: int = 0) -> None:
        change = self.lot_changes.setdefault((wallet_id, lot_id), [0, 0])
        change[0] += remaining
        change[1] += held

    # Holds

    def place_hold(
        self,
        journal: Journal,
        debit: int,
        credit: int,
        amount: int,
        *,
        asked: int | None = None,
        deadline: datetime = FOREVER,
    ) -> Hold:
        """Set value aside. It counts against what may be spent from this moment on."""
        require_joinable(debit, credit)
        giver = self.wallet(debit)
        taker = self.wallet(credit) if is_kept(credit) else None
        self._require_open(giver, taker)
        taken: Taken = []
        if giver.has_lots:
            require_lots(giver, amount)
            taken = choose_lots(giver.lots, amount)
        giver.debits_held += amount
        if giver.guard == "d" and (short := overspent(giver) - giver.debt) > 0:
            raise errors.InsufficientFunds(missing=short)
        if taker is not None:
            taker.credits_held += amount
            if taker.guard == "c" and (over := overspent(taker) - taker.debt) > 0:
                raise errors.InsufficientFunds(missing=over)
        at = self.touch(giver, taker)
        for wallet in (giver, taker):
            if wallet is not None and (wallet.next_due is None or deadline < wallet.next_due):
                wallet.next_due = deadline
        for lot_id, part, _ in taken:
            self._change_lot(giver.id, lot_id, held=part)
        by_id = {lot_id: part for lot_id, part, _ in taken}
        for lot in giver.lots:
            lot.free -= by_id.get(lot.id, 0)
        hold = Hold(
            id=journal.id,
            home=journal.home,
            debit=debit,
            credit=credit,
            asked=amount if asked is None else asked,
            amount=amount,
            captured=0,
            state="o",
            opened_at=at,
            deadline=deadline,
            lot_ids=[lot_id for lot_id, _, _ in taken],
            lot_amounts=[part for _, part, _ in taken],
            lot_funders=[funder for _, _, funder in taken],
            document=journal.document,
        )
        self.new_holds.append(hold)
        self.holds[hold.id] = hold
        return hold

    def release_hold(self, hold: Hold, state: str, resolved_by: int | None = None) -> None:
        """Free the whole of a hold: voided, expired, or about to be captured."""
        giver = self.wallet(hold.debit)
        taker = self.wallet(hold.credit) if is_kept(hold.credit) else None
        giver.debits_held -= hold.amount
        if taker is not None:
            taker.credits_held -= hold.amount
        by_id = dict(zip(hold.lot_ids, hold.lot_amounts, strict=True))
        for lot_id, part in by_id.items():
            self._change_lot(giver.id, lot_id, held=-part)
        for lot in giver.lots:
            lot.free += by_id.get(lot.id, 0)
        if state != "c":  # a capture takes what was set aside before anything else may claim it
            forgive(giver)
            forgive(taker)
        hold.state = state
        hold.resolved_at = self.touch(giver, taker)
        hold.resolved_by = resolved_by
        self.changed_holds[hold.id] = hold

    def extend_hold(self, hold: Hold, deadline: datetime) -> None:
        """Give an open hold more time. It never gets less."""
        hold.deadline = max(hold.deadline, deadline)
        self.touch(self.wallet(hold.debit))
        self.changed_holds[hold.id] = hold

    def capture_hold(self, journal: Journal, hold: Hold, amount: int) -> Taken:
        """Take the first `amount` of what is held, from the lots that were set aside, and free the rest."""
        giver = self.wallet(hold.debit)
        taker = self.wallet(hold.credit) if is_kept(hold.credit) else None
        self._require_open(giver, taker)
        self.release_hold(hold, "c", journal.id)
        hold.captured = amount
        taken: Taken = []
        left = amount
        for lot_id, part, funder in zip(hold.lot_ids, hold.lot_amounts, hold.lot_funders, strict=True):
            if left and part:
                taken.append((lot_id, min(part, left), funder))
                left -= min(part, left)
        taken = self.move(journal, hold.debit, hold.credit, amount, taken=taken if hold.lot_ids else None)
        forgive(giver)
        forgive(taker)
        return taken

    def tidy(self, overdue: Sequence[Hold]) -> None:
        """Holds whose time is up no longer hold, whether or not the sweeper came by."""
        for hold in overdue:
            self.holds.setdefault(hold.id, hold)
            if hold.is_overdue(self.now):
                self.release_hold(hold, "x")

    @property
    def is_empty(self) -> bool:
        return not (self.journals or self.changed)


def require_joinable(debit: int, credit: int) -> None:
    if unit_of(debit) != unit_of(credit):
        raise errors.UnitMismatch()
    if debit == credit:
        raise errors.SameWallet()


def require_lots(wallet: Wallet, amount: int) -> None:
    """Points owed are not there to be spent, whatever the lots say."""
    missing = amount + wallet.debt - sum(lot.free for lot in wallet.lots)
    if amount and missing > 0:
        raise errors.InsufficientFunds(missing=missing)


def overspent(wallet: Wallet) -> int:
    """By how much a guarded wallet is past its limit, held amounts counted; negative: what is left."""
    spent, had = wallet.debits + wallet.debits_held, wallet.credits
    if wallet.guard == "c":
        spent, had = wallet.credits + wallet.credits_held, wallet.debits
    return spent - had - wallet.overdraft


def forgive(wallet: Wallet | None) -> None:
    """A debt of a wallet without lots is how far force pushed it past its limit: never more than that now."""
    if wallet is not None and wallet.debt and not wallet.has_lots:
        wallet.debt = max(0, min(wallet.debt, overspent(wallet)))


def choose_lots(lots: Sequence[FreeLot], amount: int) -> Taken:
    """Take up to `amount` from lots that stand in burn order."""
    taken: Taken = []
    for lot in lots:
        if amount <= 0:
            break
        part = min(lot.free, amount)
        if part > 0:
            taken.append((lot.id, part, lot.funder))
            amount -= part
    return taken
