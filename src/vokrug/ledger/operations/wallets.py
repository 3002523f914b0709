"""Opening wallets and asking what they hold."""

from collections.abc import Collection
from datetime import datetime

from vokrug.ledger import errors, store
from vokrug.ledger.types import Available, Unit, unit_of
from vokrug.runtime.database import Tx


async def units(tx: Tx) -> dict[str, Unit]:
    return {unit.code: unit for unit in await store.read_units(tx)}


async def unit_named(tx: Tx, code: str) -> Unit:
    found = (await units(tx)).get(code)
    if found is None:
        raise errors.UnitUnknown(unit=code)
    return found


async def define_unit(tx: Tx, code: str, scale: int, kind: str) -> Unit:
    """A currency or a kind of points; asked again with the same terms, the same one."""
    await store.add_unit(tx, code, scale, kind)
    found = await unit_named(tx, code)
    if (found.scale, found.kind) != (scale, kind):
        raise errors.UnitCodeTaken(unit=code)
    return found


async def open_wallet(
    tx: Tx,
    code: str,
    unit: str,
    now: datetime,
    *,
    home: int = 0,
    guard: str = "d",
    has_lots: bool = False,
    overdraft: int = 0,
) -> int:
    """Open a kept wallet; asked again with the same terms, answer the same one."""
    unit_id = (await unit_named(tx, unit)).id
    if any(unit_of(other) != unit_id for other in (await store.find_wallets(tx, [code], home)).values()):
        raise errors.WalletCodeTaken(wallet=code)  # a code without its unit must name one wallet
    opened = await store.insert_wallet(
        tx, home=home, code=code, guard=guard, has_lots=has_lots, unit_id=unit_id, overdraft=overdraft, now=now
    )
    if opened is not None:
        return opened
    standing = (await store.find_wallets(tx, [code], home)).get(code)
    if standing is not None:
        (wallet,) = await store.read_wallets(tx, [standing], now, lots=0)
        if (wallet.guard, wallet.has_lots, wallet.overdraft) == (guard, has_lots, overdraft):
            return standing
    raise errors.WalletCodeTaken(wallet=code)


async def summed_wallet(tx: Tx, code: str, unit_id: int, now: datetime) -> int:
    """A wallet of the programme, a shop or a funder: append-only, opened when first needed."""
    found = await store.find_summed_wallet(tx, code, unit_id)
    if found is None:
        found = await store.insert_summed_wallet(tx, code, unit_id, now)
        if found is None:
            found = await store.find_summed_wallet(tx, code, unit_id)
    assert found is not None, "a summed wallet is found or opened"
    return found


async def available(tx: Tx, wallet_id: int, now: datetime) -> Available:
    """What a wallet can spend at this moment."""
    return await store.available(tx, wallet_id, now)


async def who_holds_value(tx: Tx, numbers: Collection[int]) -> set[int]:
    """Those of these customers who have something on a wallet, or owe something."""
    return await store.who_holds_value(tx, numbers)


async def has_rate(tx: Tx, unit_id: int, in_unit_id: int, at: datetime) -> bool:
    """Does a unit have a worth in another?"""
    return await store.read_rate(tx, unit_id, in_unit_id, at) is not None


async def rate(tx: Tx, unit_id: int, in_unit_id: int, at: datetime) -> tuple[int, int]:
    """The worth of one minor unit in another, as a ratio, to be pinned on the document."""
    found = await store.read_rate(tx, unit_id, in_unit_id, at)
    if found is None:
        raise errors.RateUnknown(unit=unit_id, in_unit=in_unit_id)
    return found
