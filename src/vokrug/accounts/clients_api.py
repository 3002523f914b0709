"""HTTP of staff: products that sign people in through us, and the keys that sign what they are told."""

from vokrug.accounts.errors import ClientIdTaken, ClientMalformed, ClientUnknown, SecretNotWanted
from vokrug.accounts.operations import clients
from vokrug.accounts.operations.keys import rotate_keys
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.schemas import (
    ClientCard,
    ClientCards,
    ClientTerms,
    ConsoleMessage,
    ConsoleMessageCards,
    NewSecret,
    RegisterClient,
    client_of,
)
from vokrug.accounts.store import attempts
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("accounts")


@routes.post("/v1/account-clients", answers={201: ClientCard}, refusals=[ClientMalformed, ClientIdTaken])
async def register_client(call: Call, body: RegisterClient) -> Answer[ClientCard]:
    """Register a product. Return addresses are compared letter by letter, and the secret is shown this once."""
    wanted = client_of(body.id, body, body.sector, call.now)
    async with call.db.transaction() as tx:
        client, secret = await clients.register_client(tx, wanted, is_public=body.public)
    return Answer(ClientCard.of(client, secret), status=201, headers={"cache-control": "no-store"})


@routes.get("/v1/account-clients", answers={200: ClientCards})
async def list_clients(call: Call) -> Answer[ClientCards]:
    """Every product, the disabled ones too."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(ClientCards([ClientCard.of(client) for client in await clients.clients(tx)]))


@routes.put("/v1/account-clients/{id:str}", answers={200: ClientCard}, refusals=[ClientMalformed, ClientUnknown])
async def change_client(call: Call, body: ClientTerms) -> Answer[ClientCard]:
    """Change anything but the id, the secret and the sector."""
    wanted = client_of(call.path["id"], body, None, call.now)
    async with call.db.transaction() as tx:
        return Answer(ClientCard.of(await clients.change_client(tx, wanted)))


@routes.post(
    "/v1/account-clients/{id:str}:renew-secret", answers={200: NewSecret}, refusals=[ClientUnknown, SecretNotWanted]
)
async def renew_secret(call: Call) -> Answer[NewSecret]:
    """A new secret. The old one is worth nothing at once."""
    async with call.db.transaction() as tx:
        secret = await clients.renew_secret(tx, call.path["id"])
    return Answer(NewSecret(secret), headers={"cache-control": "no-store"})


@routes.post("/v1/account-clients/{id:str}:disable", answers={204: None}, refusals=[ClientUnknown])
async def disable_client(call: Call) -> Answer[None]:
    """Nobody signs in through it any more, and the tokens it holds open nothing."""
    async with call.db.transaction() as tx:
        await clients.disable_client(tx, call.path["id"], call.now)
    return Answer(None, status=204)


@routes.post("/v1/account-keys:rotate", answers={204: None})
async def rotate_signing_keys(call: Call) -> Answer[None]:
    """The keys that wait sign from now on, before their time: for when somebody may have read the current ones."""
    await rotate_keys(call.db, call.services.get(Provider), call.now, is_forced=True)
    return Answer(None, status=204)


@routes.get("/v1/account-messages", answers={200: ConsoleMessageCards})
async def console_messages(call: Call) -> Answer[ConsoleMessageCards]:
    """The last messages of a developer's machine, where no gateway is set; elsewhere there are none."""
    async with call.db.transaction(readonly=True) as tx:
        found = await attempts.last_messages(tx, 50)
    cards = [ConsoleMessage(one.channel, one.address, one.text) for one in found]
    return Answer(ConsoleMessageCards(cards), headers={"cache-control": "no-store"})
