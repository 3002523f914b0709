"""Mailed coupons and their redemptions (The Complete Journey, same columns), each redeemed again at its date.

A campaign becomes a list of the households that got it, and each of its coupons an offer for that list, open from
the campaign's first day to its last, once for each household. A coupon may be in several campaigns and a household
may have it from each: the code that is shown names both, as a mailed coupon does.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from vokrug.app.replay import chain
from vokrug.app.replay.chain import TILL, document_id
from vokrug.app.replay.door import Door
from vokrug.app.replay.files import FileUnreadable, find_table, minor, read_rows
from vokrug.app.replay.order import each_in_order
from vokrug.app.replay.outcome import Answered, ending
from vokrug.kernel import format_minor, parse_minor

KIND = "journey"
SHOP = "journey"
ZONE = ZoneInfo("America/New_York")  # of the publisher; redemptions have a date and no hour
NOON = time(12)
OFF_MINOR = 50  # what a coupon takes off: the tables do not say it
PRICE_MINOR = 2_00  # of a product that the sample of transactions never shows

RULES = {
    "coupon": "an offer for the list of its campaign's households, in the campaign's window, once for each household",
    "code": "campaign and coupon together: one coupon may be in several campaigns",
    "value": f"{format_minor(OFF_MINOR)} off the coupon's products; the tables do not say what a coupon is worth",
    "basket": "one product of the coupon: the one the household bought that day, where the sample shows it",
    "outsiders": "for each redemption, a household that did not get the campaign tries the same coupon",
    "dates": "for each redemption, a household of the campaign tries the coupon a day before and a day after",
}

Tried = Literal["first", "again", "outsider", "before", "after"]
RIGHT = {
    "again": {"limit", "used"},
    "outsider": {"excluded"},
    "before": {"not_met", "excluded", "expired"},  # not met: the code is good on other days
    "after": {"not_met", "excluded", "expired"},
}


@dataclass(frozen=True, slots=True)
class Campaign:
    """A mailing: who got it, and when its coupons are good."""

    number: str
    first: date
    last: date
    households: frozenset[str]

    @property
    def list_key(self) -> str:
        return f"{KIND}-{self.number}"


@dataclass(frozen=True, slots=True)
class Redemption:
    """A coupon handed in. `at` is noon of its date."""

    household: str
    coupon: str
    campaign: str
    on: date
    place: int  # among those of the same household, coupon and campaign: 0 is the first

    @property
    def code(self) -> str:
        return f"{self.campaign}-{self.coupon}"


@dataclass(slots=True)
class Tables:
    """The files, read."""

    campaigns: dict[str, Campaign] = field(default_factory=dict)
    products: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)  # by campaign and coupon
    redemptions: list[Redemption] = field(default_factory=list)
    prices: dict[str, int] = field(default_factory=dict)  # by product
    bought: dict[tuple[str, date], set[str]] = field(default_factory=dict)  # by household and day


def read_tables(folder: Path) -> Tables:
    """Everything the replay needs. Coupons and households of campaigns without a description are passed over."""
    households: dict[str, set[str]] = defaultdict(set)
    for row in read_rows(find_table(folder, "campaigns"), ("campaign_id", "household_id")):
        households[row["campaign_id"]].add(row["household_id"])
    tables = Tables()
    path = find_table(folder, "campaign_descriptions")
    for row in read_rows(path, ("campaign_id", "start_date", "end_date")):
        number = row["campaign_id"]
        first, last = _day(row["start_date"], path), _day(row["end_date"], path)
        tables.campaigns[number] = Campaign(number, first, last, frozenset(households[number]))
    products: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in read_rows(find_table(folder, "coupons"), ("coupon_upc", "product_id", "campaign_id")):
        products[row["campaign_id"], row["coupon_upc"]].add(row["product_id"])
    tables.products = {key: tuple(sorted(each)) for key, each in products.items() if key[0] in tables.campaigns}
    tables.redemptions = _redemptions(folder)
    _read_sample(folder, tables)
    return tables


def _redemptions(folder: Path) -> list[Redemption]:
    path = find_table(folder, "coupon_redemptions")
    columns = ("household_id", "coupon_upc", "campaign_id", "redemption_date")
    rows = [
        (_day(row["redemption_date"], path), row["household_id"], row["coupon_upc"], row["campaign_id"])
        for row in read_rows(path, columns)
    ]
    times: Counter[tuple[str, str, str]] = Counter()
    found = []
    for on, household, coupon, campaign in sorted(rows):
        found.append(Redemption(household, coupon, campaign, on, times[household, coupon, campaign]))
        times[household, coupon, campaign] += 1
    return found


def _read_sample(folder: Path, tables: Tables) -> None:
    """What products cost and who bought them when, as far as the sample of transactions goes; it may be missing."""
    try:
        path = find_table(folder, "transactions_sample")
    except FileUnreadable:
        return
    columns = ("household_id", "product_id", "quantity", "sales_value", "retail_disc", "coupon_match_disc")
    for row in read_rows(path, (*columns, "transaction_timestamp")):
        on = _day(row["transaction_timestamp"][:10], path)
        tables.bought.setdefault((row["household_id"], on), set()).add(row["product_id"])
        quantity = float(row["quantity"])
        if quantity >= 1:
            shelf = sum(minor(row[name], path)[0] for name in columns[3:])
            if shelf / quantity >= 2 * OFF_MINOR:
                tables.prices[row["product_id"]] = round(shelf / quantity)


def _day(text: str, path: Path) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FileUnreadable(path=path, why=str(error)) from None


# Sending


@dataclass(slots=True)
class Sender:
    """Redeems coupons again, and tries those that must be refused."""

    door: Door
    tables: Tables
    refs: dict[str, str]  # of offers, by code
    never_redeemed: dict[str, str | None]  # by code: a household of the campaign that never used it
    outsiders: dict[str, str | None]  # by campaign: a household that did not get it
    answered: Answered = field(default_factory=Answered)
    expected: Counter[str] = field(default_factory=Counter)
    verdicts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unexpected: list[str] = field(default_factory=list)
    given_minor: int = 0

    async def send(self, one: Redemption) -> None:
        """A redemption, and around it those that are none. One code's come one after another."""
        campaign = self.tables.campaigns.get(one.campaign)
        is_good = (
            campaign is not None
            and one.household in campaign.households
            and campaign.first <= one.on <= campaign.last
            and (one.campaign, one.coupon) in self.tables.products
        )
        if not is_good:
            self.expected["not_of_the_campaign"] += 1
            if one.code in self.refs:
                await self.must_be_refused("outsider", one, one.household, one.on)
            return
        assert campaign is not None, "it is good"
        if one.place == 0:
            await self.redeem(one)
            await self.must_be_refused("again", one, one.household, one.on)
        else:
            self.expected["repeats_in_the_file"] += 1
            await self.must_be_refused("again", one, one.household, one.on)
        if (outsider := self.outsiders[one.campaign]) is not None:
            await self.must_be_refused("outsider", one, outsider, one.on)
        if (other := self.never_redeemed[one.code]) is not None:
            await self.must_be_refused("before", one, other, campaign.first - timedelta(days=1))
            await self.must_be_refused("after", one, other, campaign.last + timedelta(days=1))

    async def redeem(self, one: Redemption) -> None:
        """The first time: a discount, and the coupon is taken with the sale."""
        self.expected["first"] += 1
        path = f"/pos/v1/checks/{self._document('first', one)}"
        reply = await self.door.ask(
            "POST", f"{path}:calculate", self._check(one, one.household, one.on) | {"hold": True}
        )
        if reply.is_good:
            said = reply.read()
            given, status = parse_minor(said["totals"]["discount"]), self._status(said, one)
            if (status, given) != ("applied", OFF_MINOR):
                self._note("first", one, f"{status}, {format_minor(given)} off")
                return
            self.given_minor += given
            reply = await self.door.ask("POST", f"{path}:commit", {"rev": 1, "shop": SHOP, "till": TILL})
        if reply.is_good:
            self.answered.sale(reply)
            self.verdicts["first"]["applied"] += 1
        else:
            self.answered.decline(one.code, reply)

    async def must_be_refused(self, tried: Tried, one: Redemption, household: str, on: date) -> None:
        """Only priced: nothing is held or sold."""
        self.expected[tried] += 1
        path = f"/pos/v1/checks/{self._document(tried, one)}:calculate"
        reply = await self.door.ask("POST", path, self._check(one, household, on))
        if not reply.is_good:
            self.answered.decline(f"{one.code} {tried}", reply)
            return
        said = reply.read()
        status, given = self._status(said, one), parse_minor(said["totals"]["discount"])
        self.verdicts[tried][status] += 1
        if given or status not in RIGHT[tried]:
            self._note(tried, one, f"{status}, {format_minor(given)} off")

    def _status(self, said: Any, one: Redemption) -> str:
        mine = self.refs[one.code]
        for verdict in said["verdicts"]:
            if verdict["ref"] == mine or verdict.get("code") == one.code:
                return str(verdict["status"])
        return "not looked at"

    def _note(self, tried: str, one: Redemption, what: str) -> None:
        self.verdicts["unexpected"][tried] += 1
        if len(self.unexpected) < 20:
            self.unexpected.append(f"{tried}: household {one.household}, {one.code}, {one.on}: {what}")

    def _document(self, tried: Tried, one: Redemption) -> UUID:
        return document_id(KIND, tried, one.household, one.code, one.on, one.place)

    def _check(self, one: Redemption, household: str, on: date) -> dict[str, Any]:
        products = self.tables.products.get((one.campaign, one.coupon), ())
        bought = self.tables.bought.get((one.household, one.on), set())
        product = next((each for each in products if each in bought), None)
        product = product or next((each for each in products if each in self.tables.prices), None) or products[0]
        return {
            "rev": 1,
            "shop": SHOP,
            "till": TILL,
            "at": datetime.combine(on, NOON, ZONE).isoformat(),
            "identifier": {"type": f"ext:{KIND}", "value": household},
            "lines": [
                {
                    "n": 1,
                    "sku": product,
                    "qty": "1",
                    "price": format_minor(self.tables.prices.get(product, PRICE_MINOR)),
                }
            ],
            "codes": [one.code],
        }


# The whole of it


async def replay(door: Door, folder: Path, steps: chain.Steps) -> dict[str, Any]:
    """Redeem every coupon and say what came of it."""
    tables = read_tables(folder)
    if not tables.redemptions:
        raise FileUnreadable(path=find_table(folder, "coupon_redemptions"), why="there are no redemptions in it")
    await chain.ensure_shops(
        door, {SHOP: {"name": "The Complete Journey", "zone": ZONE.key, "currency": "RUB", "legal_entity": KIND}}
    )
    shop_ids = await chain.ensure_shops(door, {})
    households = {each for campaign in tables.campaigns.values() for each in campaign.households}
    households |= {one.household for one in tables.redemptions}
    ids, registered = await chain.ensure_customers(door, KIND, households)
    for campaign in tables.campaigns.values():
        await ensure_list(door, campaign, ids)
    refs = await ensure_coupons(door, tables, shop_ids[SHOP])
    named = await last_of_all(door, shop_ids[SHOP])
    await chain.await_offer(door, SHOP, named, KIND, min(households))
    before = await chain.read_books(door, [SHOP])
    sender = Sender(door, tables, refs, *others(tables, households))
    await each_in_order(
        steps(tables.redemptions), sender.send, key=lambda one: f"{one.household}/{one.code}", at_once=door.connections
    )
    after = await chain.read_books(door, [SHOP])
    verdict = await chain.check_books(door, before, after, sender.answered.said)
    return summary(tables, registered, sender, after, verdict)


async def ensure_list(door: Door, campaign: Campaign, ids: dict[str, UUID]) -> None:
    lines = "".join(f"{ids[household]}\n" for household in sorted(campaign.households))
    await door.need("POST", f"/v1/promotions/lists/{campaign.list_key}/import", f"customer\n{lines}".encode())


async def ensure_coupons(door: Door, tables: Tables, shop_id: int) -> dict[str, str]:
    """An offer for each coupon of each campaign. How receipts name them, by code."""
    refs: dict[str, str] = {}
    slots = asyncio.Semaphore(door.connections)

    async def one(key: tuple[str, str], products: Sequence[str]) -> None:
        campaign, coupon = tables.campaigns[key[0]], key[1]
        code = f"{campaign.number}-{coupon}"
        async with slots:
            refs[code] = await chain.ensure_offer(door, KIND, code, offer(campaign, code, products, shop_id))

    await asyncio.gather(*[one(key, products) for key, products in sorted(tables.products.items())])
    return refs


def offer(campaign: Campaign, code: str, products: Sequence[str], shop_id: int) -> dict[str, Any]:
    return {
        "kind": "discount",
        "layer": "item",
        "code": code,
        "goods": {"skus": list(products)},
        "where": {"shops": [shop_id]},
        "who": {"segments": [f"list:{campaign.list_key}"]},
        "when": {"from_date": campaign.first.isoformat(), "until_date": campaign.last.isoformat()},
        "benefit": {"kind": "amount", "amount_minor": OFF_MINOR},
        "limits": [{"subject": "customer", "measure": "uses", "most": 1}],
    }


async def last_of_all(door: Door, shop_id: int) -> str:
    """What is published last tells that all are live."""
    reward = {"kind": "per_step", "step_minor": 10**9, "points_minor": 1}
    return await chain.ensure_offer(
        door, KIND, "last", {"kind": "earn", "reward": reward, "where": {"shops": [shop_id]}}
    )


def others(tables: Tables, households: Iterable[str]) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """For each code a household of its campaign that never used it; for each campaign one that did not get it."""
    everybody = sorted(households)
    used: dict[str, set[str]] = defaultdict(set)
    for one in tables.redemptions:
        used[one.code].add(one.household)
    never: dict[str, str | None] = {}
    for number, coupon in tables.products:
        code = f"{number}-{coupon}"
        never[code] = min(tables.campaigns[number].households - used[code], default=None)
    outside = {
        number: next((each for each in everybody if each not in campaign.households), None)
        for number, campaign in tables.campaigns.items()
    }
    return never, outside


def summary(
    tables: Tables, registered: int, sender: Sender, books: chain.Books, verdict: chain.Verdict
) -> dict[str, Any]:
    verdicts, expected = sender.verdicts, sender.expected
    refused = {tried: sum(verdicts[tried][status] for status in RIGHT[tried]) for tried in RIGHT}
    return {
        "kind": KIND,
        "rules": RULES,
        "read": {
            "campaigns": len(tables.campaigns),
            "coupons": len({coupon for _, coupon in tables.products}),
            "coupons_of_campaigns": len(tables.products),
            "households_with_a_campaign": len({h for one in tables.campaigns.values() for h in one.households}),
            "redemptions": len(tables.redemptions),
            "repeats_in_the_file": expected["repeats_in_the_file"],
            "not_of_the_campaign": expected["not_of_the_campaign"],
        },
        "customers": {"registered_now": registered},
        "redemptions": {
            "accepted": verdicts["first"]["applied"],
            "of_first_ones": expected["first"],
            "given": format_minor(sender.given_minor),
            "repeats_refused": refused["again"],
            "of_repeats": expected["again"],
            "outsiders_refused": refused["outsider"],
            "of_outsiders": expected["outsider"],
            "a_day_early_refused": refused["before"],
            "a_day_late_refused": refused["after"],
            "of_each": expected["before"],
        },
        "verdicts": {tried: dict(sorted(counts.items())) for tried, counts in sorted(verdicts.items())},
        "unexpected": sum(verdicts["unexpected"].values()),
        "first_unexpected": sender.unexpected,
        **ending(sender.answered, books, verdict),
    }
