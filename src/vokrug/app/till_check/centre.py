"""A test centre to connect a till to: a shop, a till, two articles, a shopper with points, and a sandbox key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from vokrug.app.scenarios.client import Client
from vokrug.app.scenarios.instance import Instances
from vokrug.app.till_check.kit import Place

SHOP, TILL, PHONE = "KIT", "K1", "+79990000001"
OFFERS: dict[str, dict[str, Any]] = {
    "kit-earn": {"kind": "earn", "reward": {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": 500}]}},
    "kit-burn": {"kind": "burn_cap", "share_bp": 5000},
    "kit-cake": {
        "kind": "item_discount",
        "goods": {"skus": ["cake"]},
        "benefit": {"kind": "percent", "percent_bp": 1000},
    },
}


class KitRefused(Exception):
    """The centre would not be prepared."""


def prepared(client: Client, url: str) -> Place:
    """Open the shop of the kit at a centre, with a staff key's client."""

    def ask(method: str, path: str, body: Any) -> Any:
        status, answer = client.call(method, path, body)
        if status >= 300:
            raise KitRefused(f"{method} {path}: {status} {answer}")
        return answer

    shop = ask("PUT", "/v1/shops", {"code": SHOP, "name": "Проверка касс", "tills": [TILL]})
    articles = [{"sku": "coffee", "name": "Кофе"}, {"sku": "cake", "name": "Торт"}]
    ask("PUT", "/v1/catalogue", {"articles": articles})
    for key, body in OFFERS.items():
        offer = {"id": str(uuid4()), "key": key, "name": key, "owner": "till-check", "body": body}
        id = ask("POST", "/v1/promotions", offer)["offer"]["id"]
        for step in ("check", "publish"):
            ask("POST", f"/v1/promotions/{id}:{step}", {"version": 1})
    wanted = {"uid": str(uuid4()), "role": "till", "label": "till-check", "is_sandbox": True}
    issued = ask("POST", "/v1/keys", {**wanted, "shop_id": shop["id"], "till_id": shop["tills"][0]["id"]})
    person = {"shop": SHOP, "till": TILL, "request_id": str(uuid4()), "phone": PHONE, "called": "Проверка"}
    ask("POST", "/pos/v1/customers", person)
    return Place(url, issued["key_id"], issued["secret"], SHOP, TILL, PHONE)


@contextmanager
def own_centre(database_url: str | None) -> Iterator[tuple[str, Client]]:
    """A centre of one's own, gone when the check ends: its address, and a staff key's client."""
    with Instances(database_url) as instances:
        instance = instances.fresh(clock="system")
        try:
            yield f"http://127.0.0.1:{instance.settings.port}", instance.client
        finally:
            instance.close()
