"""A till has its line back: its queue is posted, document by document, in whatever order and however often it comes.

Each document is told as the story it would have been online, so a queue and a line end in the same books.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from vokrug.kernel import Refusal, Retry
from vokrug.pos.checkout import Checkout
from vokrug.pos.errors import CheckMalformed
from vokrug.pos.offline import store
from vokrug.pos.offline.errors import SaleNotPrinted, SequenceReused
from vokrug.pos.offline.schemas import (
    Gap,
    Queued,
    QueuedCancel,
    QueuedReturn,
    QueuedSale,
    QueueGaps,
    QueueReplayed,
    RefusedDocument,
    RefusedDocuments,
    Replay,
    Replayed,
    TillGaps,
)
from vokrug.pos.operations.cancelling import cancel
from vokrug.pos.operations.committing import commit
from vokrug.pos.operations.returning import take_back
from vokrug.pos.types import Shop, Till
from vokrug.runtime.batching import Overloaded
from vokrug.runtime.database import CLASHES, Overtaken, Row, Tx

MOST_GAPS = 100
PAGE = 500
COUNTED = {"posted", "late", "parked", "cancelled", "refused"}
Status = Literal["posted", "late", "parked", "cancelled", "refused", "again"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a document."""

    status: Status
    is_repeat: bool = False
    code: str | None = None
    text: str = ""
    deviation: str = "0.00"
    earned: str = "0.00"


async def replay(
    checkout: Checkout, body: Replay, shop: Shop, till: Till, language: str, now: datetime
) -> QueueReplayed:
    """Post a queue. What is refused stays on a list; what met trouble of ours (`again`) has to be sent once more."""
    documents = sorted(body.documents, key=lambda queued: queued.seq)
    async with checkout.db.transaction(readonly=True) as tx:
        near = {queued.seq + step for queued in documents for step in (-1, 0, 1)}
        known = await store.find_replayed(tx, till.id, sorted(near))
    told, links = [], {seq: (row["prev"], row["chain"]) for seq, row in known.items()}
    for queued in documents:
        outcome = await one(checkout, queued, known.get(queued.seq), body, shop, till, language, now)
        if outcome.code != SequenceReused.code:
            links[queued.seq] = chain_of(queued)
        if outcome.status in COUNTED and outcome.code != SequenceReused.code:
            async with checkout.db.transaction() as tx:
                await note(tx, queued, outcome, till, now)
        told.append(answer_of(queued, outcome))
    async with checkout.db.transaction() as tx:
        await store.ensure_mark(tx, till.id)
        upto, _ = await store.follow(tx, till.id)
        gaps = await store.gaps(tx, till.id, upto, MOST_GAPS)
    return QueueReplayed(
        documents=told,
        whole_to=upto,
        gaps=[Gap(first=first, last=last) for first, last in gaps],
        broken_at=broken(links),
    )


async def one(
    checkout: Checkout,
    queued: Queued,
    known: Row | None,
    body: Replay,
    shop: Shop,
    till: Till,
    language: str,
    now: datetime,
) -> Outcome:
    try:
        if known is not None and known["status"] != "refused" and known["digest"] != digest_of(queued):
            raise SequenceReused(seq=queued.seq)
        match queued:
            case QueuedSale():
                return await sale(checkout, queued, body, shop, till, language, now)
            case QueuedReturn():
                require_own(body, queued.goods.shop, queued.goods.till)
                returned, is_repeat = await take_back(checkout, queued.uid, queued.goods, shop, till, language, now)
                return Outcome("parked" if returned.status == "parked" else "posted", is_repeat)
            case QueuedCancel():
                await cancel(checkout, queued.uid, shop, till, now)
                return Outcome("cancelled", known is not None)
    except Overloaded as busy:
        return Outcome("again", code=busy.code, text=busy.cashier.say(language, **busy.facts))
    except (*CLASHES, Overtaken):
        return Outcome("again", code="busy")
    except Refusal as refusal:
        status: Status = "again" if refusal.retry == Retry.SAME else "refused"
        return Outcome(status, code=refusal.code, text=refusal.cashier.say(language, **refusal.facts))


async def sale(
    checkout: Checkout, queued: QueuedSale, body: Replay, shop: Shop, till: Till, language: str, now: datetime
) -> Outcome:
    if queued.commit.fiscal is None or queued.commit.check is None:
        raise SaleNotPrinted()
    require_own(body, queued.commit.shop, queued.commit.till)
    done, is_repeat = await commit(checkout, queued.uid, queued.commit, shop, till, language, now)
    status: Status = "late" if done.status == "accepted_late" else "posted"
    return Outcome(status, is_repeat, deviation=done.deviation, earned=done.earned)


def require_own(body: Replay, shop: str, till: str) -> None:
    if (shop, till) != (body.shop, body.till):
        raise CheckMalformed(reason="the document is another till's")


async def note(tx: Tx, queued: Queued, outcome: Outcome, till: Till, now: datetime) -> None:
    prev, chain = chain_of(queued)
    await store.note_replayed(
        tx,
        till.id,
        queued.seq,
        document=queued.uid,
        kind=kind_of(queued),
        digest=digest_of(queued),
        prev=prev,
        chain=chain,
        status=outcome.status,
        code=outcome.code,
        at=at_of(queued, now),
        now=now,
    )


def answer_of(queued: Queued, outcome: Outcome) -> Replayed:
    return Replayed(
        seq=queued.seq,
        uid=queued.uid,
        status=outcome.status,
        is_repeat=outcome.is_repeat,
        code=outcome.code,
        text=outcome.text,
        deviation=outcome.deviation,
        earned=outcome.earned,
    )


# The till's count


def kind_of(queued: Queued) -> str:
    return str(queued.__struct_config__.tag)


def at_of(queued: Queued, now: datetime) -> datetime:
    at = None
    match queued:
        case QueuedSale(commit=done):
            at = None if done.check is None else done.check.at
        case QueuedReturn(goods=goods):
            at = goods.at
        case QueuedCancel():
            at = queued.at
    return at or now


def digest_of(queued: Queued) -> bytes:
    if isinstance(queued, QueuedReturn) and queued.goods.supervisor is not None:
        # A supervisor's code is short: its hash beside what is known would give it away.
        goods = msgspec.structs.replace(queued.goods, supervisor=None)
        queued = msgspec.structs.replace(queued, goods=goods)
    return hashlib.sha256(msgspec.json.encode(queued)).digest()[:16]


def chain_of(queued: Queued) -> tuple[bytes | None, bytes]:
    """What the document says of those before it, and what the next one has to say."""
    prev = queued.prev or ""
    chain = hashlib.sha256(f"{prev}\n{queued.seq}\n{queued.uid}\n{kind_of(queued)}".encode()).digest()
    return bytes.fromhex(prev) if prev else None, chain


def broken(links: dict[int, tuple[bytes | None, bytes]]) -> list[int]:
    """Numbers that follow another document than the one we have before them. A till that keeps no chain has none."""
    return [
        seq
        for seq, (prev, _) in sorted(links.items())
        if prev is not None and seq - 1 in links and links[seq - 1][1] != prev
    ]


# For staff


async def queue_gaps(tx: Tx, shop: str) -> QueueGaps:
    """Tills whose count is not whole, and what is missing."""
    tills = []
    for row in await store.marks(tx, shop):
        if row["upto"] < row["highest"]:
            gaps = await store.gaps(tx, row["id"], row["upto"], MOST_GAPS)
            tills.append(
                TillGaps(
                    shop=row["shop"],
                    till=row["till"],
                    whole_to=row["upto"],
                    highest=row["highest"],
                    gaps=[Gap(first=first, last=last) for first, last in gaps],
                )
            )
    return QueueGaps(tills=tills)


async def refused_documents(tx: Tx, shop: str) -> RefusedDocuments:
    rows: Sequence[Row] = await store.refused(tx, shop, PAGE + 1)
    return RefusedDocuments(documents=[RefusedDocument(**dict(row)) for row in rows[:PAGE]], more=len(rows) > PAGE)
