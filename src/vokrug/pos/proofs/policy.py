"""What the programme declares: the policy of its tills, and who answers for others there."""

from datetime import datetime

import asyncpg
import msgspec

from vokrug.pos import store as chain
from vokrug.pos.checkout import Checkout
from vokrug.pos.errors import ShopUnknown
from vokrug.pos.proofs import store
from vokrug.pos.proofs.errors import SecretWanted, SupervisorTaken
from vokrug.pos.proofs.schemas import SupervisorCard, SupervisorGiven, TillPolicy
from vokrug.pos.proofs.types import Demand, Unreceipted
from vokrug.runtime.database import Tx


async def declare(tx: Tx, given: TillPolicy, by: str, now: datetime) -> int:
    """From now on. Said again without a change, no new version."""
    Demand.of(given.burn_proof), Unreceipted.of(given.without_receipt)  # their amounts are some
    version, standing = await declared(tx)
    if version and standing == given:
        return version
    version = await store.declare_till_policy(tx, msgspec.json.encode(given).decode(), by, now)
    await chain.reference_changed(tx)
    return version


async def declared(tx: Tx) -> tuple[int, TillPolicy]:
    standing = await store.till_policy(tx)
    return (0, TillPolicy()) if standing is None else (standing[0], msgspec.json.decode(standing[1], type=TillPolicy))


async def appoint(tx: Tx, checkout: Checkout, given: SupervisorGiven) -> SupervisorCard:
    """A card or code is kept as its keyed hash; nobody else may have the same."""
    shop_id = None
    if given.shop is not None:
        shop = checkout.reference.shops.get(given.shop)
        if shop is None:
            raise ShopUnknown(shop=given.shop)
        shop_id = shop.id
    if given.secret is None:
        if not await store.change_supervisor(tx, given.code, given.called, shop_id, is_active=given.is_active):
            raise SecretWanted()
    else:
        mac = checkout.proof_keys.supervisor_mac(given.secret)
        try:
            await store.put_supervisor(tx, given.code, given.called, shop_id, mac, is_active=given.is_active)
        except asyncpg.UniqueViolationError:
            raise SupervisorTaken() from None
    return SupervisorCard(code=given.code, called=given.called, shop=given.shop, is_active=given.is_active)


async def appointed(tx: Tx) -> list[SupervisorCard]:
    return [SupervisorCard(**dict(row)) for row in await store.supervisors(tx)]
