"""What the ledger must do, said again in dictionaries and whole numbers.

Written from the specification and not from the ledger's code, so that the two can be compared. Times are
whole seconds. A hold whose time is up is released here at once; the ledger may do it later, as long as
nobody can tell.
"""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from vokrug.ledger import instructions as say

NEVER = 10**12
Parts = list[tuple[str, int]]  # lots by name, and how much of each


class Declined(Exception):
    """An instruction is refused. `burns`: because of the moment, so that its id is lost."""

    def __init__(self, code: str, *, burns: bool = False) -> None:
        super().__init__(code)
        self.code, self.burns = code, burns


def poor() -> Declined:
    return Declined("insufficient_funds", burns=True)


@dataclass
class Account:
    code: str
    unit: str
    guard: str = "d"
    has_lots: bool = False
    overdraft: int = 0
    is_kept: bool = True
    d: int = 0
    c: int = 0
    dp: int = 0
    cp: int = 0
    debt: int = 0
    closed_by: str | None = None
    closed_until: int = NEVER

    def past_its_limit(self) -> int:
        if self.guard == "c":
            return self.c + self.cp - self.d - self.overdraft
        return self.d + self.dp - self.c - self.overdraft


@dataclass
class Lot:
    name: str  # "key of the instruction / leg" that granted it
    account: str
    granted: int
    remaining: int
    earned: int
    active: int
    born: int  # lots are numbered as they come
    priority: int = 0
    expires: int = NEVER
    held: int = 0

    @property
    def free(self) -> int:
        return self.remaining - self.held


@dataclass
class Hold:
    debit: str
    credit: str
    amount: int
    opened: int
    deadline: int
    lots: Parts
    state: str = "o"


@dataclass
class Move:
    """One movement, and what it did to lots: takes, and the lot it opened."""

    debit: str
    credit: str
    amount: int
    leg: int
    effective: int
    recorded: int
    taken: Parts = field(default_factory=list)


@dataclass
class Claim:
    kind: str
    words: dict[str, Any]
    asked: int | str
    moved: int
    outcome: str


@dataclass
class Books:
    accounts: dict[str, Account] = field(default_factory=dict)
    lots: dict[str, Lot] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)


class Model:
    def __init__(self, begin: datetime) -> None:
        self.begin = begin
        self.books = Books()
        self.claims: dict[str, Claim] = {}
        self.journals: dict[str, list[Move]] = {}
        self.reverted: set[str] = set()
        self.now = 0

    def opens(self, account: Account) -> None:
        self.books.accounts[account.code] = account

    def second(self, moment: datetime | None, otherwise: int) -> int:
        return otherwise if moment is None else round((moment - self.begin).total_seconds())

    # Carrying out

    def performs(self, one: say.Instruction) -> tuple[str, int]:
        """Status and amount moved."""
        self.releases_overdue()
        claim = self.claims.get(one.id)
        if claim is not None:
            return self.judges_repeat(one, claim)
        before = copy.deepcopy(self.books) if isinstance(one, say.Post | say.Draw | say.Revert) else self.books
        try:
            moved, moves = getattr(self, "does_" + type(one).__name__)(one)
        except Declined as declined:
            self.books = before
            if declined.burns:
                self.claims[one.id] = Claim(*self.words(one), 0, declined.code)
            return declined.code, 0
        kind, words, asked = self.words(one)
        if isinstance(one, say.Capture) and moved == self.books.holds[one.hold].amount:
            asked = "all"
        self.claims[one.id] = Claim(kind, words, asked, moved, "ok")
        self.journals[one.id] = moves
        self.books.moves += moves
        return "ok", moved

    def words(self, one: say.Instruction) -> tuple[str, dict[str, Any], int | str]:
        words = msgspec.structs.asdict(one)
        asked = words.pop("amount", "all")
        if isinstance(one, say.GrantPoints):
            words["amount"] = asked
        del words["id"]
        return type(one).__name__, words, asked

    def judges_repeat(self, one: say.Instruction, claim: Claim) -> tuple[str, int]:
        kind, words, asked = self.words(one)
        if claim.outcome != "ok":
            return "id_burned", 0
        same = asked == claim.asked or asked == claim.moved
        if words.get("up_to"):
            same = asked == "all" or int(asked) >= claim.moved
        if (kind, words) == (claim.kind, claim.words) and same:
            return "duplicate_same", claim.moved
        return "duplicate_conflict", 0

    def account(self, code: str) -> Account:
        if code not in self.books.accounts:
            raise Declined("account_not_found", burns=True)
        return self.books.accounts[code]

    # What time does by itself

    def releases_overdue(self) -> None:
        for hold in self.books.holds.values():
            if hold.state == "o" and hold.deadline <= self.now:
                self.releases(hold, "x")

    def releases(self, hold: Hold, state: str) -> None:
        giver, taker = self.account(hold.debit), self.account(hold.credit)
        giver.dp -= hold.amount
        if taker.is_kept:
            taker.cp -= hold.amount
        for name, part in hold.lots:
            self.books.lots[name].held -= part
        hold.state = state
        if state != "c":
            self.forgives(giver, taker)

    def lapses(self, expired_account: str) -> int:
        """The night job: what has lapsed leaves, held parts stay until they are freed."""
        self.releases_overdue()
        total = 0
        for lot in self.books.lots.values():
            if lot.expires <= self.now and lot.free > 0:
                total += lot.free
                self.account(lot.account).d += lot.free
                self.account(expired_account).c += lot.free
                self.books.moves.append(
                    Move(lot.account, expired_account, lot.free, 0, lot.expires, self.now, [(lot.name, lot.free)])
                )
                lot.remaining = lot.held
        return total

    # Questions

    def usable(self, code: str, at: int | None = None) -> list[Lot]:
        """Lots that can be spent, in burn order."""
        at = self.now if at is None else at
        lots = [x for x in self.books.lots.values() if x.account == code and x.free and x.active <= at < x.expires]
        return sorted(lots, key=self.burn_order)

    def burn_order(self, lot: Lot) -> tuple[int, ...]:
        return lot.priority, lot.expires, lot.earned, lot.born

    def usable_parts(self, code: str) -> Parts:
        return [(lot.name, lot.free) for lot in self.usable(code)]

    def spendable(self, code: str, at: int | None = None) -> int:
        account = self.books.accounts[code]
        if account.has_lots:
            return max(0, sum(lot.free for lot in self.usable(code, at)) - account.debt)
        return max(0, account.c + account.overdraft - account.d - account.dp)

    def is_closed(self, account: Account) -> bool:
        return account.closed_by is not None and self.now < account.closed_until

    def refuses_pair(self, debit: str, credit: str, *, closed: bool = False) -> None:
        giver, taker = self.account(debit), self.account(credit)
        if giver.unit != taker.unit:
            raise Declined("asset_mismatch")
        if debit == credit:
            raise Declined("same_wallet")
        if not closed:
            self.refuses_closed(giver, taker)

    def refuses_closed(self, *accounts: Account) -> None:
        if any(self.is_closed(account) for account in accounts):
            raise Declined("account_closed", burns=True)

    def forgives(self, *accounts: Account) -> None:
        for account in accounts:
            if not account.has_lots:
                account.debt = max(0, min(account.debt, account.past_its_limit()))

    # Moving

    def moves(
        self, key: str, leg: int, debit: str, credit: str, amount: int, *, force: bool = False, **how: Any
    ) -> list[Move]:
        """Move value, or refuse before anything changed."""
        self.refuses_pair(debit, credit)
        if amount == 0:
            return []
        giver, taker = self.account(debit), self.account(credit)
        if not force:
            self.refuses_poor(giver, taker, amount, how.get("lots"))
        effective = how.get("effective", self.now)
        move = Move(debit, credit, amount, leg, effective, self.now)
        giver.d += amount
        taker.c += amount
        if giver.has_lots:
            lots = how.get("lots")
            move.taken = self.picks(self.usable_parts(debit) if lots is None else lots, amount)
            for name, part in move.taken:
                self.books.lots[name].remaining -= part
                amount -= part
            giver.debt += amount
            amount = move.amount
        if taker.has_lots:
            self.lots_receive(key, leg, taker, amount, how)
        for account in (giver, taker):
            if not account.has_lots and account.guard != "n":
                account.debt = max(0, account.past_its_limit()) if force else account.debt
        self.forgives(giver, taker)
        return [move]

    def refuses_poor(self, giver: Account, taker: Account, amount: int, lots: Parts | None) -> None:
        if giver.has_lots:
            free = self.spendable(giver.code) if lots is None else sum(part for _, part in lots)
            if free < amount:
                raise poor()
        elif giver.guard == "d" and giver.past_its_limit() - giver.debt + amount > 0:
            raise poor()
        if taker.guard == "c" and taker.past_its_limit() - taker.debt + amount > 0:
            raise poor()

    def picks(self, lots: Parts, amount: int) -> Parts:
        """The first lots that make up an amount, or all of them."""
        picked = []
        for name, free in lots:
            if part := min(free, amount):
                amount -= part
                picked.append((name, part))
        return picked

    def lots_receive(self, key: str, leg: int, taker: Account, amount: int, how: dict[str, Any]) -> None:
        """A debt is paid first. What came out of lots returns to them, the rest is a lot of its own."""
        back: Parts = how.get("back") or []
        fresh = amount - sum(part for _, part in back)
        paid = min(taker.debt, fresh)
        taker.debt -= paid
        if not back or fresh > paid:
            earned = min(how.get("effective", self.now), self.now)
            grant: say.GrantPoints | None = how.get("grant")
            lot = Lot(f"{key}/{leg}", taker.code, amount, fresh - paid, earned, earned, len(self.books.lots))
            if grant is not None:
                lot.priority = grant.priority
                lot.active = self.second(grant.active_from, earned)
                lot.expires = self.second(grant.expires_at, NEVER)
            self.books.lots[lot.name] = lot
        for name, part in sorted(back, key=lambda part: self.burn_order(self.books.lots[part[0]])):
            paid = min(taker.debt, part)
            taker.debt -= paid
            self.books.lots[name].remaining += part - paid

    def at_most(self, one: say.Transfer | say.PlaceHold) -> int:
        """The amount asked, or what the side named by `up_to` still allows."""
        giver, taker = self.account(one.debit), self.account(one.credit)
        limits = [] if one.amount == "all" else [one.amount]
        if one.up_to is None and one.amount != "all":
            return one.amount
        self.refuses_pair(one.debit, one.credit, closed=True)
        if not (giver.is_kept if one.up_to in (None, "debit") else taker.is_kept):
            raise Declined("unbounded_source")
        if one.up_to in ("debit", "both") or (one.up_to is None and one.amount == "all"):
            limits.append(self.spendable(giver.code))
        if one.up_to in ("credit", "both"):
            limits.append(max(0, taker.d + taker.overdraft - taker.c - taker.cp))
        return min(limits)

    # The instructions

    def does_Transfer(self, one: say.Transfer) -> tuple[int, list[Move]]:  # noqa: N802
        amount = self.at_most(one)
        effective = self.second(one.effective_at, self.now)
        return amount, self.moves(one.id, 0, one.debit, one.credit, amount, force=one.force, effective=effective)

    def does_PlaceHold(self, one: say.PlaceHold) -> tuple[int, list[Move]]:  # noqa: N802
        amount = self.at_most(one)
        self.refuses_pair(one.debit, one.credit)
        giver, taker = self.account(one.debit), self.account(one.credit)
        if amount:
            self.refuses_poor(giver, taker, amount, None)
        parts = self.picks(self.usable_parts(giver.code) if giver.has_lots else [], amount)
        for name, part in parts:
            self.books.lots[name].held += part
        giver.dp += amount
        if taker.is_kept:
            taker.cp += amount
        deadline = NEVER if one.timeout_s is None else self.now + one.timeout_s
        self.books.holds[one.id] = Hold(one.debit, one.credit, amount, self.now, deadline, parts)
        return amount, []

    def open_hold(self, key: str) -> Hold:
        claim = self.claims.get(key)
        if claim is None or (claim.kind == "PlaceHold" and claim.outcome != "ok"):
            raise Declined("not_a_hold", burns=True)
        if key not in self.books.holds:
            raise Declined("not_a_hold")
        hold = self.books.holds[key]
        if hold.state != "o":
            codes = {"c": "hold_already_captured", "v": "hold_already_voided", "x": "hold_expired"}
            raise Declined(codes[hold.state])
        return hold

    def does_Capture(self, one: say.Capture) -> tuple[int, list[Move]]:  # noqa: N802
        hold = self.open_hold(one.hold)
        amount = hold.amount if one.amount == "all" else one.amount
        if amount > hold.amount:
            raise Declined("hold_amount_exceeded")
        giver, taker = self.account(hold.debit), self.account(hold.credit)
        self.refuses_closed(giver, taker)
        self.releases(hold, "c")
        # What was set aside is there, so nothing is asked again: force makes no debt here.
        moves = self.moves(one.id, 0, hold.debit, hold.credit, amount, force=True, lots=hold.lots)
        self.forgives(giver, taker)
        return amount, moves

    def does_Void(self, one: say.Void) -> tuple[int, list[Move]]:  # noqa: N802
        self.releases(self.open_hold(one.hold), "v")
        return 0, []

    def does_Extend(self, one: say.Extend) -> tuple[int, list[Move]]:  # noqa: N802
        hold = self.open_hold(one.hold)
        hold.deadline = max(hold.deadline, self.now + one.timeout_s)
        return 0, []

    def does_Close(self, one: say.Close) -> tuple[int, list[Move]]:  # noqa: N802
        account = self.account(one.wallet)
        self.refuses_closed(account)
        account.closed_by = one.id
        account.closed_until = NEVER if one.timeout_s is None else self.now + one.timeout_s
        return 0, []

    def does_Reopen(self, one: say.Reopen) -> tuple[int, list[Move]]:  # noqa: N802
        claim = self.claims.get(one.close)
        if claim is None or (claim.kind, claim.outcome) != ("Close", "ok"):
            raise Declined("not_a_hold", burns=claim is None)
        if one.close in self.reverted:
            raise Declined("hold_already_voided")
        standing = [a for a in self.books.accounts.values() if a.closed_by == one.close and self.is_closed(a)]
        if not standing:
            raise Declined("hold_expired")
        standing[0].closed_by = None
        self.reverted.add(one.close)
        return 0, []

    def does_Post(self, one: say.Post) -> tuple[int, list[Move]]:  # noqa: N802
        for leg in one.movements:
            self.account(leg.debit), self.account(leg.credit)
        effective = self.second(one.effective_at, self.now)
        done: list[Move] = []
        for leg in one.movements:
            done += self.moves(
                one.id, len(done), leg.debit, leg.credit, leg.amount, force=one.force, effective=effective
            )
        return sum(leg.amount for leg in one.movements), done

    def does_GrantPoints(self, one: say.GrantPoints) -> tuple[int, list[Move]]:  # noqa: N802
        self.account(one.source)
        if not self.account(one.wallet).has_lots:
            raise Declined("asset_mismatch")
        effective = self.second(one.effective_at, self.now)
        return one.amount, self.moves(one.id, 0, one.source, one.wallet, one.amount, grant=one, effective=effective)

    def does_Draw(self, one: say.Draw) -> tuple[int, list[Move]]:  # noqa: N802
        for source in one.sources:
            self.account(source.wallet)
        self.account(one.credit)
        left: int = NEVER if one.amount == "all" else one.amount
        given: dict[str, int] = {}
        parts = []
        for source in one.sources:
            account = self.account(source.wallet)
            is_bounded = account.has_lots or account.guard == "d"
            if not is_bounded and source.max is None and one.amount == "all":
                raise Declined("unbounded_source")
            there = self.spendable(source.wallet) - given.get(source.wallet, 0) if is_bounded else NEVER
            part = max(0, min(left, NEVER if source.max is None else source.max, there))
            if part:
                parts.append((source.wallet, part))
                given[source.wallet] = given.get(source.wallet, 0) + part
                left -= part
        if left and one.amount != "all":
            raise poor()
        done: list[Move] = []
        for code, part in parts:
            done += self.moves(one.id, len(done), code, one.credit, part)
        return sum(part for _, part in parts), done

    def does_Revert(self, one: say.Revert) -> tuple[int, list[Move]]:  # noqa: N802
        claim = self.claims.get(one.of)
        if claim is None or claim.outcome != "ok":
            raise Declined("operation_not_found")
        if claim.kind in ("PlaceHold", "Void", "Extend", "Close", "Reopen"):
            raise Declined("nothing_to_revert")
        if one.of in self.reverted:
            raise Declined("already_reverted")
        effective = self.second(one.effective_at, self.now)
        done: list[Move] = []
        for move in reversed(self.journals[one.of]):
            lots = None
            if self.account(move.credit).has_lots:  # the very lot it opened, in whatever state, then others
                own = self.books.lots.get(f"{one.of}/{move.leg}")
                lots = [] if own is None else [(own.name, own.free)]
                lots += [(lot.name, lot.free) for lot in self.usable(move.credit) if lot is not own]
            done += self.moves(
                one.id, len(done), move.credit, move.debit, move.amount,
                force=one.force, lots=lots, back=move.taken, effective=effective,
            )  # fmt: skip
        self.reverted.add(one.of)
        return sum(move.amount for move in done), done
