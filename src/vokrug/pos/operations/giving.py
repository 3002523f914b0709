"""Points given and taken by staff, and the statement of a customer's points: every one and why."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug import customers, events, ledger
from vokrug.kernel import format_minor
from vokrug.pos.baskets import amount
from vokrug.pos.checkout import Checkout
from vokrug.pos.errors import AmountMalformed
from vokrug.pos.facts import PointsGranted
from vokrug.pos.facts import PointsWithdrawn as PointsWithdrawnFact
from vokrug.pos.operations.chain import require_currency
from vokrug.pos.schemas import (
    Balance,
    LotMove,
    LotShown,
    PointsGiven,
    PointsStatement,
    PointsTaken,
    PointsWithdrawn,
)
from vokrug.runtime.database import Tx


async def give(tx: Tx, checkout: Checkout, id: UUID, body: PointsGiven, now: datetime) -> tuple[PointsTaken, bool]:
    """Put points on a customer's wallet. The second answer says whether this is a repeat."""
    points = amount(body.points, "points")
    if points == 0:
        raise AmountMalformed(field="points", reason="zero")
    code = checkout.reference.points_code
    await require_currency(tx, body.currency, code, now)
    customer = await customers.customer(tx, checkout.directory, id)
    gift = ledger.Gift(
        id=body.request_id,
        customer=customer.number,
        points=points,
        points_unit=code,
        currency=body.currency,
        expires_at=body.expires_at,
        reason=body.reason,
        active_from=body.active_from,
    )
    is_new = await ledger.give_points(tx, checkout.ids, gift, now)
    if is_new:
        fact = PointsGranted(body.request_id, customer.id, points, body.reason, body.expires_at)
        await events.publish(tx, fact, key=customer.number, subject=str(customer.id), at=now)
    return PointsTaken(customer=customer.id, points=format_minor(points)), not is_new


async def take(tx: Tx, checkout: Checkout, id: UUID, body: PointsWithdrawn, now: datetime) -> tuple[PointsTaken, bool]:
    """Take points off a customer's wallet. The second answer says whether this is a repeat."""
    points = amount(body.points, "points")
    if points == 0:
        raise AmountMalformed(field="points", reason="zero")
    code = checkout.reference.points_code
    await require_currency(tx, body.currency, code, now)
    customer = await customers.customer(tx, checkout.directory, id)
    taken = ledger.Gift(
        id=body.request_id,
        customer=customer.number,
        points=points,
        points_unit=code,
        currency=body.currency,
        expires_at=None,
        reason=body.reason,
    )
    is_new = await ledger.take_points(tx, checkout.ids, taken, now)
    if is_new:
        fact = PointsWithdrawnFact(body.request_id, customer.id, points, body.reason)
        await events.publish(tx, fact, key=customer.number, subject=str(customer.id), at=now)
    return PointsTaken(customer=customer.id, points=format_minor(points)), not is_new


MOST_LOTS = 500


async def statement(tx: Tx, checkout: Checkout, id: UUID, now: datetime) -> PointsStatement:
    """What a customer has, lot by lot, and where it went."""
    customer = await customers.customer(tx, checkout.directory, id)
    wallet_id = ledger.wallet_of(customer.number, checkout.reference.points_unit)
    stands = await ledger.available(tx, wallet_id, now)
    rows = await ledger.points_lots(tx, wallet_id, MOST_LOTS)
    return PointsStatement(
        balance=Balance(
            active=format_minor(stands.available),
            pending=format_minor(stands.pending),
            held=format_minor(stands.held),
            debt=format_minor(stands.debt),
            currency_value=format_minor(0),
            expiring=[],
        ),
        lots=[lot_shown(row) for row in rows],
    )


def lot_shown(row: Any) -> LotShown:
    moves = msgspec.json.decode(row["moves"], type=list[tuple[int, str, UUID | None, datetime, bool]])
    return LotShown(
        document=row["document"],
        granted=format_minor(row["granted"]),
        remaining=format_minor(row["remaining"]),
        held=format_minor(row["held"]),
        earned_at=row["earned_at"],
        active_from=row["active_from"],
        expires_at=None if row["expires_at"] >= ledger.FOREVER else row["expires_at"],
        moves=[
            LotMove(kind=kind_of(kind, points, is_own), points=format_minor(-points), document=document, at=at)  # type: ignore[arg-type]
            for points, kind, document, at, is_own in moves
        ],
    )


def kind_of(kind: str, points: int, is_own: bool) -> str:
    """Why points left a lot or came back to it."""
    if is_own:
        return "debt"  # what arrived paid it first
    if kind in (ledger.Kind.SALE, ledger.Kind.CAPTURE):
        return "burned"
    if kind == ledger.Kind.RETURN:
        return "restored" if points > 0 else "taken_back"
    return "lapsed" if kind == ledger.Kind.EXPIRY else "other"
