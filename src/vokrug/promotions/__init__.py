"""Offers: what a basket costs, what points may pay of it, and what it earns. Nothing here moves value.

The hot path is `price` over the set that `LiveOffers` holds; everything else is for the staff.
"""

from vokrug.promotions.apart import rules_apart, with_points
from vokrug.promotions.api import routes
from vokrug.promotions.around import Around
from vokrug.promotions.backtest.api import routes as backtest_routes
from vokrug.promotions.backtest.jobs import jobs as backtest_jobs
from vokrug.promotions.backtest.operations import run_backtest
from vokrug.promotions.backtest.pool import workers_for
from vokrug.promotions.backtest.types import Backtest
from vokrug.promotions.backtest.types import Report as BacktestReport
from vokrug.promotions.campaigns.api import routes as campaign_routes
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
    prolong,
    release,
    reserve,
    take,
    tell_used,
    told_of_person,
    wanted,
)
from vokrug.promotions.coupons.api import routes as coupon_routes
from vokrug.promotions.coupons.errors import CouponRefused, LimitReached
from vokrug.promotions.coupons.minting import CouponKeys
from vokrug.promotions.coupons.types import IssuedCode
from vokrug.promotions.coupons.writing import grouped
from vokrug.promotions.engine import (
    Basket,
    Burn,
    CodeState,
    CompiledOffers,
    Delivery,
    Left,
    Line,
    OfferVersion,
    Personal,
    Policy,
    Priced,
    Shopper,
    Tender,
    active_from,
    compile_in_steps,
    compile_offers,
    expires_at,
    points_for,
    price,
    touched_by,
)
from vokrug.promotions.engine.apart import RulesApart
from vokrug.promotions.engine.lint.findings import Key
from vokrug.promotions.errors import ExperimentUnknown, OfferUnknown
from vokrug.promotions.exchange import differences, export_offers, export_records, import_offers, readable, take_lines
from vokrug.promotions.experiments.operations import find_experiment, weigh
from vokrug.promotions.experiments.store import read_holdout
from vokrug.promotions.experiments.types import Report
from vokrug.promotions.facts import ReferralRewarded
from vokrug.promotions.jobs import jobs, schedule_all
from vokrug.promotions.kept import granted_if_claimed_back, price_kept
from vokrug.promotions.launch.api import routes as launch_routes
from vokrug.promotions.launch.linting import lint_change, lint_offer
from vokrug.promotions.launch.simulating import simulate
from vokrug.promotions.launch.store import segments_of
from vokrug.promotions.launch.together import publish_offers
from vokrug.promotions.launch.types import Change, Linted, Simulate
from vokrug.promotions.limits.store import budgets
from vokrug.promotions.lists.reactions import follow_segments
from vokrug.promotions.live import LiveOffers
from vokrug.promotions.operations import (
    check_offer,
    create_offer,
    end_offer,
    latest_steps,
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
from vokrug.promotions.outside import NameOf, Outside, PointsBooks, Reader, Receipt, Slice, Span, chain_of
from vokrug.promotions.people_api import routes as people_routes
from vokrug.promotions.personal.operations import activate_personal, personal_offers
from vokrug.promotions.personal.types import PersonalOffer
from vokrug.promotions.policies.api import routes as policy_routes
from vokrug.promotions.policies.operations import policy_in_force, save_policy
from vokrug.promotions.referrals.operations import note_return, note_sale, reward_ripe
from vokrug.promotions.referrals.store import invited
from vokrug.promotions.rules import read_body
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
from vokrug.promotions.tiers.types import METRICS, Done, Needs, Programme, Tier
from vokrug.promotions.types import OfferRecord, OfferState

all_routes = [routes, policy_routes, launch_routes, backtest_routes, coupon_routes, campaign_routes, people_routes]

__all__ = [
    "METRICS",
    "Around",
    "Asked",
    "Backtest",
    "BacktestReport",
    "Basket",
    "Burn",
    "Change",
    "CodeState",
    "CompiledOffers",
    "CouponKeys",
    "CouponRefused",
    "Delivery",
    "Done",
    "ExperimentUnknown",
    "IssuedCode",
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
    "OfferUnknown",
    "OfferVersion",
    "Outside",
    "Party",
    "Personal",
    "PersonalOffer",
    "PointsBooks",
    "Policy",
    "Priced",
    "Programme",
    "Reader",
    "Receipt",
    "ReferralRewarded",
    "Report",
    "RulesApart",
    "Shopper",
    "Simulate",
    "Slice",
    "Span",
    "Tender",
    "Tier",
    "Told",
    "Wanted",
    "activate_personal",
    "active_from",
    "all_routes",
    "backtest_jobs",
    "backtest_routes",
    "budgets",
    "campaign_routes",
    "categories_of",
    "chain_of",
    "check_offer",
    "closed",
    "compile_in_steps",
    "compile_offers",
    "count_categories",
    "count_return",
    "coupon_routes",
    "create_offer",
    "day_number",
    "differences",
    "done_of",
    "end_offer",
    "expires_at",
    "export_offers",
    "export_records",
    "find_experiment",
    "follow_segments",
    "give_back",
    "grant_days",
    "granted_if_claimed_back",
    "grouped",
    "import_offers",
    "invited",
    "issue_for_sale",
    "issued_with",
    "jobs",
    "keep",
    "latest_steps",
    "launch_routes",
    "lint_change",
    "lint_offer",
    "list_offers",
    "load_published",
    "look_up",
    "missing",
    "next_tier",
    "note_return",
    "note_sale",
    "note_step",
    "offer_card",
    "path",
    "pause_offer",
    "people_routes",
    "personal_offers",
    "points_for",
    "policy_in_force",
    "policy_routes",
    "price",
    "price_kept",
    "prolong",
    "publish_offer",
    "publish_offers",
    "read_body",
    "read_holdout",
    "read_programme",
    "readable",
    "release",
    "reserve",
    "reward_ripe",
    "routes",
    "rules_apart",
    "run_backtest",
    "save_policy",
    "save_programme",
    "save_shop_group",
    "schedule_all",
    "segments_of",
    "simulate",
    "standing",
    "standing_now",
    "take",
    "take_lines",
    "tell_used",
    "tiers_version",
    "today_of",
    "told_of_person",
    "touched_by",
    "try_price",
    "wanted",
    "weigh",
    "with_points",
    "wordings",
    "workers_for",
    "write_draft",
]
