"""Offers: what a basket costs, what points may pay of it, and what it earns. Nothing here moves value.

The hot path is `price` over the set that `LiveOffers` holds; everything else is for the staff.
"""

from vokrug.promotions.api import routes
from vokrug.promotions.engine import (
    Basket,
    Burn,
    CompiledOffers,
    Line,
    OfferVersion,
    Priced,
    Shopper,
    active_from,
    compile_offers,
    expires_at,
    points_for,
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
    wordings,
    write_draft,
)
from vokrug.promotions.types import OfferState

__all__ = [
    "Basket",
    "Burn",
    "CompiledOffers",
    "Line",
    "LiveOffers",
    "OfferState",
    "OfferVersion",
    "Priced",
    "Shopper",
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
    "points_for",
    "price",
    "publish_offer",
    "routes",
    "save_shop_group",
    "try_price",
    "wordings",
    "write_draft",
]
