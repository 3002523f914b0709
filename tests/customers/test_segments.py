"""Who is alike, by a rule and by a list; counted by whoever changes."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from vokrug import events
from vokrug.customers import (
    AttributeType,
    Consent,
    Directory,
    SegmentEntered,
    SegmentLeft,
    Source,
    Strength,
    Vault,
    api,
    contacts,
    define_attribute,
    destroy_keys,
    merge,
    note_identity,
    note_profile,
    set_attributes,
    state_consents,
    unmerge,
)
from vokrug.customers import jobs as our_jobs
from vokrug.customers.errors import CustomersApart, IdentifierTypeUnknown, MergeOverLimit
from vokrug.customers.schemas import Attach
from vokrug.customers.segments import api as segments
from vokrug.customers.segments.errors import SegmentIsAList, SegmentIsARule, SegmentMalformed, SegmentUnknown
from vokrug.customers.segments.operations import count_all
from vokrug.events import ReactionRunner
from vokrug.kernel import Clock, Refusal, Text, new_id
from vokrug.promotions import follow_segments
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role
from vokrug.runtime.jobs import JobRun

from .test_api import Desk
from .till import NOON, Picture

WORDS = {"en": "Some", "ru": "Некоторые"}
ANNA, BORIS, VERA = 0, 1, 2


class Marketer(Desk):
    """Three people, and whoever looks for those who are alike."""

    ids: list[UUID]

    async def meets(self) -> "Marketer":
        directory = self.services.get(Directory)
        async with self.services.db.transaction() as tx:
            for code, schema in (("city", "string"), ("pets", "integer"), ("likes", "array")):
                await define_attribute(tx, AttributeType(code, {"type": schema}, Text(en="X", ru="Х")))
            await directory.refresh(tx)
        tag = int(new_id().hex[-8:], 16) % 10**6
        self.ids = [(await self.registers(phone=f"+7919{tag:06}{i}")).body.customer.id for i in range(3)]
        return self

    async def knows(self, who: int, days: int = 0, **values: Any) -> None:
        async with self.services.db.transaction() as tx:
            at = NOON + timedelta(seconds=days)
            said: dict[str, Any] = {"source": Source.SITE, "observed_at": at, "now": at}
            await set_attributes(tx, self.services.get(Directory), self.ids[who], values, **said)

    async def hears(self, who: int, *, given: bool = True, seconds: int = 0) -> None:
        async with self.services.db.transaction() as tx:
            at = NOON + timedelta(seconds=seconds)
            said = [Consent("marketing", "v1", given)]
            await state_consents(tx, self.ids[who], said, source=Source.SITE, now=at)

    async def merges(self, one: int, other: int) -> int:
        async with self.services.db.transaction() as tx:
            directory = self.services.get(Directory)
            made = await merge(tx, directory, self.ids[one], self.ids[other], source=Source.STAFF, now=NOON)
            return made.merge_id

    async def unmerges(self, merge_id: int) -> None:
        async with self.services.db.transaction() as tx:
            await unmerge(tx, merge_id, source=Source.STAFF, now=NOON)

    async def makes(self, key: str, rule: Any = None) -> Any:
        body = msgspec.convert({"words": WORDS, "rule": rule}, segments.PutSegment)
        return (await segments.put_segment(self.call(Role.STAFF, key=key), body)).body

    async def runs(self, name: str) -> None:
        await our_jobs.tasks[f"customers.{name}"].handler(JobRun(self.services, NOON, 1, 1))

    async def follows(self) -> None:
        await ReactionRunner(self.services.db, Clock(), [note_identity, note_profile]).run_once()
        await self.runs("follow_segments")

    async def of(self, who: int) -> list[str]:
        return (await segments.read_segments_of(self.call(Role.PARTNER, id=self.ids[who]))).body.segments

    async def finds(self, rule: Any) -> list[int]:
        tried = await segments.try_rule(self.call(Role.STAFF), msgspec.convert({"rule": rule}, segments.TryRule))
        found = [i for i, id in enumerate(self.ids) if id in tried.body.sample]
        assert tried.body.members >= len(found)
        return found

    async def card(self, key: str) -> Any:
        cards = (await segments.list_segments(self.call(Role.STAFF))).body.segments
        return next(card for card in cards if card.key == key)

    async def imports(self, key: str, text: str, **asked: Any) -> Any:
        call = self.call(Role.STAFF, key=key)
        call.asked = asked
        return (await segments.import_segment(call, text.encode())).body


@pytest.fixture
async def marketer(db: Database, directory: Directory) -> Marketer:
    return await Marketer(db, directory).meets()


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ({"kind": "attribute", "code": "city"}, [ANNA, BORIS]),
        ({"kind": "attribute", "code": "city", "any_of": ["Тверь", "'; drop table x --"]}, [ANNA]),
        ({"kind": "attribute", "code": "pets", "at_least": 2}, [BORIS]),
        ({"kind": "attribute", "code": "pets", "at_least": 1, "at_most": 1}, [ANNA]),
        ({"kind": "attribute", "code": "pets", "at_least": "1"}, []),
        ({"kind": "attribute", "code": "city", "at_least": "С"}, [ANNA]),
        ({"kind": "attribute", "code": "likes", "contains": "tea"}, [VERA]),
        ({"kind": "identifier", "type": "email"}, [BORIS]),
        ({"kind": "identifier", "type": "email", "strength": "verified"}, []),
        ({"kind": "consent", "purpose": "marketing"}, [ANNA]),
        ({"kind": "consent", "purpose": "marketing", "given": False}, [BORIS, VERA]),
        ({"kind": "registered", "within_days": 1}, [ANNA, BORIS, VERA]),
        ({"kind": "registered", "since": "2026-03-09"}, []),
        ({"kind": "registered", "until": "2026-03-09"}, [ANNA, BORIS, VERA]),
        ({"kind": "language", "language": "ru"}, [ANNA, BORIS, VERA]),
        ({"kind": "household", "of": "home"}, []),
        ({"kind": "not", "of": {"kind": "attribute", "code": "pets"}}, [VERA]),
        (
            {
                "kind": "any",
                "of": [
                    {"kind": "attribute", "code": "likes", "contains": "tea"},
                    {
                        "kind": "all",
                        "of": [{"kind": "attribute", "code": "pets"}, {"kind": "identifier", "type": "email"}],
                    },
                ],
            },
            [BORIS, VERA],
        ),
    ],
)
async def test_what_a_rule_finds(marketer: Marketer, rule: Any, who: list[int]) -> None:
    await marketer.knows(ANNA, city="Тверь", pets=1)
    await marketer.knows(BORIS, city="Москва", pets=2)
    await marketer.knows(VERA, likes=["tea"])
    await marketer.hears(ANNA)
    await marketer.hears(BORIS)
    await marketer.hears(BORIS, given=False, seconds=1)
    body = Attach(type="email", value="boris@example.org", strength=Strength.CLAIMED)
    await api.attach(marketer.call(Role.STAFF, id=marketer.ids[BORIS]), body)
    assert await marketer.finds(rule) == who


async def test_people_enter_and_leave(marketer: Marketer, db: Database) -> None:
    made = await marketer.makes("pet_owners", {"kind": "attribute", "code": "pets", "at_least": 1})
    assert (made.members, made.counted_at) == (0, None)
    await marketer.runs("count_segments")
    await marketer.knows(ANNA, pets=1)
    await marketer.knows(BORIS, pets=3)
    await marketer.follows()
    assert [await marketer.of(who) for who in (ANNA, BORIS, VERA)] == [["pet_owners"], ["pet_owners"], []]
    await marketer.knows(ANNA, days=1, pets=0)
    await marketer.follows()
    assert await marketer.of(ANNA) == []
    card = await marketer.card("pet_owners")
    assert (card.members, card.last_differences) == (1, 0)
    assert await count_all(db, NOON) == 0, "a full count finds what was kept"
    async with db.transaction() as tx:
        page = await events.read_page(tx, dict.fromkeys(range(8), 0), 8_000, None)
    told = [one.type for one in page.envelopes if ".segment_" in one.type]
    kinds = [kind.__event__.name for kind in (SegmentEntered, SegmentEntered, SegmentLeft)]
    assert sorted(told) == sorted(kinds)


async def test_a_full_count_mends_and_says_so(marketer: Marketer, db: Database) -> None:
    await marketer.makes("speakers", {"kind": "language", "language": "ru"})
    await marketer.runs("count_segments")
    assert (await marketer.card("speakers")).members == 3
    async with db.transaction() as tx:
        await tx.run("delete from customers_segmented where customer_number = 1")
    await marketer.runs("count_segments")
    card = await marketer.card("speakers")
    assert card.last_differences == 1
    assert await marketer.of(ANNA) == ["speakers"]


async def test_a_list_tells_who_is_unknown(marketer: Marketer, picture: Picture) -> None:
    await marketer.makes("invited")
    phones = await phones_of(marketer)
    text = "\n".join(["phone", phones[ANNA], "+79990000001", "нет", "", phones[BORIS], phones[BORIS]])
    before = await picture()
    dry = await marketer.imports("invited", text, dry=True)
    assert await picture() == before
    done = await marketer.imports("invited", text)
    assert (dry.taken, dry.bad) == (done.taken, done.bad)
    assert (done.taken, [(one.line, one.problem) for one in done.bad]) == (
        2,
        [(3, "unknown"), (4, "identifier_blocked")],
    )
    await marketer.follows()
    assert [await marketer.of(who) for who in (ANNA, BORIS, VERA)] == [["invited"], ["invited"], []]
    await marketer.imports("invited", phones[VERA], replace=True)
    await marketer.follows()
    assert [await marketer.of(who) for who in (ANNA, BORIS, VERA)] == [[], [], ["invited"]]
    off = segments.TakeOffSegment(customers=[marketer.ids[VERA]])
    assert (await segments.take_off(marketer.call(Role.STAFF, key="invited"), off)).body.removed == 1
    await marketer.follows()
    assert (await marketer.card("invited")).members == 0


async def phones_of(marketer: Marketer) -> list[str]:
    phones = []
    async with marketer.services.db.transaction() as tx:
        for id in marketer.ids:
            (phone,) = await contacts(tx, marketer.services.get(Directory), id)
            phones.append(phone.value)
    return phones


async def test_an_ended_segment_and_an_erased_person_have_nobody(marketer: Marketer, db: Database) -> None:
    for key in ("one", "two"):
        await marketer.makes(key, {"kind": "language", "language": "ru"})
    await marketer.runs("count_segments")
    async with db.transaction() as tx:
        await destroy_keys(tx, marketer.ids[VERA], Source.STAFF, NOON)
    await marketer.follows()
    assert (await marketer.card("one")).members == 2
    await segments.end_segment(marketer.call(Role.STAFF, key="one"))
    assert await marketer.of(ANNA) == ["two"]
    await marketer.runs("count_segments")
    assert [(await marketer.card(key)).members for key in ("one", "two")] == [0, 2]


async def test_offers_read_segments_as_lists(marketer: Marketer, db: Database) -> None:
    await marketer.makes("speakers", {"kind": "language", "language": "ru"})
    await marketer.runs("count_segments")
    await ReactionRunner(db, Clock(), [follow_segments]).run_once()
    async with db.transaction() as tx:
        rows = await tx.rows("select key, members from promotions_list")
        listed = await tx.value("select count(*) from promotions_listed")
    assert ([tuple(row) for row in rows], listed) == ([("segment.speakers", 3)], 3)


async def test_what_is_refused_changes_nothing(marketer: Marketer, picture: Picture) -> None:
    await marketer.makes("list")
    await marketer.makes("rule", rule := {"kind": "language", "language": "ru"})
    deep: Any = rule
    for _ in range(7):
        deep = {"kind": "not", "of": deep}
    wide = {"kind": "all", "of": [{"kind": "any", "of": [rule] * 20}] * 4}
    off = segments.TakeOffSegment(customers=[marketer.ids[ANNA]])
    before = await picture()
    refused: list[tuple[Any, type[Refusal]]] = [
        (marketer.makes("Bad Key", rule), SegmentMalformed),
        (marketer.makes("deep", deep), SegmentMalformed),
        (marketer.makes("wide", wide), SegmentMalformed),
        (marketer.makes("day", {"kind": "registered"}), SegmentMalformed),
        (marketer.finds(deep), SegmentMalformed),
        (marketer.makes("list", rule), SegmentIsAList),
        (marketer.makes("rule"), SegmentIsARule),
        (marketer.imports("rule", "x"), SegmentIsARule),
        (marketer.imports("none", "x"), SegmentUnknown),
        (marketer.imports("list", "x", type="ext:none"), IdentifierTypeUnknown),
        (segments.take_off(marketer.call(Role.STAFF, key="rule"), off), SegmentIsARule),
        (segments.take_off(marketer.call(Role.STAFF, key="none"), off), SegmentUnknown),
        (segments.end_segment(marketer.call(Role.STAFF, key="none")), SegmentUnknown),
    ]
    for story, refusal in refused:
        with pytest.raises(refusal):
            await story
    assert await picture() == before


STEPS = some.lists(
    some.tuples(
        some.sampled_from(["pets", "yes", "no", "merge", "unmerge", "follow"]), some.integers(0, 2), some.integers(0, 2)
    ),
    min_size=1,
    max_size=9,
)
RULE = {
    "kind": "any",
    "of": [{"kind": "attribute", "code": "pets", "at_least": 1}, {"kind": "consent", "purpose": "marketing"}],
}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_is_kept_is_what_a_full_count_finds(database_url: str, steps: Sequence[Any]) -> None:
    """Whatever happens; and all merges undone, everybody is where they would have been without them."""
    asyncio.run(lives(database_url, steps))


async def lives(url: str, steps: Sequence[Any]) -> None:
    db = await Database.connect(url, max_size=6)
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, NOON)
            directory = await Directory.load(tx, Vault(b"a secret only for these tests..." * 2))
        marketer = await Marketer(db, directory).meets()
        await marketer.makes("some", RULE)
        await marketer.runs("count_segments")
        merges: list[int] = []
        for place, (step, a, b) in enumerate(steps):
            if step == "pets":
                await marketer.knows(a, days=place, pets=b)
            elif step in ("yes", "no"):
                await marketer.hears(a, given=step == "yes", seconds=place)
            elif step == "merge" and a != b:
                try:
                    merges.append(await marketer.merges(a, b))
                except (CustomersApart, MergeOverLimit):
                    continue
            elif step == "unmerge" and merges:
                await marketer.unmerges(merges[a % len(merges)])
            elif step == "follow":
                await marketer.follows()
        await marketer.follows()
        assert await count_all(db, NOON) == 0
        async with db.transaction() as tx:
            kept = await tx.value("select count(*) from customers_segmented where segments <> '{}'")
        assert (await marketer.card("some")).members == kept
    finally:
        await db.close()
