"""The till protocol: identify, calculate, commit, cancel, return; shops, tills, goods, receipts."""

from vokrug.pos.acquaintance import Acquaintance
from vokrug.pos.api import routes
from vokrug.pos.checkout import Checkout
from vokrug.pos.facts import DeviationRaised, PointsGranted, PointsWithdrawn, ReturnParked, ReturnPosted, SaleCommitted
from vokrug.pos.gift_cards_api import routes as gift_card_routes
from vokrug.pos.goods.api import routes as goods_routes
from vokrug.pos.jobs import jobs, schedule_all
from vokrug.pos.past import SoldBefore
from vokrug.pos.receipts import Receipt, receipts, zone_of
from vokrug.pos.reference import Reference
from vokrug.pos.tokens import Tokens

__all__ = [
    "Acquaintance",
    "Checkout",
    "DeviationRaised",
    "PointsGranted",
    "PointsWithdrawn",
    "Receipt",
    "Reference",
    "ReturnParked",
    "ReturnPosted",
    "SaleCommitted",
    "SoldBefore",
    "Tokens",
    "gift_card_routes",
    "goods_routes",
    "jobs",
    "receipts",
    "routes",
    "schedule_all",
    "zone_of",
]
