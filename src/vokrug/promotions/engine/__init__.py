"""The engine: prices a basket under compiled offers. Pure: no database, no network, no clock.

It leans on the kernel alone, so that it can be packed for tills that work without a line.
"""

from vokrug.promotions.engine.basket import Basket, Burn, CodeState, Left, Line, Personal, Shopper, Tender
from vokrug.promotions.engine.compile import CompiledOffers, compile_in_steps, compile_offers, touched_by
from vokrug.promotions.engine.earn import points_for
from vokrug.promotions.engine.lint import Finding, Known, lint, lint_set
from vokrug.promotions.engine.lots import active_from, expires_at
from vokrug.promotions.engine.offers import OfferBody, OfferVersion
from vokrug.promotions.engine.policy import PRESETS, Policy
from vokrug.promotions.engine.priced import Delivery, Priced
from vokrug.promotions.engine.pricing import price

__all__ = [
    "PRESETS",
    "Basket",
    "Burn",
    "CodeState",
    "CompiledOffers",
    "Delivery",
    "Finding",
    "Known",
    "Left",
    "Line",
    "OfferBody",
    "OfferVersion",
    "Personal",
    "Policy",
    "Priced",
    "Shopper",
    "Tender",
    "active_from",
    "compile_in_steps",
    "compile_offers",
    "expires_at",
    "lint",
    "lint_set",
    "points_for",
    "price",
    "touched_by",
]
