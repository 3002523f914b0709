"""The life of an offer, from a draft to its end, through the doors staff use."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from tests.promotions.shop import basket, line
from vokrug import events, promotions
from vokrug.kernel import Clock, Refusal, new_id
from vokrug.promotions import LiveOffers, api, rules, schemas
from vokrug.promotions.errors import (
    BasketNonsense,
    OfferIdReused,
    OfferKeyTaken,
    OfferNonsense,
    OfferNotReady,
    OfferUnknown,
)
from vokrug.promotions.types import OfferCard
from vokrug.runtime.database import Database
from vokrug.runtime.http import Call, Caller, Role, Services

NOW = datetime(2026, 5, 5, 9, 0, tzinfo=UTC)
TEN_OFF: dict[str, Any] = {"kind": "item_discount", "benefit": {"kind": "percent", "percent_bp": 1000}}
HALF_OFF: dict[str, Any] = {"kind": "item_discount", "benefit": {"kind": "percent", "percent_bp": 5000}}


class Marketing:
    """A marketer at the HTTP door."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.services = Services(db, db, Clock())
        self.live = LiveOffers()

    def call(self, path: dict[str, str] | None = None, **query: str) -> Call:
        caller = Caller("anna", Role.STAFF)
        return Call(self.services, caller, NOW, "ru", path or {}, query, {}, new_id())

    async def writes(self, key: str, body: dict[str, Any], *, id: UUID | None = None, name: str = "Акция") -> OfferCard:
        new = schemas.NewOffer(id=id or new_id(), key=key, name=name, body=body)
        return (await api.create_offer(self.call(), new)).body

    async def rewords(self, id: UUID, body: dict[str, Any]) -> OfferCard:
        return (await api.write_draft(self.at(id), schemas.NewDraft(body))).body

    async def checks(self, id: UUID, version: int = 1) -> OfferCard:
        return (await api.check_offer(self.at(id), schemas.WhichVersion(version))).body

    async def publishes(self, id: UUID, version: int = 1) -> OfferCard:
        return (await api.publish_offer(self.at(id), schemas.WhichVersion(version))).body

    async def launches(self, key: str, body: dict[str, Any]) -> UUID:
        id = (await self.writes(key, body)).offer.id
        await self.checks(id)
        await self.publishes(id)
        return id

    async def state(self, id: UUID) -> list[str]:
        return [version.state.value for version in (await api.get_offer(self.at(id))).body.versions]

    async def till_pays(self, price_minor: int = 1000) -> int:
        async with self.db.transaction() as tx:
            offers = await self.live.refresh(tx)
        return promotions.price(basket(line(1, price_minor)), None, offers, NOW).totals.net_minor

    def at(self, id: UUID) -> Call:
        return self.call({"offer_id": str(id)})


@pytest.fixture
async def marketing(db: Database) -> Marketing:
    async with db.transaction() as tx:
        await events.synchronise(tx, NOW)
    return Marketing(db)


async def test_an_offer_is_written_checked_published_and_reaches_the_till(marketing: Marketing) -> None:
    id = (await marketing.writes("may", TEN_OFF)).offer.id
    assert await marketing.till_pays() == 1000
    await marketing.checks(id)
    assert await marketing.till_pays() == 1000
    card = await marketing.publishes(id)
    assert await marketing.till_pays() == 900
    assert [(entry.action, entry.by) for entry in card.audit] == [
        ("created", "anna"),
        ("checked", "anna"),
        ("published", "anna"),
    ]
    assert await marketing.publishes(id) == card, "published twice is published once"


async def test_a_new_version_waits_until_it_is_published_and_then_replaces_the_old(marketing: Marketing) -> None:
    id = await marketing.launches("may", TEN_OFF)
    await marketing.rewords(id, HALF_OFF)
    await marketing.rewords(id, HALF_OFF)
    assert await marketing.state(id) == ["published", "draft"]
    assert await marketing.till_pays() == 900
    await marketing.checks(id, 2)
    await marketing.publishes(id, 2)
    assert await marketing.state(id) == ["ended", "published"]
    assert await marketing.till_pays() == 500


async def test_an_offer_rests_runs_again_and_ends(marketing: Marketing) -> None:
    id = await marketing.launches("may", TEN_OFF)
    for _ in range(2):
        await api.pause_offer(marketing.at(id))
        assert (await marketing.state(id), await marketing.till_pays()) == (["paused"], 1000)
    await marketing.publishes(id)
    assert await marketing.till_pays() == 900
    for _ in range(2):
        await api.end_offer(marketing.at(id))
        assert (await marketing.state(id), await marketing.till_pays()) == (["ended"], 1000)
    with pytest.raises(OfferNotReady):
        await marketing.publishes(id)


@pytest.mark.parametrize("move", ["publish", "pause", "end"])
async def test_a_draft_goes_nowhere_unchecked(marketing: Marketing, move: str) -> None:
    id = (await marketing.writes("may", TEN_OFF)).offer.id
    moves = {
        "publish": marketing.publishes(id),
        "pause": api.pause_offer(marketing.at(id)),
        "end": api.end_offer(marketing.at(id)),
    }
    attempt = moves.pop(move)
    for other in moves.values():
        other.close()
    with pytest.raises(OfferNotReady):
        await attempt
    assert await marketing.state(id) == ["draft"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"when": {"from_date": "2026-05-02", "until_date": "2026-05-01"}}, "when.until_date"),
        ({"when": {"hours": [{"start": "10:00", "end": "10:00"}]}}, "when.hours[0]"),
        ({"where": {"shop_groups": ["lost"]}}, "where.shop_groups"),
        ({"benefit": {"kind": "fixed_price", "price_minor": 100}}, "goods"),
        ({"benefit": {"kind": "amount", "amount_minor": 500}, "min_minor": 400}, "min_minor"),
        ({"force": True, "min_minor": 100}, "force"),
        ({"funder": " "}, "funder"),
    ],
)
async def test_nonsense_is_refused_by_the_name_of_its_field(
    marketing: Marketing, changes: dict[str, Any], field: str
) -> None:
    id = (await marketing.writes("may", TEN_OFF | changes)).offer.id
    with pytest.raises(OfferNonsense) as refused:
        await marketing.checks(id)
    assert refused.value.facts["field"] == field
    assert field in refused.value.cashier.say("ru", **refused.value.facts)
    assert await marketing.state(id) == ["draft"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (TEN_OFF | {"benefit": {"kind": "percent", "percent_bp": 10_001}}, "body.benefit.percent_bp"),
        (TEN_OFF | {"benefit": {"kind": "percent", "percent_bp": 10.5}}, "body.benefit.percent_bp"),
        (TEN_OFF | {"when": {"weekdays": [8]}}, "body.when.weekdays[0]"),
        (TEN_OFF | {"colour": "red"}, "body"),
        ({"kind": "magic"}, "body.kind"),
    ],
)
async def test_a_malformed_body_is_refused_with_its_path(
    marketing: Marketing, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(OfferNonsense) as refused:
        await marketing.writes("may", body)
    assert refused.value.facts["field"] == field
    assert (await api.list_offers(marketing.call())).body.offers == []


async def test_an_id_counts_once_and_a_key_is_somebodys(marketing: Marketing) -> None:
    id = new_id()
    card = await marketing.writes("may", TEN_OFF, id=id)
    assert await marketing.writes("may", TEN_OFF, id=id) == card
    with pytest.raises(OfferIdReused):
        await marketing.writes("may", HALF_OFF, id=id)
    with pytest.raises(OfferKeyTaken):
        await marketing.writes("may", TEN_OFF)
    assert len((await api.list_offers(marketing.call())).body.offers) == 1


async def test_offers_are_found_by_state_and_by_words(marketing: Marketing) -> None:
    may = await marketing.launches("may", TEN_OFF)
    await marketing.rewords(may, HALF_OFF)
    await marketing.writes("june", TEN_OFF, name="Лето 100%")

    async def keys(**query: str) -> list[str]:
        return [row.key for row in (await api.list_offers(marketing.call(None, **query))).body.offers]

    assert await keys() == ["may", "june"]
    assert await keys(state="published") == ["may"]
    assert await keys(state="draft") == ["may", "june"]
    assert await keys(search="лето") == ["june"]
    assert await keys(search="%") == ["june"], "a per cent sign is only a sign"
    assert await keys(search="MAY") == ["may"]
    with pytest.raises(OfferNonsense):
        await keys(state="frozen")


async def test_a_version_is_never_edited_not_even_by_hand(marketing: Marketing, db: Database) -> None:
    id = await marketing.launches("may", TEN_OFF)
    for sql in (
        "update promotions_offer_version set body = '{}'",
        "delete from promotions_offer_version",
    ):
        with pytest.raises(asyncpg.RaiseError, match="never edited"):
            async with db.transaction() as tx:
                await tx.run(sql)
    assert (await marketing.state(id), await marketing.till_pays()) == (["published"], 900)


async def test_two_versions_published_at_once_leave_one(marketing: Marketing, db: Database) -> None:
    id = (await marketing.writes("may", TEN_OFF)).offer.id
    await marketing.rewords(id, HALF_OFF)
    await marketing.checks(id, 1)
    await marketing.checks(id, 2)
    await asyncio.gather(marketing.publishes(id, 1), marketing.publishes(id, 2))
    assert sorted(await marketing.state(id)) == ["ended", "published"]


async def test_a_basket_is_tried_at_any_moment_with_drafts(marketing: Marketing) -> None:
    until = TEN_OFF | {"when": {"until_date": "2026-05-31"}}
    id = await marketing.launches("may", until)
    draft = (await marketing.writes("june", HALF_OFF | {"when": {"from_date": "2026-06-01"}})).offer.id

    async def pays(day: date, *drafts: UUID) -> int:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        wish = schemas.TryPrice(basket=basket(line(1, 1000)), at=at, drafts=drafts)
        return (await api.try_price(marketing.call(), wish)).body.priced.totals.net_minor

    may, june = date(2026, 5, 31), date(2026, 6, 1)
    assert [await pays(may), await pays(june)] == [900, 1000]
    assert [await pays(may, draft), await pays(june, draft)] == [900, 500]
    await marketing.rewords(id, HALF_OFF)
    assert [await pays(may), await pays(may, id)] == [900, 500], "a new wording in place of the old"
    with pytest.raises(OfferUnknown):
        await pays(may, new_id())


@pytest.mark.parametrize(
    ("bought", "field"),
    [
        (basket(line(1, 1000), line(1, 1000)), "lines"),
        (basket(line(1, 1000), zone="Europe/Atlantis"), "zone"),
        (basket(line(1, 1000), zone="../etc"), "zone"),
    ],
)
async def test_a_basket_that_contradicts_itself_is_refused(
    marketing: Marketing, bought: promotions.Basket, field: str
) -> None:
    with pytest.raises(BasketNonsense) as refused:
        await api.try_price(marketing.call(), schemas.TryPrice(basket=bought))
    assert refused.value.facts["field"] == field


async def test_offers_travel_in_a_file(marketing: Marketing) -> None:
    await marketing.launches("may", TEN_OFF)
    await marketing.writes("june", HALF_OFF)
    text = (await api.export_offers(marketing.call())).body.text
    assert [msgspec.json.decode(row)["key"] for row in text.splitlines()] == ["may", "june"]
    changed = text.replace('"percent_bp":1000', '"percent_bp":2000').replace('"june"', '"july"')
    imported = (await api.import_offers(marketing.call(), schemas.ImportFile(changed))).body
    assert (imported.created, imported.drafted, imported.unchanged) == (1, 1, 0)
    again = (await api.import_offers(marketing.call(), schemas.ImportFile(changed))).body
    assert (again.created, again.drafted, again.unchanged) == (0, 0, 2)
    assert await marketing.till_pays() == 900, "what comes in a file is a draft"


@pytest.mark.parametrize("bad", ["{", '{"key":"x"}', '{"key":"x","name":"X","owner":"o","body":{"kind":"magic"}}'])
async def test_one_bad_line_and_nothing_is_taken(marketing: Marketing, bad: str) -> None:
    good = msgspec.json.encode({"key": "may", "name": "M", "owner": "o", "body": TEN_OFF}).decode()
    with pytest.raises(OfferNonsense) as refused:
        await api.import_offers(marketing.call(), schemas.ImportFile(f"{good}\n{bad}\n"))
    assert str(refused.value.facts["field"]).startswith("line 2")
    assert (await api.list_offers(marketing.call())).body.offers == []


async def test_a_shop_group_may_grow_while_its_offer_runs(marketing: Marketing) -> None:
    south = marketing.call({"key": "south"})
    await api.save_shop_group(south, schemas.SaveGroup("Юг", (5,)))
    await marketing.launches("may", TEN_OFF | {"where": {"shop_groups": ["south"]}})
    assert await marketing.till_pays() == 1000
    await api.save_shop_group(south, schemas.SaveGroup("Юг", (5, 1)))
    assert await marketing.till_pays() == 900


async def test_the_set_in_memory_is_loaded_only_when_the_counter_moves(marketing: Marketing, db: Database) -> None:
    live = marketing.live
    await marketing.launches("may", TEN_OFF)
    async with db.transaction() as tx:
        first = await live.refresh(tx)
        assert await live.refresh(tx) is first
        assert await live.at(tx, live.counter) is first
    await marketing.launches("june", HALF_OFF)
    async with db.transaction() as tx:
        assert await live.at(tx, live.counter) is first, "nobody has told it yet"
        second = await live.at(tx, live.counter + 1)
    assert (first.size, second.size) == (1, 2)


async def test_the_others_are_told(marketing: Marketing, db: Database) -> None:
    id = await marketing.launches("may", TEN_OFF)
    await api.pause_offer(marketing.at(id))
    await api.end_offer(marketing.at(id))
    async with db.transaction() as tx:
        page = await events.read_page(tx, dict.fromkeys(range(64), 0), limit=640)
    told = [envelope.type for envelope in page.envelopes if envelope.subject == str(id)]
    assert told == [
        "promotions.offer_published.v1",
        "promotions.offer_paused.v1",
        "promotions.offer_ended.v1",
    ]


async def test_what_does_not_exist_is_unknown(marketing: Marketing) -> None:
    nowhere = new_id()
    tries = [marketing.checks(nowhere), marketing.publishes(nowhere), marketing.rewords(nowhere, TEN_OFF)]
    for attempt in tries:
        with pytest.raises(OfferUnknown):
            await attempt
    id = (await marketing.writes("may", TEN_OFF)).offer.id
    with pytest.raises(OfferUnknown):
        await marketing.checks(id, 2)


async def test_the_kind_of_an_offer_stays(marketing: Marketing) -> None:
    id = (await marketing.writes("may", TEN_OFF)).offer.id
    with pytest.raises(OfferNonsense):
        await marketing.rewords(id, {"kind": "burn_cap"})
    assert await marketing.state(id) == ["draft"]


def test_the_schema_names_every_kind() -> None:
    kinds = rules.body_schema()["discriminator"]["mapping"]
    assert set(kinds) == {
        "item_discount", "basket_discount", "discount", "points_reward", "earn", "earn_multiplier", "burn_cap",
        "point_programme",
    }  # fmt: skip


def test_refusals_speak_both_languages() -> None:
    refusals: list[type[Refusal]] = [
        OfferUnknown, OfferNonsense, OfferKeyTaken, OfferIdReused, OfferNotReady, BasketNonsense,
    ]  # fmt: skip
    assert all(refusal.cashier.ru != refusal.cashier.en for refusal in refusals)
    assert len({refusal.code for refusal in refusals}) == len(refusals)
