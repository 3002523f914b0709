"""Attributes keep the order of observation, consents the last word, cards the trace of their readers."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vokrug.customers import (
    AttributesSet,
    AttributeType,
    Consent,
    Directory,
    Source,
    define_attribute,
    give_consent,
    profile,
    read_card,
    set_attributes,
    state_consents,
    withdraw_consent,
)
from vokrug.customers.errors import (
    AttributeMalformed,
    AttributeUnknown,
    ConsentMalformed,
    CustomerUnknown,
    EvidenceMalformed,
    ObservedInFuture,
)
from vokrug.customers.facts import AttributeChanged, ConsentGiven, ConsentWithdrawn
from vokrug.kernel import Refusal, Text, new_id
from vokrug.runtime.database import Database, Tx

from .till import NOON, Picture, Shop

SIZE = AttributeType("shoe_size", {"type": "integer", "minimum": 15}, Text(en="Shoe size", ru="Размер обуви"))
CITY = AttributeType("city", {"type": "string"}, Text(en="City", ru="Город"))


@pytest.fixture
async def anna(db: Database, shop: Shop) -> UUID:
    async with db.transaction() as tx:
        await define_attribute(tx, SIZE)
        await define_attribute(tx, CITY)
    return (await shop.registers()).customer.id


async def observe(
    tx: Tx, directory: Directory, id: UUID, at: datetime, source: Source = Source.SITE, **values: Any
) -> AttributesSet:
    return await set_attributes(tx, directory, id, values, source=source, observed_at=at, now=NOON)


async def known(tx: Tx, directory: Directory, id: UUID) -> dict[str, Any]:
    return {one.code: one.value for one in (await profile(tx, directory, id)).attributes}


async def test_a_late_value_never_overwrites_a_newer_one(
    db: Database, directory: Directory, anna: UUID, facts: list[Any]
) -> None:
    yesterday = NOON - timedelta(days=1)
    async with db.transaction() as tx:
        assert await observe(tx, directory, anna, NOON, shoe_size=38) == AttributesSet(("shoe_size",), ())
        late = await observe(tx, directory, anna, yesterday, shoe_size=37, city="Тверь")
        assert late == AttributesSet(taken=("city",), late=("shoe_size",))
        assert await known(tx, directory, anna) == {"shoe_size": 38, "city": "Тверь"}
        assert await observe(tx, directory, anna, NOON, shoe_size=38) == AttributesSet(("shoe_size",), ())
    assert [(type(fact), fact.code) for fact in facts] == [
        (AttributeChanged, "shoe_size"),
        (AttributeChanged, "city"),
    ], "a repeat and a late value tell nobody anything"


async def test_a_value_remembers_where_it_came_from(db: Database, directory: Directory, anna: UUID) -> None:
    async with db.transaction() as tx:
        await set_attributes(
            tx,
            directory,
            anna,
            {"shoe_size": 38},
            source=Source.PARTNER,
            observed_at=NOON,
            now=NOON,
            provenance={"file": "sizes.csv", "line": 7},
        )
        (size,) = (await profile(tx, directory, anna)).attributes
    assert (size.source, size.observed_at, size.provenance) == (
        Source.PARTNER,
        NOON,
        {"file": "sizes.csv", "line": 7},
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([Source.SITE, Source.PARTNER]), st.integers(36, 39)),
        min_size=1,
        max_size=3,
    )
)
async def test_the_order_of_arrival_never_matters(
    db: Database, directory: Directory, anna: UUID, told: list[tuple[int, Source, int]]
) -> None:
    """Every order of the same observations, ties included, leaves the same value."""
    left = set()
    for order in permutations(told):
        async with db.transaction() as tx:
            await tx.run("delete from customers_attribute")
            await tx.run("delete from customers_observation")
            for days, source, size in order:
                await observe(tx, directory, anna, NOON - timedelta(days=days), source, shoe_size=size)
            (one,) = (await profile(tx, directory, anna)).attributes
            left.add((one.value, one.source, one.observed_at))
    assert len(left) == 1


@pytest.mark.parametrize(
    ("values", "at", "refusal"),
    [
        ({"city": "Тверь", "shoe_size": "38"}, NOON, AttributeMalformed),
        ({"city": "Тверь", "shoe_size": 3}, NOON, AttributeMalformed),
        ({"city": "Тв\0ерь"}, NOON, AttributeMalformed),
        ({"city": "Тверь", "hat_size": 58}, NOON, AttributeUnknown),
        ({"city": "Тверь"}, NOON + timedelta(hours=1), ObservedInFuture),
    ],
)
async def test_a_refused_value_leaves_the_others_alone_too(
    values: dict[str, Any],
    at: datetime,
    refusal: type[Refusal],
    db: Database,
    directory: Directory,
    anna: UUID,
    picture: Picture,
) -> None:
    before = await picture()
    async with db.transaction() as tx:
        with pytest.raises(refusal):
            await observe(tx, directory, anna, at, **values)
    assert await picture() == before


async def test_a_clock_a_minute_ahead_is_forgiven(db: Database, directory: Directory, anna: UUID) -> None:
    async with db.transaction() as tx:
        await observe(tx, directory, anna, NOON + timedelta(minutes=1), city="Тверь")
        assert await known(tx, directory, anna) == {"city": "Тверь"}


async def test_a_new_schema_is_a_new_version(db: Database, directory: Directory, anna: UUID) -> None:
    async with db.transaction() as tx:
        assert (await define_attribute(tx, SIZE)).version == 1
        wider = AttributeType("shoe_size", {"type": "number"}, SIZE.words)
        assert (await define_attribute(tx, wider)).version == 2
        await directory.refresh(tx)
        await observe(tx, directory, anna, NOON, shoe_size=38.5)
        assert await known(tx, directory, anna) == {"shoe_size": 38.5}


async def test_the_last_word_on_a_purpose_holds(
    db: Database, directory: Directory, anna: UUID, facts: list[Any]
) -> None:
    async with db.transaction() as tx:
        await give_consent(tx, anna, "offers", "v1", source=Source.TILL, now=NOON)
        await give_consent(tx, anna, "offers", "v1", source=Source.SITE, now=NOON + timedelta(hours=1))
        await withdraw_consent(tx, anna, "offers", "v1", source=Source.SITE, now=NOON + timedelta(hours=2))
        await give_consent(tx, anna, "research", "v1", source=Source.SITE, now=NOON)
        said = {one.purpose: one for one in (await profile(tx, directory, anna)).consents}
        assert await tx.value("select count(*) from customers_consent") == 3, "a repeat adds nothing"
    assert (said["offers"].given, said["offers"].at) == (False, NOON + timedelta(hours=2))
    assert said["research"].given
    assert [type(fact) for fact in facts] == [ConsentGiven, ConsentWithdrawn, ConsentGiven]


@pytest.mark.parametrize(
    ("consent", "refusal"),
    [
        (Consent("", "v1", True), ConsentMalformed),
        (Consent("offers", "v" * 65, True), ConsentMalformed),
        (Consent("offers", "v\n", True), ConsentMalformed),
        (Consent("offers", "v1", True, {"page": "x" * 10_000}), EvidenceMalformed),
    ],
)
async def test_a_vague_consent_is_refused(
    consent: Consent, refusal: type[Refusal], db: Database, anna: UUID, picture: Picture
) -> None:
    before = await picture()
    good = Consent("research", "v1", True)
    async with db.transaction() as tx:
        with pytest.raises(refusal):
            await state_consents(tx, anna, [good, consent], source=Source.SITE, now=NOON)
    assert await picture() == before


async def test_whoever_reads_a_card_leaves_a_trace(db: Database, directory: Directory, anna: UUID) -> None:
    async with db.transaction() as tx:
        card = await read_card(tx, directory, anna, reader="key-42", now=NOON)
        assert card == await profile(tx, directory, anna)
        with pytest.raises(CustomerUnknown):
            await read_card(tx, directory, new_id(), reader="key-42", now=NOON)
        reads = await tx.rows("select customer_number, reader, at from customers_card_read")
    assert [tuple(row) for row in reads] == [(card.customer.number, "key-42", NOON)]
