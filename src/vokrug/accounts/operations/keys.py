"""Signing keys: one signs, one waits so that verifiers know it in time, one may still be needed to verify."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from vokrug.accounts import rules
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.provider.signing import ALGORITHMS, make_key
from vokrug.accounts.store import clients as store
from vokrug.accounts.types import KeyState, NewKey, SigningKey
from vokrug.runtime.database import Database, Tx


async def signing_keys(db: Database, provider: Provider, now: datetime) -> Sequence[SigningKey]:
    """Those that may be published; made on first need."""
    async with db.transaction(readonly=True) as tx:
        found = await store.live_keys(tx)
    if _are_whole(found):
        provider.has_keys = True
        return found
    made = await _made(provider)
    async with db.transaction() as tx:
        await store.lock_keys(tx)
        await _fill(tx, made, now)
        return await store.live_keys(tx)


async def current_key(tx: Tx, alg: str) -> SigningKey:
    found = [key for key in await store.live_keys(tx) if (key.alg, key.state) == (alg, KeyState.CURRENT)]
    assert found, "keys are made before somebody signs"
    return found[0]


async def rotate_keys(db: Database, provider: Provider, now: datetime, *, is_forced: bool = False) -> None:
    """The one that waited signs from now on. Old ones retire when all that they signed has expired; `is_forced`
    does not wait for their age: somebody may have read the current one.
    """
    made = await _made(provider)
    async with db.transaction() as tx:
        await store.lock_keys(tx)
        await _fill(tx, made, now)
        found = await store.live_keys(tx)
        for key in found:
            if key.state is KeyState.PREVIOUS and now - key.since >= rules.SIGNING_KEY_GRACE:
                await store.move_key(tx, key.kid, KeyState.RETIRED, now)
        for alg in ALGORITHMS:
            current = _one(found, alg, KeyState.CURRENT)
            if is_forced or now - current.since >= rules.SIGNING_KEY_AGE:
                await store.move_key(tx, current.kid, KeyState.PREVIOUS, now)
                await store.move_key(tx, _one(found, alg, KeyState.NEXT).kid, KeyState.CURRENT, now)
                spare = [key for key in made[alg] if key.kid not in {known.kid for known in found}]
                await store.insert_key(tx, spare[0], KeyState.NEXT, now)


def _are_whole(found: Sequence[SigningKey]) -> bool:
    states = {(key.alg, key.state) for key in found}
    return all((alg, state) in states for alg in ALGORITHMS for state in (KeyState.CURRENT, KeyState.NEXT))


async def _made(provider: Provider) -> Mapping[str, list[NewKey]]:
    """Three of each kind, whatever is missing. In a thread: making one takes as long as twenty requests."""

    def make() -> dict[str, list[NewKey]]:
        return {alg: [make_key(alg, provider.keys) for _ in range(3)] for alg in ALGORITHMS}

    return await asyncio.to_thread(make)


async def _fill(tx: Tx, made: Mapping[str, list[NewKey]], now: datetime) -> None:
    states = {(key.alg, key.state) for key in await store.live_keys(tx)}
    for alg in ALGORITHMS:
        for key, state in zip(made[alg], (KeyState.CURRENT, KeyState.NEXT), strict=False):
            if (alg, state) not in states:
                await store.insert_key(tx, key, state, now)


def _one(found: Sequence[SigningKey], alg: str, state: KeyState) -> SigningKey:
    return next(key for key in found if (key.alg, key.state) == (alg, state))
