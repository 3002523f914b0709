"""Registration at the till and elsewhere: one call, safe to repeat, one customer."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vokrug.customers import (
    Birthday,
    Consent,
    Directory,
    IdentifierType,
    Registration,
    Source,
    Strength,
    define_identifier_type,
    profile,
    register,
    resolve,
)
from vokrug.customers.errors import (
    BirthdayImpossible,
    CalledMalformed,
    ConsentMalformed,
    CustomerIdTaken,
    FullNameNotWanted,
    IdentifierBlocked,
    IdentifierNotYours,
    IdentifierTaken,
    IdentifierTypeUnknown,
    LanguageUnknown,
    PhoneMalformed,
    PhoneMissing,
    RequestIdReused,
)
from vokrug.customers.facts import ConsentGiven, CustomerRegistered, IdentifierAttached
from vokrug.kernel import Refusal, new_id
from vokrug.runtime.database import Database

from .till import NOON, OFFERS, Picture, Shop

ANNA = "+7 916 123-45-67"


async def test_a_phone_and_a_name_make_a_customer(db: Database, shop: Shop, facts: list[Any]) -> None:
    anna = await shop.registers(ANNA, "Анна", card="7700 1234", consents=[OFFERS], birthday=Birthday(5, 17))
    assert anna.created
    assert anna.customer.called == "Анна"
    async with db.transaction() as tx:
        card = await profile(tx, shop.directory, anna.customer.id)
    assert [(one.type, one.masked, one.strength) for one in card.identifiers] == [
        ("phone", "+7 ··· ··· 45 67", Strength.CLAIMED),
        ("card", "···· 1234", Strength.OBSERVED),
    ]
    assert [(one.purpose, one.given) for one in card.consents] == [("offers", True)]
    assert (card.birthday, card.registered_shop, card.created_at) == (Birthday(5, 17), 7, NOON)
    assert [type(fact) for fact in facts] == [
        CustomerRegistered,
        IdentifierAttached,
        IdentifierAttached,
        ConsentGiven,
    ]
    assert {fact.customer_id for fact in facts} == {anna.customer.id}


async def test_the_same_request_has_the_same_answer(shop: Shop, picture: Picture, facts: list[Any]) -> None:
    request = new_id()
    first = await shop.registers(ANNA, "Анна", request_id=request)
    before, told = await picture(), len(facts)
    again = await shop.registers("8 (916) 123 45 67", " Анна", request_id=request)
    assert again == first
    assert (await picture(), len(facts)) == (before, told)


async def test_the_same_request_id_with_other_data_is_refused(shop: Shop, picture: Picture) -> None:
    request = new_id()
    await shop.registers(ANNA, "Анна", request_id=request)
    before = await picture()
    others: list[dict[str, Any]] = [
        {"called": "Аня"},
        {"phone": "+79160000001"},
        {"card": "770012"},
        {"shop": 8},
    ]
    for other in others:
        with pytest.raises(RequestIdReused):
            await shop.registers(**{"phone": ANNA, "called": "Анна", "request_id": request, **other})
    assert await picture() == before


async def test_a_till_that_meets_a_known_phone_gets_its_customer(shop: Shop, picture: Picture) -> None:
    anna = await shop.registers(ANNA, "Анна")
    before = await picture()
    request = new_id()
    again = await shop.registers(ANNA, "Аня", card="770055", request_id=request)
    assert (again.created, again.customer) == (False, anna.customer), "called as she asked first"
    after = await picture()
    changed = {table for table in after if after[table] != before[table]}
    assert changed == {"customers_registration"}, "only the answer is kept; the card waits for a better word"
    assert await shop.registers(ANNA, "Аня", card="770055", request_id=request) == again


async def test_elsewhere_a_known_phone_needs_the_same_data(shop: Shop, picture: Picture) -> None:
    site: dict[str, Any] = {"source": Source.SITE, "shop": None}
    anna = await shop.registers(ANNA, "Анна", **site)
    again = await shop.registers(ANNA, "Анна", **site)
    assert (again.created, again.customer) == (False, anna.customer)
    before = await picture()
    with pytest.raises(IdentifierTaken):
        await shop.registers(ANNA, "Мария", **site)
    assert await picture() == before


async def test_a_card_of_another_is_refused(shop: Shop, picture: Picture) -> None:
    await shop.registers(ANNA, "Анна", card="770011")
    await shop.registers("+79160000002", "Борис")
    before = await picture()
    for phone in ("+79160000001", "+79160000002"):
        with pytest.raises(IdentifierTaken):
            await shop.registers(phone, "Борис", card="77-00-11")
    assert await picture() == before


async def test_an_id_of_the_callers_own(shop: Shop, picture: Picture) -> None:
    id = new_id()
    assert (await shop.registers(ANNA, "Анна", id=id)).customer.id == id
    before = await picture()
    with pytest.raises(CustomerIdTaken):
        await shop.registers("+79160000002", "Борис", id=id)
    assert await picture() == before


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"called": "Петрова Анна Ивановна"}, FullNameNotWanted),
        ({"called": "4815162342"}, CalledMalformed),
        ({"phone": "+7916123456"}, PhoneMalformed),
        ({"phone": "+70000000000"}, IdentifierBlocked),
        ({"phone": "+79999999999"}, IdentifierBlocked),
        ({"card": "0000"}, IdentifierBlocked),
        ({"language": "tlh"}, LanguageUnknown),
        ({"birthday": Birthday(2, 30)}, BirthdayImpossible),
        ({"consents": [Consent("Offers!", "1", True)]}, ConsentMalformed),
        ({"consents": [Consent("offers", "", True)]}, ConsentMalformed),
        ({"consents": [OFFERS, OFFERS]}, ConsentMalformed),
        ({"phone_strength": Strength.VERIFIED}, IdentifierNotYours),
    ],
)
async def test_a_refusal_changes_nothing(
    wrong: dict[str, Any], refusal: type[Refusal], shop: Shop, picture: Picture, facts: list[Any]
) -> None:
    before = await picture()
    with pytest.raises(refusal):
        await shop.registers(**{"phone": ANNA, "called": "Анна", "card": "770011", **wrong})
    assert (await picture(), facts) == (before, [])


async def test_two_tills_at_once_make_one_customer(db: Database, shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.registers(ANNA, "Анна") for _ in range(4)))
    assert len({answer.customer.number for answer in answers}) == 1
    assert sorted(answer.created for answer in answers) == [False, False, False, True]
    async with db.transaction() as tx:
        assert await tx.value("select count(*) from customers_customer") == 1


async def test_the_second_waits_for_the_first_and_takes_over_if_it_fails(db: Database, shop: Shop) -> None:
    """Two connections: the second finds the phone free again only after the first has gone back."""
    started, may_fail = asyncio.Event(), asyncio.Event()

    async def fails() -> None:
        async with db.transaction() as tx:
            anna = Registration(request_id=new_id(), phone=ANNA, called="Анна", source=Source.TILL)
            await register(tx, shop.directory, anna, NOON)
            started.set()
            await may_fail.wait()
            raise ConnectionError

    first = asyncio.create_task(fails())
    await started.wait()
    second = asyncio.create_task(shop.registers(ANNA, "Аня"))
    done, _ = await asyncio.wait({second}, timeout=0.05)
    assert not done
    may_fail.set()
    with pytest.raises(ConnectionError):
        await first
    assert (await second).created


async def test_no_personal_data_lies_open(db: Database, shop: Shop, picture: Picture, facts: list[Any]) -> None:
    """Neither as text nor as bytes, in no table and in no fact."""
    await shop.registers(ANNA, "Аннушка", card="7700123456")
    seen = "\n".join(line for lines in (await picture()).values() for line in lines) + repr(facts)
    for value in ("9161234567", "Аннушка", "7700123456"):
        assert value not in seen
        assert value.encode().hex() not in seen
    assert "\\x" in seen, "bytes are shown as hex, so the scan could have found them"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tail=st.integers(0, 10**9 - 1),
    called=st.sampled_from(["Анна", "Борис П.", "Jean-Luc", "Ксюша"]),
    card=st.none() | st.from_regex(r"\A77[0-9]{8}[12]\Z"),
)
async def test_who_registers_is_found(
    db: Database, directory: Directory, shop: Shop, tail: int, called: str, card: str | None
) -> None:
    """resolve(register(x)) = x, by every identifier they came with."""
    try:
        made = await shop.registers(f"8 9{tail:09}", called, card=card)
    except (IdentifierTaken, IdentifierBlocked):
        return
    async with db.transaction() as tx:
        asked = [("phone", f"+79{tail:09}")] + ([("card", card)] if card and made.created else [])
        assert await resolve(tx, directory, asked) == [made.customer] * len(asked)


# Whom another system knows by its own number

CRM = "ext:crm"


async def knows_crm(db: Database, shop: Shop) -> None:
    kind = IdentifierType(id=0, code=CRM, normaliser="opaque")
    async with db.transaction() as tx:
        await define_identifier_type(tx, kind)


@pytest.mark.parametrize("source", [Source.STAFF, Source.PARTNER, Source.IMPORT])
async def test_another_system_s_number_stands_in_a_phone_s_place(db: Database, shop: Shop, source: Source) -> None:
    await knows_crm(db, shop)
    words: dict[str, Any] = {"phone": None, "external": (CRM, "C-17"), "source": source, "request_id": new_id()}
    made = await shop.registers(**words)
    assert made.created
    assert await shop.registers(**words) == made, "a repeat is answered as the first time"
    again = await shop.registers(**{**words, "request_id": new_id()})
    assert (again.created, again.customer) == (False, made.customer), "the same data: the same customer"
    async with db.transaction() as tx:
        assert await resolve(tx, shop.directory, [(CRM, "C-17"), (CRM, "C-18")]) == [made.customer, None]
        card = await profile(tx, shop.directory, made.customer.id)
    assert [(one.type, one.strength) for one in card.identifiers] == [(CRM, Strength.CLAIMED)]


async def test_a_phone_and_another_system_s_number_lead_to_one_customer(db: Database, shop: Shop) -> None:
    await knows_crm(db, shop)
    made = await shop.registers(ANNA, external=(CRM, "C-17"), source=Source.STAFF)
    async with db.transaction() as tx:
        assert await resolve(tx, shop.directory, [("phone", ANNA), (CRM, "C-17")]) == [made.customer] * 2


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ({"phone": None}, PhoneMissing),
        ({"phone": None, "card": "770011"}, PhoneMissing),
        ({"phone": None, "external": ("card", "770011")}, PhoneMissing),
        ({"phone": None, "external": ("email", "anna@example.org")}, PhoneMissing),
        ({"phone": None, "external": ("ext:unheard", "1")}, IdentifierTypeUnknown),
        ({"phone": None, "external": (CRM, "C-17"), "source": Source.TILL}, IdentifierNotYours),
        ({"phone": None, "external": (CRM, "C-1"), "called": "Анна"}, IdentifierTaken),  # Boris is C-1
        ({"phone": "+7 916 000-00-02", "external": (CRM, "C-1")}, IdentifierTaken),
    ],
)
async def test_a_number_of_nobody_s_or_of_another_s_registers_nobody(
    db: Database, shop: Shop, picture: Picture, words: dict[str, Any], refusal: type[Refusal]
) -> None:
    await knows_crm(db, shop)
    await shop.registers("+7 916 000-00-01", "Борис", external=(CRM, "C-1"), source=Source.STAFF)
    before = await picture()
    with pytest.raises(refusal):
        await shop.registers(**{"source": Source.STAFF, **words})
    assert await picture() == before
