"""Points given by staff: goodwill, or the balance of an older programme."""

from datetime import datetime
from uuid import UUID

from vokrug import customers, events, ledger
from vokrug.kernel import format_minor
from vokrug.pos.checkout import Checkout
from vokrug.pos.errors import AmountMalformed
from vokrug.pos.facts import PointsGranted
from vokrug.pos.operations.chain import require_currency
from vokrug.pos.pricing import amount
from vokrug.pos.schemas import PointsGiven, PointsTaken
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
    )
    is_new = await ledger.give_points(tx, checkout.ids, gift, now)
    if is_new:
        fact = PointsGranted(body.request_id, customer.id, points, body.reason, body.expires_at)
        await events.publish(tx, fact, key=customer.number, subject=str(customer.id), at=now)
    return PointsTaken(customer=customer.id, points=format_minor(points)), not is_new
