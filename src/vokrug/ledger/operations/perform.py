"""Carrying out instructions: claim the id, lock the wallets, decide in the books, write.

An id counts once. A repeat with the same words is answered `duplicate_same`; with others it is refused
and the differing field named. A refusal that depended on the moment (no funds, no such wallet, closed)
burns the id, so that a late repeat can never do what its sender has given up.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import singledispatch

import msgspec

from vokrug.kernel import Refusal
from vokrug.ledger import errors, rules, store
from vokrug.ledger.books import Books, choose_lots, require_joinable
from vokrug.ledger.instructions import (
    AnyInstruction,
    Capture,
    Close,
    Draw,
    Extend,
    GrantPoints,
    PlaceHold,
    Post,
    Reopen,
    Revert,
    Transfer,
    UpTo,
    Void,
)
from vokrug.ledger.store import Claim, JournalIds
from vokrug.ledger.types import FOREVER, Grant, Hold, Kind, Wallet, is_kept
from vokrug.runtime.database import Tx

BURNS_ITS_ID = (errors.InsufficientFunds, errors.WalletUnknown, errors.WalletClosed, errors.HoldUnknown)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an instruction. `taken` says which lots or sources gave how much."""

    id: str
    status: str  # "ok", "duplicate_same", or a refusal's code
    moved: int = 0
    taken: Sequence[tuple[str, int]] = ()
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """An instruction carried out in the books, to be written and claimed."""

    moved: int
    journal_id: int
    taken: Sequence[tuple[str, int]] = ()
    is_all: bool = False  # all there was, whether it was asked for as a number or as "all"


async def perform(tx: Tx, ids: JournalIds, instruction: AnyInstruction, now: datetime) -> Outcome:
    """Carry out one instruction. Nothing is left behind by a refusal but, where it says so, the burned id."""
    claim = await store.lock_claim(tx, instruction.id)
    if claim is not None:
        return judge_repeat(instruction, claim)
    try:
        done = await carry_out(instruction, tx, ids, now)
    except Refusal as refusal:
        if isinstance(refusal, BURNS_ITS_ID):
            await store.insert_claim(tx, instruction.id, claim_of(instruction, refusal.code, 0, None))
        return Outcome(instruction.id, refusal.code, refusal=refusal)
    claim = claim_of(instruction, "ok", done.moved, done.journal_id, is_all=done.is_all)
    await store.insert_claim(tx, instruction.id, claim)
    return Outcome(instruction.id, "ok", done.moved, done.taken)


async def perform_chain(
    tx: Tx, ids: JournalIds, chain: Sequence[AnyInstruction], now: datetime
) -> tuple[list[Outcome], bool]:
    """Carry out instructions that stand or fall together. The second answer says whether they stand: if not,
    the caller rolls back and calls `burn_failed` in a transaction of its own.
    """
    outcomes: list[Outcome] = []
    for instruction in chain:
        outcome = await perform(tx, ids, instruction, now)
        outcomes.append(outcome)
        if outcome.refusal is not None:
            failed = errors.ChainFailed()
            others = [Outcome(other.id, failed.code, refusal=failed) for other in chain]
            others[len(outcomes) - 1] = outcome
            return others, False
    return outcomes, True


async def burn_failed(tx: Tx, chain: Sequence[AnyInstruction], outcomes: Sequence[Outcome]) -> None:
    """Only the member that failed a chain loses its id."""
    for instruction, outcome in zip(chain, outcomes, strict=True):
        if isinstance(outcome.refusal, BURNS_ITS_ID) and await store.lock_claim(tx, instruction.id) is None:
            await store.insert_claim(tx, instruction.id, claim_of(instruction, outcome.status, 0, None))


# Repeats


def words_of(instruction: AnyInstruction) -> bytes:
    """Everything an instruction says but its id and amount, hashed."""
    said = msgspec.to_builtins(instruction)
    said.pop("id")
    if not isinstance(instruction, GrantPoints):
        said.pop("amount", None)
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).digest()


def asked_of(instruction: AnyInstruction) -> int | None:
    amount = getattr(instruction, "amount", "all")
    return amount if isinstance(amount, int) else None


def claim_of(
    instruction: AnyInstruction, outcome: str, moved: int, journal_id: int | None, *, is_all: bool = False
) -> Claim:
    kind = msgspec.to_builtins(instruction)["op"]
    asked = None if is_all else asked_of(instruction)
    return Claim(kind, words_of(instruction), asked, moved, outcome, journal_id)


def judge_repeat(instruction: AnyInstruction, claim: Claim) -> Outcome:
    """Same words, same answer; other words, a conflict; a burned id stays burned."""
    refusal: Refusal
    if claim.outcome != "ok":
        refusal = errors.KeyBurned(outcome=claim.outcome)
        return Outcome(instruction.id, refusal.code, refusal=refusal)
    repeat = claim_of(instruction, "ok", claim.moved, claim.journal_id)
    differing = (
        "op" if repeat.kind != claim.kind else "content" if repeat.request_hash != claim.request_hash else "amount"
    )
    same_amount = repeat.asked in (claim.asked, claim.moved)
    if getattr(instruction, "up_to", None) is not None:
        same_amount = repeat.asked is None or repeat.asked >= claim.moved
    if differing == "amount" and same_amount:
        return Outcome(instruction.id, "duplicate_same", claim.moved)
    refusal = errors.KeyReused(field=differing)
    return Outcome(instruction.id, refusal.code, refusal=refusal)


# The books an instruction needs


async def find(tx: Tx, *codes: str) -> list[int]:
    """The wallets' ids, in the order of their codes."""
    found = await store.find_wallets(tx, codes)
    for code in codes:
        if code not in found:
            raise errors.WalletUnknown(wallet=code)
    return [found[code] for code in codes]


async def open_books(
    tx: Tx, ids: JournalIds, wallet_ids: Iterable[int], now: datetime, *, lots: int = store.FIRST_LOTS, legs: int = 1
) -> Books:
    """Lock wallets and read them, together with holds whose time is up and the wallets on their other side."""
    wanted = {wallet_id for wallet_id in wallet_ids if is_kept(wallet_id)}
    stock = await ids.stock(tx, legs)
    while True:
        await store.lock_wallets(tx, wanted)
        wallets = await store.read_wallets(tx, wanted, now, lots=lots)
        overdue = await store.read_holds(tx, sorted({hold for wallet in wallets for hold in wallet.overdue}))
        other_side = {side for hold in overdue for side in (hold.debit, hold.credit) if is_kept(side)}
        if other_side <= wanted:
            break
        wanted |= other_side
    if overdue and lots:  # freed lots take their place in the order: read it again once they are written
        books = Books(now, wallets, stock)
        books.tidy(overdue)
        await store.write(tx, books)
        wallets = await store.read_wallets(tx, wanted, now, lots=lots)
        return Books(now, wallets, stock)
    return Books(now, wallets, stock, overdue)


async def books_with_lots(tx: Tx, ids: JournalIds, wallet_ids: Iterable[int], amount: int, now: datetime) -> Books:
    """Books whose wallets know enough lots for an amount: the first few, or all of them if need be."""
    wanted = list(wallet_ids)
    books = await open_books(tx, ids, wanted, now)
    for wallet in books.wallets.values():
        if len(wallet.lots) == store.FIRST_LOTS and sum(lot.free for lot in wallet.lots) < amount:
            return await open_books(tx, ids, wanted, now, lots=store.ALL_LOTS)
    return books


def most_that_fits(books: Books, debit: int, credit: int, amount: int | None, up_to: UpTo | None) -> int:
    """At most `amount`, less where a side named by `up_to` would break its balance, guarded or not."""
    require_joinable(debit, credit)
    limits = [] if amount is None else [amount]
    if up_to in (None, "debit", "both"):
        require_kept(debit)
        limits.append(books.wallet(debit).spendable)
    if up_to in ("credit", "both"):
        require_kept(credit)
        taker = books.wallet(credit)
        limits.append(max(0, taker.debits + taker.overdraft - taker.credits - taker.credits_held))
    return min(limits)


def require_kept(wallet_id: int) -> None:
    """Only a wallet that keeps a balance can be a limit."""
    if not is_kept(wallet_id):
        raise errors.UnboundedSource(wallet=wallet_id)


# The instructions, one by one


@singledispatch
async def carry_out(instruction: AnyInstruction, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    raise NotImplementedError(type(instruction))


@carry_out.register
async def _transfer(instruction: Transfer, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    debit, credit = await find(tx, instruction.debit, instruction.credit)
    asked = asked_of(instruction)
    books = await books_with_lots(tx, ids, (debit, credit), asked if asked is not None else 10**15, now)
    amount = asked
    if amount is None or instruction.up_to is not None:
        amount = most_that_fits(books, debit, credit, asked, instruction.up_to)
    home = books.wallets[debit].home if is_kept(debit) else 0
    journal = books.open_journal(Kind.TRANSFER, home=home, effective_at=instruction.effective_at)
    taken = books.move(journal, debit, credit, amount, force=instruction.force)
    await store.write(tx, books)
    return Done(amount, journal.id, [(str(lot), part) for lot, part, _ in taken])


@carry_out.register
async def _hold(instruction: PlaceHold, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    debit, credit = await find(tx, instruction.debit, instruction.credit)
    asked = asked_of(instruction)
    books = await books_with_lots(tx, ids, (debit, credit), asked if asked is not None else 10**15, now)
    amount = asked
    if amount is None or instruction.up_to is not None:
        amount = most_that_fits(books, debit, credit, asked, instruction.up_to)
    journal = books.open_journal(Kind.HOLD, home=books.wallet(debit).home)
    deadline = FOREVER if instruction.timeout_s is None else now + timedelta(seconds=instruction.timeout_s)
    books.place_hold(journal, debit, credit, amount, asked=asked, deadline=deadline)
    await store.write(tx, books)
    return Done(amount, journal.id)


async def hold_named(tx: Tx, key: str) -> Hold:
    claim = await store.find_claim(tx, key)
    if claim is None or (claim.kind == "hold" and claim.journal_id is None):
        raise errors.HoldUnknown(hold=key)
    if claim.kind != "hold" or claim.journal_id is None:
        raise errors.NotAHold(hold=key)
    return (await store.read_holds(tx, [claim.journal_id]))[0]


def require_open(hold: Hold, now: datetime) -> None:
    if hold.state == "c":
        raise errors.HoldAlreadyCaptured()
    if hold.state == "v":
        raise errors.HoldAlreadyVoided()
    if hold.state == "x" or hold.is_overdue(now):
        raise errors.HoldExpired()


@carry_out.register
async def _capture(instruction: Capture, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    named = await hold_named(tx, instruction.hold)
    books = await open_books(tx, ids, (named.debit, named.credit), now, lots=0)
    (hold,) = await store.read_holds(tx, [named.id])
    require_open(hold, now)
    amount = hold.amount if instruction.amount == "all" else asked_of(instruction)
    assert amount is not None, "an amount is a number or all"
    if amount > hold.amount:
        raise errors.HoldAmountExceeded(held=hold.amount)
    journal = books.open_journal(Kind.CAPTURE, home=hold.home)
    books.capture_hold(journal, hold, amount)
    await store.write(tx, books)
    return Done(amount, journal.id, is_all=amount == hold.amount)


@carry_out.register
async def _void(instruction: Void, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    named = await hold_named(tx, instruction.hold)
    books = await open_books(tx, ids, (named.debit, named.credit), now, lots=0)
    (hold,) = await store.read_holds(tx, [named.id])
    require_open(hold, now)
    journal = books.open_journal(Kind.VOID, home=hold.home)
    books.release_hold(hold, "v", journal.id)
    await store.write(tx, books)
    return Done(0, journal.id)


@carry_out.register
async def _extend(instruction: Extend, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    named = await hold_named(tx, instruction.hold)
    books = await open_books(tx, ids, (named.debit, named.credit), now, lots=0)
    (hold,) = await store.read_holds(tx, [named.id])
    require_open(hold, now)
    journal = books.open_journal(Kind.EXTENSION, home=hold.home)
    books.extend_hold(hold, now + timedelta(seconds=instruction.timeout_s))
    await store.write(tx, books)
    return Done(0, journal.id)


@carry_out.register
async def _close(instruction: Close, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    (wallet_id,) = await find(tx, instruction.wallet)
    books = await open_books(tx, ids, [wallet_id], now, lots=0)
    wallet = books.wallet(wallet_id)
    if wallet.is_closed(now):
        raise errors.WalletClosed(wallet=wallet.code)
    journal = books.open_journal(Kind.CLOSE, home=wallet.home)
    wallet.closed_at, wallet.closed_by = books.touch(wallet), journal.id
    wallet.closed_until = None if instruction.timeout_s is None else now + timedelta(seconds=instruction.timeout_s)
    books.closings.append(wallet)
    await store.write(tx, books)
    return Done(0, journal.id)


@carry_out.register
async def _reopen(instruction: Reopen, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    """A closing is a hold on the whole wallet: reopening releases it, once, while it stands."""
    closing = await store.find_claim(tx, instruction.close)
    if closing is None:
        raise errors.HoldUnknown(hold=instruction.close)
    if closing.kind != "close" or closing.journal_id is None:
        raise errors.NotAHold(hold=instruction.close)
    closed = await store.closed_by(tx, closing.journal_id)
    books = await open_books(tx, ids, [] if closed is None else [closed], now, lots=0)
    if await store.is_reversed(tx, closing.journal_id):
        raise errors.HoldAlreadyVoided()
    if (
        closed is None
        or not books.wallet(closed).is_closed(now)
        or books.wallet(closed).closed_by != closing.journal_id
    ):
        raise errors.HoldExpired()
    wallet = books.wallet(closed)
    journal = books.open_journal(Kind.REOPEN, home=wallet.home, reverses=closing.journal_id)
    wallet.closed_at = wallet.closed_until = wallet.closed_by = None
    books.closings.append(wallet)
    books.touch(wallet)
    await store.write(tx, books)
    return Done(0, journal.id)


@carry_out.register
async def _post(instruction: Post, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    codes = [code for leg in instruction.movements for code in (leg.debit, leg.credit)]
    found = dict(zip(codes, await find(tx, *codes), strict=True))
    total = sum(leg.amount for leg in instruction.movements)
    books = await books_with_lots(tx, ids, found.values(), total, now)
    journal = books.open_journal(Kind.TRANSFER, effective_at=instruction.effective_at)
    for leg in instruction.movements:
        books.move(journal, found[leg.debit], found[leg.credit], leg.amount, force=instruction.force)
    await store.write(tx, books)
    return Done(total, journal.id)


@carry_out.register
async def _grant(instruction: GrantPoints, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    source, wallet_id = await find(tx, instruction.source, instruction.wallet)
    books = await open_books(tx, ids, (source, wallet_id), now, lots=0)
    wallet = books.wallet(wallet_id)
    if not wallet.has_lots:
        raise errors.UnitMismatch()
    grant = Grant(
        instruction.amount,
        active_from=instruction.active_from,
        expires_at=instruction.expires_at or FOREVER,
        priority=instruction.priority,
    )
    journal = books.open_journal(Kind.GRANT, home=wallet.home, effective_at=instruction.effective_at)
    books.move(journal, source, wallet_id, instruction.amount, grant=grant)
    await store.write(tx, books)
    return Done(instruction.amount, journal.id)


@carry_out.register
async def _draw(instruction: Draw, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    codes = [source.wallet for source in instruction.sources]
    *sources, credit = await find(tx, *codes, instruction.credit)
    asked = asked_of(instruction)
    books = await books_with_lots(tx, ids, [*sources, credit], asked if asked is not None else 10**15, now)
    found = dict(zip(codes, sources, strict=True))
    offered = [
        source_of(books.wallet(found[source.wallet]), source.wallet, source.max) for source in instruction.sources
    ]
    taken = rules.draw(asked, offered)
    journal = books.open_journal(Kind.TRANSFER)
    for code, part in taken:
        books.move(journal, found[code], credit, part)
    await store.write(tx, books)
    return Done(sum(part for _, part in taken), journal.id, taken)


def source_of(wallet: Wallet, code: str, cap: int | None) -> rules.Source:
    balance = wallet.balance - wallet.debits_held
    if wallet.has_lots:
        return rules.Source(code, wallet.spendable, cap)
    return rules.Source(code, balance, cap, wallet.overdraft if wallet.guard == "d" else None)


@carry_out.register
async def _revert(instruction: Revert, tx: Tx, ids: JournalIds, now: datetime) -> Done:
    claim = await store.find_claim(tx, instruction.of)
    if claim is None or claim.journal_id is None:
        raise errors.JournalUnknown(key=instruction.of)
    if claim.kind in ("hold", "void", "extend", "close", "reopen"):
        raise errors.NothingToRevert(key=instruction.of)
    journal_id, moved = await revert_journal(
        tx, ids, claim.journal_id, now, force=instruction.force, effective_at=instruction.effective_at
    )
    return Done(moved, journal_id)


async def revert_journal(
    tx: Tx, ids: JournalIds, of: int, now: datetime, *, force: bool = False, effective_at: datetime | None = None
) -> tuple[int, int]:
    """The mirror of a journal: its id and what moved. Burned points return to their own lots; points granted
    are taken from their own lot first, then from others, and with `force` what is gone becomes a debt.
    """
    movements = await store.read_movements(tx, of)
    sides = {side for row in movements for side in (row["debit"], row["credit"])}
    books = await open_books(tx, ids, sides, now, lots=store.ALL_LOTS)
    if await store.is_reversed(tx, of):
        raise errors.AlreadyReverted()
    lot_moves = await store.read_lot_moves(tx, of)
    home = movements[0]["home"] if movements else 0
    journal = books.open_journal(Kind.REVERSAL, home=home, effective_at=effective_at, reverses=of)
    for row in reversed(movements):
        giver, taker = row["credit"], row["debit"]  # the mirror
        restore = [
            (move["lot_id"], -move["amount"], 0)
            for move in lot_moves
            if move["leg"] == row["leg"] and move["wallet_id"] == taker and move["amount"] < 0
        ]
        taken = None
        if is_kept(giver) and books.wallet(giver).has_lots:
            own_lot = of << 8 | row["leg"]
            others = [lot for lot in books.wallet(giver).lots if lot.id != own_lot]
            own = [lot for lot in books.wallet(giver).lots if lot.id == own_lot]
            if not own:  # not active yet, or past its time: it still gives back what it was given
                own = await store.read_lots(tx, giver, [own_lot])
            taken = choose_lots([*own, *others], row["amount"])
        books.move(journal, giver, taker, row["amount"], taken=taken, restore=restore or None, force=force)
    await store.write(tx, books)
    return journal.id, sum(row["amount"] for row in movements)
