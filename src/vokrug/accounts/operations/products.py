"""Products that a person has entered or lets know something: which they are, and how one leaves them."""

from collections.abc import Sequence
from datetime import datetime

from vokrug import customers
from vokrug.accounts.errors import ProductUnknown
from vokrug.accounts.store import grants as store
from vokrug.accounts.types import Account, LinkedProduct
from vokrug.runtime.database import Tx


async def products(tx: Tx, account: Account) -> Sequence[LinkedProduct]:
    return await store.products(tx, account.id)


async def leave_product(tx: Tx, account: Account, client_id: str, now: datetime) -> None:
    """The product knows nothing from now on, and what it holds opens nothing. It may ask again."""
    left = next((one for one in await products(tx, account) if one.client_id == client_id), None)
    if left is None:
        raise ProductUnknown
    await store.revoke_grants_to(tx, account.id, client_id, now, "taken back by the person")
    if await store.withdraw_consent(tx, account.id, client_id):
        word = customers.Consent(f"share.{client_id}", " ".join(left.scopes)[:64], False)
        await customers.state_consents(tx, account.customer_id, [word], source=customers.Source.SITE, now=now)
