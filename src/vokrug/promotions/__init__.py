"""Offers: what a basket costs, what points may pay of it, and what it earns. Nothing here moves value.

The hot path is `price` over the set that `LiveOffers` holds; everything else is for the staff.
"""

from vokrug.promotions.api import routes
from vokrug.promotions.around import Around
from vokrug.promotions.backtest.api import routes as backtest_routes
from vokrug.promotions.backtest.jobs import jobs as backtest_jobs
from vokrug.promotions.backtest.operations import run_backtest
from vokrug.promotions.backtest.pool import workers_for
from vokrug.promotions.backtest.types import Backtest, Report
from vokrug.promotions.checks import (
    Asked,
    Party,
    Told,
    Wanted,
    closed,
    give_back,
    issue_for_sale,
    issued_with,
    look_up,
    release,
    reserve,
    take,
    tell_used,
    wanted,
)
from vokrug.promotions.coupons.errors import CouponRefused, LimitReached
from vokrug.promotions.coupons.minting import CouponKeys
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
from vokrug.promotions.launch.store import segments_of
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
from vokrug.promotions.tiers.operations import (
    count_categories,
    count_return,
    done_of,
    grant_days,
    save_programme,
    today_of,
)
from vokrug.promotions.tiers.operations import note as note_step
from vokrug.promotions.tiers.operations import standing as standing_now
from vokrug.promotions.tiers.rules import categories_of, day_number, missing, next_tier, standing
from vokrug.promotions.tiers.store import read_programme
from vokrug.promotions.tiers.store import read_version as tiers_version
from vokrug.promotions.tiers.texts import keep, path
from vokrug.promotions.tiers.types import Done, Needs, Programme, Tier
from vokrug.promotions.types import OfferRecord, OfferState

__all__ = [
    "Around",
    "Asked",
    "Backtest",
    "Basket",
    "Burn",
    "Change",
    "CodeState",
    "CompiledOffers",
    "CouponKeys",
    "CouponRefused",
    "Done",
    "Key",
    "Left",
    "LimitReached",
    "Line",
    "Linted",
    "LiveOffers",
    "NameOf",
    "Needs",
    "OfferRecord",
    "OfferState",
    "OfferVersion",
    "Outside",
    "Party",
    "Personal",
    "PointsBooks",
    "Policy",
    "Priced",
    "Programme",
    "Reader",
    "Receipt",
    "Report",
    "Shopper",
    "Slice",
    "Span",
    "Tender",
    "Tier",
    "Told",
    "Wanted",
    "active_from",
    "backtest_jobs",
    "backtest_routes",
    "categories_of",
    "check_offer",
    "closed",
    "compile_offers",
    "count_categories",
    "count_return",
    "create_offer",
    "day_number",
    "done_of",
    "end_offer",
    "expires_at",
    "export_offers",
    "export_records",
    "give_back",
    "grant_days",
    "import_offers",
    "issue_for_sale",
    "issued_with",
    "keep",
    "launch_routes",
    "lint_change",
    "list_offers",
    "load_published",
    "look_up",
    "missing",
    "next_tier",
    "note_step",
    "offer_card",
    "path",
    "pause_offer",
    "price",
    "publish_offer",
    "read_programme",
    "readable",
    "release",
    "reserve",
    "routes",
    "run_backtest",
    "save_programme",
    "save_shop_group",
    "segments_of",
    "standing",
    "standing_now",
    "take",
    "take_lines",
    "tell_used",
    "tiers_version",
    "today_of",
    "try_price",
    "wanted",
    "workers_for",
    "write_draft",
]
