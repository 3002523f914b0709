"""What a sale and a return mean in the ledger. The legs of a sale, for points worth a rouble each:

points   customer's wallet → redeemed            what was burned
points   issued → customer's wallet              what was earned, one lot a grant
money    till clearing → revenue of the shop     what was paid
money    liability of the funder → revenue       the worth of burned points is released, by lot's funder
money    revenue → liability of the funder       the worth of earned points is taken up
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from vokrug.kernel import Rounding, round_ratio
from vokrug.ledger.books import Books, Taken, choose_lots
from vokrug.ledger.giftcards.types import CardMoney
from vokrug.ledger.types import FreeLot, Grant, Hold, Journal, Kind, Wallet, wallet_of

NO_CARDS = CardMoney()


@dataclass(frozen=True)
class Accounts:
    """The summed wallets a shop's sales touch, and what a point is worth."""

    points_unit: int
    issued: int
    redeemed: int
    clearing: int
    revenue: int
    liability: int  # of the programme itself; other funders' are named by their grants
    deviation: int  # what a shop's printed receipts differ by
    value_num: int = 1  # worth of one minor point in minor money, as a ratio
    value_den: int = 1

    def worth(self, points: int) -> int:
        return round_ratio(points * self.value_num, self.value_den, Rounding.HALF_EVEN)


@dataclass(frozen=True)
class Settled:
    """What the ledger did for a document."""

    journal_id: int
    burned: int
    granted: int
    balance_after: int
    debt_after: int
    lots: list[tuple[int, int]] = field(default_factory=list)  # lots granted: id, amount


def new_points_wallet(customer: int, unit_id: int) -> Wallet:
    """A customer's wallet comes into being with the first points."""
    return Wallet(wallet_of(customer, unit_id), customer, "main", "d", True, 0, 0, 0, 0, 0, 0, None)


def settle_sale(
    books: Books,
    *,
    customer: int | None,
    document: UUID,
    effective_at: datetime,
    accounts: Accounts,
    paid: int,
    hold: Hold | None,
    burn: int,
    grants: Sequence[Grant],
    cards: CardMoney = NO_CARDS,
    own_burn: int = 0,
    facts: dict[str, Any] | None = None,
) -> Settled:
    """Post a sale. `burn` comes out of the hold if there is one, else out of the wallet in burn order. `own_burn` is
    what a reward takes of the points that this sale itself grants.

    Raises InsufficientFunds, before anything has changed, if the wallet has less than `burn`.
    """
    journal = books.open_journal(
        Kind.SALE, home=customer or 0, effective_at=effective_at, document=document, facts=facts
    )
    if customer is None:
        take_money(books, journal, accounts, paid, cards)
        return Settled(journal.id, 0, 0, 0, 0)
    wallet_id = wallet_of(customer, accounts.points_unit)
    wallet = books.wallets.get(wallet_id) or books.add(new_points_wallet(customer, accounts.points_unit))
    taken: Taken = []
    if hold is not None:
        taken = books.capture_hold(journal, hold, min(burn, hold.amount))
    elif burn:
        taken = books.move(journal, wallet_id, accounts.redeemed, burn)
    burned = sum(part for _, part, _ in taken)
    lots = []
    for grant in grants:
        lots.append((books.next_lot_id(journal), grant.amount))
        books.move(journal, accounts.issued, wallet_id, grant.amount, grant=grant)
    if own_burn:
        own = own_lots(books, journal, own_burn)
        taken = [*taken, *books.move(journal, wallet_id, accounts.redeemed, own_burn, taken=own, force=True)]
        burned += own_burn
    take_money(books, journal, accounts, paid, cards)
    for funder, points in by_funder(taken, accounts.liability):
        if worth := accounts.worth(points):
            books.move(journal, funder, accounts.revenue, worth)
    for grant in grants:
        if worth := accounts.worth(grant.amount):
            books.move(journal, accounts.revenue, grant.funder or accounts.liability, worth)
    return Settled(journal.id, burned, sum(grant.amount for grant in grants), wallet.balance, wallet.debt, lots)


def own_lots(books: Books, journal: Journal, amount: int) -> Taken:
    """The first lots that this journal granted, as far as they go."""
    fresh = [FreeLot(lot[1], lot[3], lot[7]) for lot in books.new_lots if lot[1] >> 8 == journal.id]
    return choose_lots(fresh, amount)


def take_money(books: Books, journal: Journal, accounts: Accounts, paid: int, cards: CardMoney) -> None:
    """What was paid: by gift cards as far as they go, the rest at the till. What bought gift cards is not revenue:
    it is owed to whoever holds them.
    """
    for wallet_id, amount, hold_id in cards.tendered:
        if hold_id:
            books.capture_hold(journal, books.holds[hold_id], amount)
        else:
            books.move(journal, wallet_id, accounts.revenue, amount)
    for wallet_id, amount in cards.sold:
        books.move(journal, accounts.clearing, wallet_id, amount)
    goods = paid - cards.paid - cards.loaded
    if goods > 0:
        books.move(journal, accounts.clearing, accounts.revenue, goods)
    elif goods < 0:
        books.move(journal, accounts.revenue, accounts.clearing, -goods)


def give_money_back(books: Books, journal: Journal, accounts: Accounts, refunded: int, cards: CardMoney) -> None:
    """The mirror: to the cards that paid, out of the cards that were bought, and the rest at the till."""
    for wallet_id, amount, _ in cards.tendered:
        books.move(journal, accounts.revenue, wallet_id, amount)
    for wallet_id, amount in cards.sold:
        books.move(journal, wallet_id, accounts.clearing, amount)
    if goods := refunded - cards.paid - cards.loaded:
        books.move(journal, accounts.revenue, accounts.clearing, goods)


def by_funder(taken: Taken, otherwise: int) -> list[tuple[int, int]]:
    """Whose points were taken, and how many."""
    totals: dict[int, int] = {}
    for _, part, funder in taken:
        totals[funder or otherwise] = totals.get(funder or otherwise, 0) + part
    return list(totals.items())


def settle_return(
    books: Books,
    *,
    customer: int | None,
    document: UUID,
    effective_at: datetime,
    accounts: Accounts,
    refunded: int,
    restore: Taken,
    regrant: Grant | None,
    take_back: Taken,
    owed: int,
    cards: CardMoney = NO_CARDS,
    facts: dict[str, Any] | None = None,
) -> Settled:
    """Post a return: money back, burned points back to their own lots (`restore`) or, where those have lapsed,
    as a lot of grace (`regrant`); earned points taken back from the lots named (`take_back`), and what is no
    longer there as a debt (`owed`).
    """
    journal = books.open_journal(
        Kind.RETURN, home=customer or 0, effective_at=effective_at, document=document, facts=facts
    )
    give_money_back(books, journal, accounts, refunded, cards)
    if customer is None:
        return Settled(journal.id, 0, 0, 0, 0)
    wallet_id = wallet_of(customer, accounts.points_unit)
    wallet = books.wallets.get(wallet_id) or books.add(new_points_wallet(customer, accounts.points_unit))
    restored = sum(part for _, part, _ in restore)
    taken_back = sum(part for _, part, _ in take_back) + owed
    if taken_back:
        books.move(journal, wallet_id, accounts.issued, taken_back, taken=take_back, force=True)
    if restored:
        books.move(journal, accounts.redeemed, wallet_id, restored, restore=restore)
    if regrant is not None:
        books.move(journal, accounts.redeemed, wallet_id, regrant.amount, grant=regrant)
        restore = [*restore, (0, regrant.amount, regrant.funder)]
    post_worth(books, journal, accounts, restore, take_back, owed)
    given_back = sum(part for _, part, _ in restore)
    return Settled(journal.id, -given_back, -taken_back, wallet.balance, wallet.debt)


def post_worth(books: Books, journal: Journal, accounts: Accounts, restore: Taken, take_back: Taken, owed: int) -> None:
    """The money side of points coming back and going away."""
    for funder, points in by_funder(restore, accounts.liability):
        if worth := accounts.worth(points):
            books.move(journal, accounts.revenue, funder, worth)
    for funder, points in by_funder([*take_back, (0, owed, 0)] if owed else take_back, accounts.liability):
        if worth := accounts.worth(points):
            books.move(journal, funder, accounts.revenue, worth)
