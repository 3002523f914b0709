"""Offers: what a basket costs, what points may pay of it, and what it earns. Nothing here moves value.

The hot path is `price` over the set that `LiveOffers` holds; everything else is for the staff.
"""

from vokrug.promotions.api import routes
from vokrug.promotions.backtest.api import routes as backtest_routes
from vokrug.promotions.backtest.jobs import jobs as backtest_jobs
from vokrug.promotions.backtest.operations import run_backtest
from vokrug.promotions.backtest.types import Backtest, Report
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
from vokrug.promotions.engine.lint.findings import Key
from vokrug.promotions.exchange import export_offers, export_records, import_offers, readable, take_lines
from vokrug.promotions.launch.api import routes as launch_routes
from vokrug.promotions.launch.linting import lint_change
from vokrug.promotions.launch.types import Change, Linted
from vokrug.promotions.live import LiveOffers
from vokrug.promotions.operations import (
    check_offer,
    create_offer,
    end_offer,
    list_offers,
    load_published,
    offer_card,
    pause_offer,
    publish_offer,
    save_shop_group,
    try_price,
    write_draft,
)
from vokrug.promotions.outside import (
    NameOf,
    Outside,
    PointsBooks,
    Reader,
    Receipt,
    Slice,
    Span,
)
from vokrug.promotions.types import OfferRecord, OfferState

__all__ = [
    "Backtest",
    "Basket",
    "Burn",
    "Change",
    "CodeState",
    "CompiledOffers",
    "Key",
    "Left",
    "Line",
    "Linted",
    "LiveOffers",
    "NameOf",
    "OfferRecord",
    "OfferState",
    "OfferVersion",
    "Outside",
    "Personal",
    "PointsBooks",
    "Policy",
    "Priced",
    "Reader",
    "Receipt",
    "Report",
    "Shopper",
    "Slice",
    "Span",
    "Tender",
    "active_from",
    "backtest_jobs",
    "backtest_routes",
    "check_offer",
    "compile_offers",
    "create_offer",
    "end_offer",
    "expires_at",
    "export_offers",
    "export_records",
    "import_offers",
    "launch_routes",
    "lint_change",
    "list_offers",
    "load_published",
    "offer_card",
    "pause_offer",
    "price",
    "publish_offer",
    "readable",
    "routes",
    "run_backtest",
    "save_shop_group",
    "take_lines",
    "try_price",
    "write_draft",
]
