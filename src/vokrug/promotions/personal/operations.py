"""Personal offers: taken from files, activated by their customer."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from vokrug import customers
from vokrug.promotions import store as offers
from vokrug.promotions.errors import OfferUnknown
from vokrug.promotions.files import BadLine, Imported
from vokrug.promotions.lists.operations import in_chunks
from vokrug.promotions.personal import store
from vokrug.promotions.personal.types import PersonalLine, PersonalOffer
from vokrug.runtime.database import Tx


async def import_personal(tx: Tx, import_id: UUID, lines: Iterable[str], *, is_dry: bool) -> Imported:
    """Give offers to customers, each on its own terms. Repeat freely: the last word on a pair counts."""
    unknown: list[BadLine] = []
    known_offers: dict[str, int] = {}

    async def take(known: list[tuple[int, PersonalLine]]) -> None:
        if new := {line.offer for _, line in known} - known_offers.keys():
            known_offers.update(await store.numbers_of_offers(tx, sorted(new)))
        rows = []
        for customer, line in known:
            if (number := known_offers.get(line.offer)) is None:
                unknown.append(BadLine(0, f"no offer {line.offer}", str(line.customer)))
            else:
                rows.append((customer, number, line.value, line.until, line.needs_activation))
        if rows and not is_dry:
            await store.save(tx, rows, import_id)

    done = await in_chunks(tx, lines, PersonalLine, take)
    if not is_dry:
        await offers.raise_counter(tx)
    return Imported(done.taken - len(unknown), (done.refused + unknown)[:1000], is_dry)


async def personal_offers(tx: Tx, customer_id: UUID, now: datetime) -> list[PersonalOffer]:
    """What a customer has been given and can still use."""
    return await store.of_customer(tx, await _number(tx, customer_id), now)


async def activate_personal(tx: Tx, customer_id: UUID, offer: str, now: datetime) -> list[PersonalOffer]:
    """The customer wants it. Said again it does nothing."""
    number = await _number(tx, customer_id)
    if not await store.activate(tx, number, offer, now):
        raise OfferUnknown(offer=offer)
    return await store.of_customer(tx, number, now)


async def _number(tx: Tx, customer_id: UUID) -> int:
    numbers = await customers.numbers_of(tx, [customer_id])
    if customer_id not in numbers:
        raise customers.CustomerUnknown(customer_id=str(customer_id))
    return numbers[customer_id]
