"""Logouts are told to products after the commit, and again by a job until they are heard."""

import asyncio
from datetime import datetime

from vokrug.accounts.gateways import HttpLogoutDoor
from vokrug.accounts.operations import logout
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.types import LogoutNotice
from vokrug.runtime.http import Services


async def tell_logouts(services: Services, now: datetime) -> int:
    """How many products have heard. All at once: a slow one keeps nobody waiting but itself."""
    db, provider, door = services.db, services.get(Provider), services.get(HttpLogoutDoor)
    async with db.transaction() as tx:
        taken = await logout.take_notices(tx, now)
        tokens = [await logout.logout_token(tx, provider, notice, now) for notice in taken]

    async def tell(notice: LogoutNotice, token: str) -> bool:
        if not await door.tell(notice.backchannel_logout_uri, token):
            return False
        async with db.transaction() as tx:
            await logout.told(tx, notice, now)
        return True

    return sum(await asyncio.gather(*map(tell, taken, tokens)))
