"""HTTP of staff: products that have logins of their own, and the links of a customer's account."""

from uuid import UUID

from vokrug import customers
from vokrug.accounts.linking import operations, store
from vokrug.accounts.linking.errors import LinkUnknown, PeerInUse, PeerMalformed, PeerUnknown
from vokrug.accounts.linking.schemas import DeclarePeer, LinkCard, LinkCards, PeerCard, PeerCards
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import people
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("accounts")


@routes.put("/v1/linked-products/{code:str}", answers={200: PeerCard}, refusals=[PeerMalformed, PeerInUse])
async def declare_linked_product(call: Call, body: DeclarePeer) -> Answer[PeerCard]:
    """Declare a product whose logins may open accounts here; its people are `ext:<code>`. Repeat freely."""
    code, directory = call.path["code"], call.services.get(customers.Directory)
    sealed = call.services.get(Provider).keys.seal(f"peer {code}", body.secret.encode())
    async with call.db.transaction() as tx:
        peer = await operations.declare(tx, directory, body.to_peer(code, sealed, call.now))
    async with call.db.transaction() as tx:
        await directory.refresh(tx)
    return Answer(PeerCard.of(peer))


@routes.get("/v1/linked-products", answers={200: PeerCards})
async def list_linked_products(call: Call) -> Answer[PeerCards]:
    """All of them, the paused ones too. Secrets are never shown."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(PeerCards([PeerCard.of(one) for one in await store.peers(tx)]))


@routes.post("/v1/linked-products/{code:str}:pause", answers={204: None}, refusals=[PeerUnknown])
async def pause_linked_product(call: Call) -> Answer[None]:
    """Nobody links it or signs in by it; links stay. Repeat freely."""
    async with call.db.transaction() as tx:
        await operations.pause(tx, call.path["code"], call.now)
    return Answer(None, status=204)


@routes.post("/v1/linked-products/{code:str}:resume", answers={204: None}, refusals=[PeerUnknown])
async def resume_linked_product(call: Call) -> Answer[None]:
    """It works again. Repeat freely."""
    async with call.db.transaction() as tx:
        await operations.pause(tx, call.path["code"], None)
    return Answer(None, status=204)


@routes.delete("/v1/linked-products/{code:str}", answers={204: None}, refusals=[PeerUnknown, PeerInUse])
async def delete_linked_product(call: Call) -> Answer[None]:
    """Only while nobody has linked it."""
    async with call.db.transaction() as tx:
        await operations.forget_peer(tx, call.path["code"])
    return Answer(None, status=204)


@routes.get("/v1/account-links", answers={200: LinkCards}, query={"customer": UUID}, query_needed=["customer"])
async def list_account_links(call: Call) -> Answer[LinkCards]:
    """Links of the account of a customer, if there is one."""
    async with call.db.transaction(readonly=True) as tx:
        account = await people.account_of_customer(tx, call.asked["customer"])
        found = [] if account is None else await store.links_of(tx, account.id)
    return Answer(LinkCards([LinkCard.of(one) for one in found]))


@routes.post("/v1/account-links/{id:uuid}:unlink", answers={204: None}, refusals=[LinkUnknown])
async def unlink_by_staff(call: Call) -> Answer[None]:
    """The login opens nothing here any more, and what linking it had brought is as it was. Repeat freely."""
    async with call.db.transaction() as tx:
        link = await store.lock_link(tx, UUID(str(call.path["id"])))
        if link is None or link.linked_at is None:
            raise LinkUnknown
        await operations.unlink(
            tx, call.services.get(customers.Directory), link, f"staff:{call.caller.key_id}", call.now
        )
    return Answer(None, status=204)
