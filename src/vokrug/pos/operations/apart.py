"""A sale that a till made without a line: judged by what the till had, not by what has been published since."""

from datetime import datetime
from uuid import UUID

from vokrug import promotions
from vokrug.pos.checkout import Checkout
from vokrug.pos.document import Document, moment
from vokrug.pos.offline import store
from vokrug.pos.offline.sealing import Pass
from vokrug.pos.operations.quoting import Trolley
from vokrug.pos.rules import Deviation
from vokrug.pos.schemas import Calculate, Commit
from vokrug.pos.tokens import Known
from vokrug.pos.types import Shop
from vokrug.runtime.database import Row, Tx


async def priced_apart(
    checkout: Checkout,
    tx: Tx,
    check_id: UUID,
    body: Commit,
    check: Calculate,
    shop: Shop,
    known: Known | None,
    row: Row,
    language: str,
    now: datetime,
    told: promotions.Told,
) -> Document:
    """The check by the bundle it names, points to be paid by up to what was allowed. A bundle that nobody remembers:
    by what is published.
    """
    assert body.bundle is not None, "the sale names a bundle"
    rules = await checkout.bundles.rules(tx, body.bundle, checkout.offers.counter)
    trolley = await Trolley.of(checkout, check_id, check, shop, known, row, language, now, told, tx, rules)
    given = pass_of(checkout, body)
    return trolley.priced(0 if given is None else given.allowed_minor)


def pass_of(checkout: Checkout, body: Commit) -> Pass | None:
    return None if body.offline_pass is None else checkout.seals.read_pass(body.offline_pass)


async def within_allowance(
    checkout: Checkout, tx: Tx, body: Commit, document: Document, customer: int | None, deviation: Deviation | None
) -> Deviation | None:
    """Points that a till took without asking count against the word it was given. One pass shown at two tills, or
    after its end, goes to the franchisee's list: the receipt is printed.
    """
    took = document.burn_minor - document.own_burn_minor
    if body.bundle is None or customer is None or not took:
        return deviation
    given = pass_of(checkout, body)
    is_good = given is not None and given.customer_number == customer and moment(document.at_us) <= given.until
    if is_good and given is not None:
        used = await store.use_allowance(
            tx,
            given.key,
            customer,
            allowed_minor=given.allowed_minor,
            used_minor=took,
            until=given.until,
        )
        is_good = used <= given.allowed_minor
    if is_good:
        return deviation
    deviation = deviation or Deviation(document.to_pay_minor, document.to_pay_minor)
    deviation.is_beyond_allowance = True
    return deviation
