"""How long what is kept: counted first, destroyed at night, and nothing else with it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from vokrug.customers import (
    AttributeType,
    Consent,
    Directory,
    Source,
    api,
    define_attribute,
    detach,
    read_card,
    set_attributes,
    state_consents,
)
from vokrug.customers import jobs as our_jobs
from vokrug.customers.errors import AttributeUnknown, IdentifierTypeUnknown
from vokrug.customers.retention import api as retention
from vokrug.customers.retention.errors import RetentionMalformed, RetentionUnknown
from vokrug.customers.retention.types import Kept
from vokrug.kernel import Refusal, Text
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role
from vokrug.runtime.jobs import JobRun

from .test_api import Desk
from .till import NOON, Picture, Shop

OLD = NOON - timedelta(days=100)


class Archive(Desk):
    """Somebody who looks after how long things are kept."""

    async def keeps(self, kind: Kept, days: int, subject: str = "*") -> None:
        body = retention.PutRetention(kind=kind, days=days, subject=subject)
        await retention.put_retention(self.call(Role.STAFF), body)

    async def tries(self) -> dict[str, int]:
        return dict((await retention.try_retention(self.call(Role.STAFF))).body.report)

    async def passes_a_night(self) -> None:
        await our_jobs.tasks["customers.retain"].handler(JobRun(self.services, NOON, 1, 1))

    async def reads(self) -> Any:
        return (await retention.read_retention(self.call(Role.STAFF))).body

    async def count(self, table: str, where: str = "true") -> int:
        async with self.services.db.transaction() as tx:
            found: int = await tx.value(f"select count(*) from {table} where {where}")
            return found


@pytest.fixture
def archive(db: Database, directory: Directory) -> Archive:
    return Archive(db, directory)


@pytest.fixture
async def anna(db: Database, directory: Directory, shop: Shop) -> UUID:
    """Told of two attributes long ago and of one again lately; agreed, declined and agreed; gave a card up."""
    id = (await shop.registers(card="770011")).customer.id
    async with db.transaction() as tx:
        for code in ("city", "pets"):
            await define_attribute(tx, AttributeType(code, {"type": "string"}, Text(en="X", ru="Х")))
        await directory.refresh(tx)
        for at, values in ((OLD, {"city": "Тверь", "pets": "cat"}), (NOON, {"city": "Москва"})):
            said: dict[str, Any] = {"source": Source.SITE, "observed_at": at, "now": at}
            await set_attributes(tx, directory, id, values, **said)
        for days, given in ((100, True), (90, False), (1, True)):
            word = [Consent("offers", "v1", given, {"page": "/cards"})]
            await state_consents(tx, id, word, source=Source.SITE, now=NOON - timedelta(days=days))
        (card,) = await tx.rows("select id from customers_identifier where type_id = 2")
        await detach(tx, directory, id, card["id"], source=Source.STAFF, now=NOON)
        await tx.run("update customers_assertion set valid_from = $1, valid_to = $1 where valid_to is not null", OLD)
        await read_card(tx, directory, id, reader="vera", now=OLD)
        await read_card(tx, directory, id, reader="vera", now=NOON)
    return id


CASES: Sequence[tuple[Kept, int, str, int]] = [
    (Kept.ATTRIBUTE, 50, "*", 2),
    (Kept.ATTRIBUTE, 50, "city", 1),
    (Kept.ATTRIBUTE, 101, "*", 0),
    (Kept.CONSENT_PROOF, 50, "*", 1),
    (Kept.CONSENT_PROOF, 95, "*", 0),
    (Kept.CONSENT_PROOF, 50, "offers", 1),
    (Kept.CONSENT_PROOF, 50, "research", 0),
    (Kept.IDENTIFIER, 50, "*", 1),
    (Kept.IDENTIFIER, 50, "card", 1),
    (Kept.IDENTIFIER, 50, "phone", 0),
    (Kept.CARD_READ, 50, "*", 1),
    (Kept.BULK_READ, 50, "*", 0),
]


@pytest.mark.parametrize(("kind", "days", "subject", "count"), CASES)
async def test_a_dry_run_counts_what_the_night_destroys(
    archive: Archive, anna: UUID, kind: Kept, days: int, subject: str, count: int, picture: Picture
) -> None:
    await archive.keeps(kind, days, subject)
    before = await picture()
    assert await archive.tries() == {f"{kind}/{subject}": count}
    after = await picture()
    assert {name for name in before if before[name] != after[name]} == {"customers_retention_run"}
    await archive.passes_a_night()
    assert await archive.tries() == {f"{kind}/{subject}": 0}
    runs = (await archive.reads()).runs
    assert [(run.is_dry, run.report[f"{kind}/{subject}"]) for run in runs] == [(True, 0), (False, count), (True, count)]
    changed = {name for name in before if (await picture())[name] != before[name]} - {"customers_retention_run"}
    assert bool(changed) == bool(count), "nothing goes that no rule names"


async def test_what_is_left_is_what_stands(archive: Archive, anna: UUID) -> None:
    await archive.keeps(Kept.ATTRIBUTE, 50)
    await archive.keeps(Kept.ATTRIBUTE, 1_000, "pets")
    assert await archive.tries() == {"attribute/*": 1, "attribute/pets": 0}, (
        "a rule of its own stands before that of all"
    )
    await archive.keeps(Kept.IDENTIFIER, 50)
    await archive.keeps(Kept.CONSENT_PROOF, 50)
    await archive.passes_a_night()
    card = (await _card(archive, anna)).card
    assert {one.code: one.value for one in card.attributes} == {"city": "Москва", "pets": "cat"}
    await archive.keeps(Kept.ATTRIBUTE, 50, "pets")
    await archive.passes_a_night()
    card = (await _card(archive, anna)).card
    assert {one.code: one.value for one in card.attributes} == {"city": "Москва"}
    assert [one.given for one in card.consents] == [True], "words stay, only old proofs go"
    assert await archive.count("customers_consent", "proof <> '{}'") == 2
    assert await archive.count("customers_identifier", "type_id = 2") == 0, "not even the hash of a card given up"


async def _card(archive: Archive, id: UUID) -> Any:
    return (await api.read_customer(archive.call(Role.STAFF, id=id))).body


async def test_what_is_refused_changes_nothing(archive: Archive, anna: UUID, picture: Picture) -> None:
    before = await picture()
    refused: list[tuple[Any, type[Refusal]]] = [
        (archive.keeps(Kept.ATTRIBUTE, 0), RetentionMalformed),
        (archive.keeps(Kept.ATTRIBUTE, 5, "hat_size"), AttributeUnknown),
        (archive.keeps(Kept.IDENTIFIER, 5, "ext:none"), IdentifierTypeUnknown),
        (archive.keeps(Kept.CONSENT_PROOF, 5, "No Purpose"), RetentionMalformed),
        (archive.keeps(Kept.CARD_READ, 5, "vera"), RetentionMalformed),
        (
            retention.forget_retention(archive.call(Role.STAFF), retention.ForgetRetention(kind=Kept.CARD_READ)),
            RetentionUnknown,
        ),
    ]
    for story, refusal in refused:
        with pytest.raises(refusal):
            await story
    assert await picture() == before


async def test_a_rule_that_is_forgotten_destroys_nothing(archive: Archive, anna: UUID) -> None:
    await archive.keeps(Kept.CARD_READ, 50)
    await retention.forget_retention(archive.call(Role.STAFF), retention.ForgetRetention(kind=Kept.CARD_READ))
    await archive.passes_a_night()
    assert await archive.count("customers_card_read") == 2
    assert (await archive.reads()).rules == []
