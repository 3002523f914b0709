"""Somebody of the chain's shoppers at their own pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.accounts.street import ISSUER, Browser, Ears, Phones, Product, Street, fields
from tests.pos.chain import Chain, Shopper, Till
from vokrug import accounts
from vokrug.kernel import MovedClock


@dataclass
class Visitor:
    """A shopper with a browser, and the street on which products of others stand."""

    chain: Chain
    street: Street
    shopper: Shopper
    browser: Browser

    async def signs_in(self) -> httpx.Response:
        return await self.street.enters(self.browser, self.shopper.phone)

    async def sees(self, path: str, **query: str) -> str:
        page = await self.browser.opens(path, **query)
        assert page.status_code == 200, f"{page.status_code} {page.headers.get('location')}"
        return page.text

    async def sends(self, path: str, at: str = "/me/profile", **form: str) -> httpx.Response:
        """A form of a page, as that page offers it."""
        token = fields(await self.sees(at))["form_token"]
        return await self.browser.sends(path, {"form_token": token, **form})

    async def app(self, scope: str, *, id: str = "app") -> tuple[Product, str]:
        """An app that the person lets do something, and its access token."""
        scopes = ["openid", "profile", "phone", "email", "wallet", "consents", "offline_access"]
        product = await self.street.product(id, scopes=scopes)
        said = await self.street.tokens(product, self.browser, scope=f"openid {scope}")
        return product, said["access_token"]

    async def asks(self, token: str, path: str, body: object = None, method: str = "") -> httpx.Response:
        verb = method or ("GET" if body is None else "POST")
        headers = {"authorization": f"Bearer {token}"}
        return await self.street.programs.request(verb, f"/cabinet/v1/{path}", json=body, headers=headers)


@asynccontextmanager
async def visitor_of(chain: Chain, till: Till, issuer: str = ISSUER) -> AsyncIterator[Visitor]:
    clock, ears, phones = chain.services.clock, Ears(), Phones()
    assert isinstance(clock, MovedClock)
    chain.services.add(accounts.Messenger(phones))
    chain.services.parts[accounts.HttpLogoutDoor] = ears
    chain.services.get(accounts.Provider).issuer = issuer
    transport = httpx.ASGITransport(app=chain.app)
    async with httpx.AsyncClient(transport=transport, base_url=issuer) as programs:
        staff = str(chain.staff.key.token)
        street = Street(chain.services.db, chain.services, clock, programs, ears, phones, staff, chain.app)
        consents = [{"purpose": "offers", "document_version": "2026-09", "given": True}]
        visitor = Visitor(chain, street, await till.registers(consents=consents), street.browser())
        await visitor.signs_in()
        yield visitor
