"""Wallets, points, holds and lots on a double-entry journal. Nothing else in the product moves value."""

from vokrug.ledger import giftcards
from vokrug.ledger.api import routes
from vokrug.ledger.books import Books, choose_lots
from vokrug.ledger.checking import BooksReport, check_books
from vokrug.ledger.errors import InsufficientFunds, KeyReused
from vokrug.ledger.giftcards.numbers import GiftKeys
from vokrug.ledger.giftcards.types import CardMoney
from vokrug.ledger.jobs import jobs, schedule_all
from vokrug.ledger.joins.api import routes as join_routes
from vokrug.ledger.joins.moving import join_wallets, part_wallets
from vokrug.ledger.joins.reactions import propose_joins
from vokrug.ledger.operations.giving import Gift, give_points, take_points
from vokrug.ledger.operations.nightly import expire_lots, fold_deltas, sweep_holds
from vokrug.ledger.operations.perform import open_books, perform
from vokrug.ledger.operations.settling import Accounts, Settled, settle_return, settle_sale
from vokrug.ledger.operations.wallets import (
    available,
    has_rate,
    open_wallet,
    rate,
    summed_wallet,
    unit_named,
    units,
    who_holds_value,
)
from vokrug.ledger.reading import (
    PointsLine,
    TrialLine,
    next_to_expire,
    points_beside_sales,
    points_lots,
    statement,
    summed,
    trial_balance,
)
from vokrug.ledger.rules import AcquiredLot, Source, defer, draw, fee, recognise, reduce_lots, split
from vokrug.ledger.store import (
    ALL_LOTS,
    FIRST_LOTS,
    JournalIds,
    Moved,
    lots_of_journal,
    pending_lots_of_journal,
    read_holds,
    read_wallets,
    summed_wallets,
    to_wallet,
    write,
    written,
)
from vokrug.ledger.types import FOREVER, Available, FreeLot, Grant, Hold, Kind, Unit, Wallet, wallet_of

__all__ = [
    "ALL_LOTS",
    "FIRST_LOTS",
    "FOREVER",
    "Accounts",
    "AcquiredLot",
    "Available",
    "Books",
    "BooksReport",
    "CardMoney",
    "FreeLot",
    "Gift",
    "GiftKeys",
    "Grant",
    "Hold",
    "InsufficientFunds",
    "JournalIds",
    "KeyReused",
    "Kind",
    "Moved",
    "PointsLine",
    "Settled",
    "Source",
    "TrialLine",
    "Unit",
    "Wallet",
    "available",
    "check_books",
    "choose_lots",
    "defer",
    "draw",
    "expire_lots",
    "fee",
    "fold_deltas",
    "giftcards",
    "give_points",
    "has_rate",
    "jobs",
    "join_routes",
    "join_wallets",
    "lots_of_journal",
    "next_to_expire",
    "open_books",
    "open_wallet",
    "part_wallets",
    "pending_lots_of_journal",
    "perform",
    "points_beside_sales",
    "points_lots",
    "propose_joins",
    "rate",
    "read_holds",
    "read_wallets",
    "recognise",
    "reduce_lots",
    "routes",
    "schedule_all",
    "settle_return",
    "settle_sale",
    "split",
    "statement",
    "summed",
    "summed_wallet",
    "summed_wallets",
    "sweep_holds",
    "take_points",
    "to_wallet",
    "trial_balance",
    "unit_named",
    "units",
    "wallet_of",
    "who_holds_value",
    "write",
    "written",
]
