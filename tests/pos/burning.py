"""Shoppers whose points are worth asking for, and the phones that codes come to."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.pos.chain import CAKE, Answer, Chain, Quote, Shopper, Till, times
from vokrug import accounts
from vokrug.pos.proofs.guesses import put_pin
from vokrug.pos.proofs.keys import ANY_BURN, step_of
from vokrug.pos.tokens import Known

POLICY: dict[str, Any] = {
    "needed_from": "300.00",
    "methods": ["sms", "call_last4", "pin", "app_code", "admin"],
    "attempts": 3,
    "lifetime_s": 120,
    "resend_after_s": 30,
}


@dataclass
class Phones:
    """What was sent, and to whom."""

    received: list[accounts.Message] = field(default_factory=list)

    async def send(self, message: accounts.Message) -> bool:
        self.received.append(message)
        return True

    async def close(self) -> None:
        """Nothing is held."""

    @property
    def code(self) -> str:
        """The code of the newest message."""
        found = re.search(r"\b\d{4,6}\b", self.received[-1].text)
        assert found is not None
        return found[0]


@dataclass
class Burning:
    """A chain that wants the shopper's word from 300 points on."""

    chain: Chain
    phones: Phones

    async def declares(self, **changed: Any) -> None:
        body = {"burn_proof": {**POLICY, **changed}}
        (await self.chain.staff.sends("/v1/till-policy", body, "PUT")).done()

    async def settles(self) -> None:
        """When all messages have left."""
        await self.chain.services.get(accounts.Messenger).idle()

    async def asks(self, quote: Quote, method: str = "sms", till: Till | None = None, **more: Any) -> Answer:
        till = till or quote.till
        body = {**till.place, "rev": quote.rev, "method": method, **more}
        answer = await till.sends(f"/pos/v1/checks/{quote.check}:authorize", body)
        await self.settles()
        return answer

    async def rich(self, till: Till, points: str = "1000.00", **more: Any) -> Shopper:
        """Somebody with points."""
        shopper = await till.registers(**more)
        who = self.known(shopper).id
        give = {"request_id": str(uuid4()), "points": points, "reason": "for a test"}
        (await self.chain.staff.sends(f"/v1/customers/{who}/points:give", give)).done()
        return shopper

    def known(self, shopper: Shopper) -> Known:
        return self.chain.checkout.tokens.read(shopper.token, self.chain.services.clock.now(), is_late=True)

    def shows(self, shopper: Shopper, points_minor: int = ANY_BURN) -> str:
        """The QR on the shopper's screen."""
        who = self.known(shopper)
        keys, now = self.chain.checkout.proof_keys, self.chain.services.clock.now()
        return keys.card(who.number, who.id, who.language, now, points_minor=points_minor)[0]

    def app_code(self, shopper: Shopper) -> str:
        return self.chain.checkout.proof_keys.app_code(
            self.known(shopper).number, step_of(self.chain.services.clock.now())
        )

    async def sets_pin(self, shopper: Shopper, pin: str) -> None:
        async with self.chain.services.db.transaction() as tx:
            await put_pin(tx, self.chain.checkout.proof_keys, self.known(shopper).number, pin)


BIG = times(CAKE, "5")  # 1800.00 after the offer: up to 900 points may pay
