"""HTTP for the books: instructions, balances as of any moment, statements, the check."""

from datetime import UTC, datetime

from vokrug.kernel import Refusal
from vokrug.ledger import errors, reading, store
from vokrug.ledger.checking import check_books
from vokrug.ledger.giftcards.operations import expire_cards
from vokrug.ledger.instructions import Moment
from vokrug.ledger.operations.nightly import expire_lots, fold_deltas, sweep_holds
from vokrug.ledger.operations.perform import Outcome, burn_failed, perform, perform_chain
from vokrug.ledger.operations.wallets import available, define_unit, open_wallet
from vokrug.ledger.schemas import (
    BalanceThen,
    BookDifference,
    BooksCheck,
    DefineUnit,
    InstructionResult,
    InstructionResults,
    NightResult,
    OpenedWallet,
    OpenWallet,
    PerformInstructions,
    TrialBalance,
    TrialBalanceLine,
    UnitCard,
    WalletBalance,
    WalletLine,
    WalletLot,
    WalletStatement,
)
from vokrug.ledger.store import JournalIds
from vokrug.ledger.types import FOREVER, is_kept
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("ledger")

STATEMENT_LINES = 1000  # of one answer
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


class ChainBroken(Exception):
    """Carries the outcomes of a chain out of the transaction that must not stand."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


@routes.post("/v1/ledger/instructions", answers={200: InstructionResults}, roles=[Role.STAFF, Role.PARTNER])
async def perform_instructions(call: Call, body: PerformInstructions) -> Answer[InstructionResults]:
    """Move value. Each instruction gets a result of its own; repeat freely, an id counts once."""
    ids = call.services.get(JournalIds)
    if body.atomic:
        outcomes = await run_chain(call, ids, body)
    else:
        outcomes = []
        for instruction in body.instructions:
            outcomes.append(await call.db.replayed(lambda tx, one=instruction: perform(tx, ids, one, call.now)))  # type: ignore[misc]
    return Answer(InstructionResults([result_of(outcome, call.language) for outcome in outcomes]))


async def run_chain(call: Call, ids: JournalIds, body: PerformInstructions) -> list[Outcome]:
    async def story(tx: Tx) -> list[Outcome]:
        outcomes, stands = await perform_chain(tx, ids, body.instructions, call.now)
        if not stands:
            raise ChainBroken(outcomes)
        return outcomes

    try:
        return await call.db.replayed(story)
    except ChainBroken as broken:
        async with call.db.transaction() as tx:
            await burn_failed(tx, body.instructions, broken.outcomes)
        return broken.outcomes


def result_of(outcome: Outcome, language: str) -> InstructionResult:
    refusal: Refusal | None = outcome.refusal
    return InstructionResult(
        outcome.id,
        outcome.status,
        outcome.moved,
        list(outcome.taken),
        None if refusal is None else refusal.cashier.say(language, **refusal.facts),
    )


@routes.post("/v1/ledger/units", answers={201: UnitCard}, refusals=[errors.UnitCodeTaken])
async def post_unit(call: Call, body: DefineUnit) -> Answer[UnitCard]:
    """Define a currency or a kind of points. Asked again with the same terms, it answers the same one."""
    unit = await call.db.replayed(lambda tx: define_unit(tx, body.code, body.scale, body.kind))
    return Answer(UnitCard(unit.code, unit.scale, unit.kind), status=201)


@routes.post("/v1/ledger/wallets", answers={201: OpenedWallet}, refusals=[errors.UnitUnknown, errors.WalletCodeTaken])
async def post_wallet(call: Call, body: OpenWallet) -> Answer[OpenedWallet]:
    """Open a wallet that belongs to no customer. Asked again with the same terms, it answers the same one."""
    async with call.db.transaction() as tx:
        opened = await open_wallet(
            tx, body.code, body.unit, call.now, guard=body.guard, has_lots=body.has_lots, overdraft=body.overdraft
        )
    return Answer(OpenedWallet(opened, body.code), status=201)


async def wallet_named(tx: Tx, code: str) -> int:
    """The only way from a code to a wallet."""
    found = (await store.find_wallets(tx, [code])).get(code)
    if found is None:
        raise errors.WalletUnknown(wallet=code)
    return found


@routes.get("/v1/ledger/wallets/{code}", answers={200: WalletBalance}, refusals=[errors.WalletUnknown])
async def get_wallet(call: Call) -> Answer[WalletBalance]:
    """What a wallet holds now."""
    code = call.path["code"]
    async with call.db.transaction(readonly=True) as tx:
        wallet_id = await wallet_named(tx, code)
        balance = await reading.balance(tx, wallet_id, call.now)
        assert balance is not None, "a wallet that was found has a balance"
        spend = await available(tx, wallet_id, call.now)
    free = spend.available if is_kept(wallet_id) else balance.net
    return Answer(
        WalletBalance(
            code,
            balance.debits,
            balance.credits,
            balance.debits_held,
            balance.credits_held,
            balance.net,
            free,
            spend.pending,
            spend.debt,
        )
    )


@routes.get(
    "/v1/ledger/wallets/{code}/then",
    answers={200: BalanceThen},
    refusals=[errors.WalletUnknown, errors.JournalUnknown],
    query={"recorded_at": Moment, "effective_at": Moment, "spendable_at": Moment, "after": str, "before": str},
)
async def get_wallet_then(call: Call) -> Answer[BalanceThen]:
    """As of any moment: as recorded, as effective, spendable; right after an instruction or just before it."""
    query = call.asked
    async with call.services.reports.transaction(readonly=True) as tx:
        wallet_id = await wallet_named(tx, call.path["code"])
        parts: dict[str, object] = {"first_used": await reading.first_used(tx, wallet_id)}
        if "recorded_at" in query:
            parts["balance"] = await reading.balance_as_of(tx, wallet_id, query["recorded_at"])
        if "spendable_at" in query:
            parts["spendable"] = await reading.spendable_as_of(tx, wallet_id, query["spendable_at"])
        if "effective_at" in query:
            before = await journal_named(tx, query["before"]) if "before" in query else None
            parts["received"], parts["sent"] = await reading.effective(tx, wallet_id, query["effective_at"], before)
        if "after" in query:
            moment = await reading.touched_at(tx, await journal_named(tx, query["after"]), wallet_id)
            if moment is None:
                raise errors.JournalUnknown(key=query["after"])
            stood = await reading.recorded(tx, wallet_id, moment)
            parts |= {
                "debits": stood.debits,
                "credits": stood.credits,
                "debits_held": stood.debits_held,
                "credits_held": stood.credits_held,
            }
    return Answer(BalanceThen(**parts))  # type: ignore[arg-type]


async def journal_named(tx: Tx, key: str) -> int:
    claim = await store.find_claim(tx, key)
    if claim is None or claim.journal_id is None:
        raise errors.JournalUnknown(key=key)
    return claim.journal_id


@routes.get(
    "/v1/ledger/wallets/{code}/statement",
    answers={200: WalletStatement},
    refusals=[errors.WalletUnknown],
    query={"after": Moment, "until": Moment},
)
async def get_statement(call: Call) -> Answer[WalletStatement]:
    """Movements in their order, and the lots they left."""
    code = call.path["code"]
    after, until = call.asked.get("after", BEFORE_ALL), call.asked.get("until", FOREVER)
    async with call.services.reports.transaction(readonly=True) as tx:
        wallet_id = await wallet_named(tx, code)
        opening = await reading.balance_as_of(tx, wallet_id, after)
        lines = await reading.statement(tx, wallet_id, after, until, STATEMENT_LINES)
        lots = await reading.lots(tx, wallet_id)
    return Answer(
        WalletStatement(
            code,
            opening,
            opening + sum(line.amount for line in lines),
            len(lines) < STATEMENT_LINES,
            [
                WalletLine(x.recorded_at, x.effective_at, x.kind, str(x.journal_id), x.amount, x.balance_after)
                for x in lines
            ],
            [
                WalletLot(
                    str(x["id"]),
                    x["granted"],
                    x["remaining"],
                    x["held"],
                    x["lapsed"],
                    x["priority"],
                    x["earned_at"],
                    x["active_from"],
                    None if x["expires_at"] >= FOREVER else x["expires_at"],
                )
                for x in lots
            ],
        )
    )


@routes.get("/v1/ledger/trial-balance", answers={200: TrialBalance})
async def get_trial_balance(call: Call) -> Answer[TrialBalance]:
    """Every account's two sums; per unit the two sides agree."""
    async with call.services.reports.transaction(readonly=True) as tx:
        lines = await reading.trial_balance(tx)
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.unit] = sums.get(line.unit, 0) + line.debits - line.credits
    return Answer(
        TrialBalance([TrialBalanceLine(x.unit, x.code, x.debits, x.credits) for x in lines], not any(sums.values()))
    )


@routes.post("/v1/ledger:check", answers={200: BooksCheck})
async def post_check(call: Call) -> Answer[BooksCheck]:
    """Recompute every balance from postings and say what differs."""
    async with call.services.reports.transaction(isolation="repeatable_read", readonly=True) as tx:
        report = await check_books(tx)
    return Answer(
        BooksCheck(
            report.balanced,
            report.wallets,
            report.journals,
            report.movements,
            report.lots,
            [BookDifference(x.rule, x.what, x.by) for x in report.differences],
        )
    )


@routes.post("/v1/ledger:night", answers={200: NightResult})
async def post_night(call: Call) -> Answer[NightResult]:
    """Run the night's work now: release overdue holds, expire lapsed points, fold. Rerun freely."""
    ids = call.services.get(JournalIds)
    cards = await expire_cards(call.db, ids, call.now)
    return Answer(
        NightResult(
            await sweep_holds(call.db, ids, call.now),
            await expire_lots(call.db, ids, call.now),
            await fold_deltas(call.db),
            cards,
        )
    )
