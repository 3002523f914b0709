"""Offers: what a basket costs, what points may pay of it, and what it earns. Nothing here moves value.

The hot path is `price` over the set that `LiveOffers` holds; everything else is for the staff.
"""

from vokrug.promotions.api import routes
from vokrug.promotions.engine import (
    Basket,
    Burn,
    CodeState,
    CompiledOffers,
    Left,
    Line,
    OfferVersion,
    Personal,
    Policy,
    Priced,
    Shopper,
    Tender,
    active_from,
    compile_offers,
    expires_at,
    price,
)
from vokrug.promotions.live import LiveOffers
from vokrug.promotions.operations import (
    check_offer,
    create_offer,
    end_offer,
    export_offers,
    import_offers,
    list_offers,
    load_published,
    offer_card,
    pause_offer,
    publish_offer,
    save_shop_group,
    try_price,
    write_draft,
)
from vokrug.promotions.policies.api import routes as policy_routes
from vokrug.promotions.policies.operations import policy_in_force, save_policy
from vokrug.promotions.types import OfferState

__all__ = [
    "Basket",
    "Burn",
    "CodeState",
    "CompiledOffers",
    "Left",
    "Line",
    "LiveOffers",
    "OfferState",
    "OfferVersion",
    "Personal",
    "Policy",
    "Priced",
    "Shopper",
    "Tender",
    "active_from",
    "check_offer",
    "compile_offers",
    "create_offer",
    "end_offer",
    "expires_at",
    "export_offers",
    "import_offers",
    "list_offers",
    "load_published",
    "offer_card",
    "pause_offer",
    "policy_in_force",
    "policy_routes",
    "price",
    "publish_offer",
    "routes",
    "save_policy",
    "save_shop_group",
    "try_price",
    "write_draft",
]
