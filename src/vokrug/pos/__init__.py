"""The till protocol: identify, calculate, commit, cancel, return; shops, tills, goods, receipts."""

from vokrug.pos.acquaintance import Acquaintance
from vokrug.pos.api import routes
from vokrug.pos.baskets import basket_of
from vokrug.pos.checkout import Checkout
from vokrug.pos.choosing import Category, categories, some_articles
from vokrug.pos.deviations import Deviation, deviations
from vokrug.pos.facts import (
    BurnAuthorised,
    DeviationRaised,
    PointsGranted,
    PointsWithdrawn,
    ReturnParked,
    ReturnPosted,
    SaleCommitted,
)
from vokrug.pos.fraud.api import routes as fraud_routes
from vokrug.pos.fraud.facts import SuspicionDecided, SuspicionRaised
from vokrug.pos.fraud.reactions import look_for_fraud
from vokrug.pos.gift_cards_api import routes as gift_card_routes
from vokrug.pos.goods.api import routes as goods_routes
from vokrug.pos.jobs import jobs, schedule_all
from vokrug.pos.messages.api import routes as message_routes
from vokrug.pos.offline.api import routes as offline_routes
from vokrug.pos.offline.sealing import Seals
from vokrug.pos.onboarding import ClaimGuard
from vokrug.pos.onboarding import routes as onboarding_routes
from vokrug.pos.operations.gift_cards import stands_for_holder as gift_card_stands
from vokrug.pos.operations.giving import give as give_points
from vokrug.pos.operations.giving import statement as points_statement
from vokrug.pos.operations.health import tills_health
from vokrug.pos.operations.orphans import returns_waiting
from vokrug.pos.past import SoldBefore
from vokrug.pos.proofs.api import routes as proof_routes
from vokrug.pos.proofs.errors import PinTooSimple
from vokrug.pos.proofs.guesses import put_pin
from vokrug.pos.proofs.keys import ANY_BURN, ProofKeys
from vokrug.pos.reactions import reactions
from vokrug.pos.receipts import Receipt, receipts, zone_of, zone_of_shop
from vokrug.pos.reference import Reference
from vokrug.pos.schemas import Calculate, LineAsked, PointsGiven
from vokrug.pos.tags.api import routes as tag_routes
from vokrug.pos.tokens import Tokens
from vokrug.pos.watching import TillMeter
from vokrug.pos.watching import routes as watching_routes

__all__ = [
    "ANY_BURN",
    "Acquaintance",
    "BurnAuthorised",
    "Calculate",
    "Category",
    "Checkout",
    "ClaimGuard",
    "Deviation",
    "DeviationRaised",
    "LineAsked",
    "PinTooSimple",
    "PointsGiven",
    "PointsGranted",
    "PointsWithdrawn",
    "ProofKeys",
    "Receipt",
    "Reference",
    "ReturnParked",
    "ReturnPosted",
    "SaleCommitted",
    "Seals",
    "SoldBefore",
    "SuspicionDecided",
    "SuspicionRaised",
    "TillMeter",
    "Tokens",
    "basket_of",
    "categories",
    "deviations",
    "fraud_routes",
    "gift_card_routes",
    "gift_card_stands",
    "give_points",
    "goods_routes",
    "jobs",
    "look_for_fraud",
    "message_routes",
    "offline_routes",
    "onboarding_routes",
    "points_statement",
    "proof_routes",
    "put_pin",
    "reactions",
    "receipts",
    "returns_waiting",
    "routes",
    "schedule_all",
    "some_articles",
    "tag_routes",
    "tills_health",
    "watching_routes",
    "zone_of",
    "zone_of_shop",
]
