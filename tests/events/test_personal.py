"""Personal fields are sealed in the log, revealed by purpose, and gone for good with the key."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.conftest import NOON
from tests.events.door import ANNA, ORDER, Town
from vokrug.customers.vault import SealBroken
from vokrug.events import (
    Catalogue,
    Envelope,
    Event,
    Installation,
    Personal,
    cloud_event,
    publish,
    read,
    reveal,
    row_of,
    synchronise,
)
from vokrug.events.personal import Draft, PersonalKeys, personal_places, seal
from vokrug.kernel import new_id
from vokrug.runtime.database import Database

POST = Catalogue()
BOTH = frozenset({"delivery", "ads"})


class Guest(msgspec.Struct, frozen=True):
    room: int
    name: Annotated[str, Personal("delivery")] = ""


@POST.event("post.sent.v1", owner="post", key="customer")
class Sent(Event, frozen=True):
    """A parcel is on its way."""

    number: int
    phone: Annotated[str, Personal("delivery")] = ""
    hobby: Annotated[str | None, Personal("ads")] = None
    guests: tuple[Guest, ...] = ()


PARCEL = Sent(7, "+79161234567", "chess", (Guest(1, "Ира"), Guest(2)))


@pytest.fixture
async def post(db: Database, town: Town) -> Database:
    async with db.transaction() as tx:
        await synchronise(tx, NOON, POST)
    return db


async def tell_parcel(db: Database, subject: str = str(ANNA)) -> Envelope:
    async with db.transaction() as tx:
        await publish(tx, PARCEL, key=1, subject=subject, at=NOON)
    async with db.transaction() as tx:
        return (await read(tx, 1, 0, 10))[-1]


async def shown(db: Database, told: Envelope, purposes: frozenset[str] = frozenset()) -> tuple[Sent, str | None]:
    """The fact as a reader of these purposes sees it, and the mark of what is missing."""
    async with db.transaction() as tx:
        (revealed,) = await reveal(tx, [told], purposes)
    out = cloud_event(revealed, Installation())
    data: Any = out.get_data()
    assert "$vokrug" not in data
    assert msgspec.convert(data, Sent) == revealed.read(Sent), "both ways out say the same"
    return revealed.read(Sent), out.get_attributes().get("hiddenfields")


async def test_the_log_holds_noise_where_personal_data_were(post: Database) -> None:
    told = await tell_parcel(post)
    for secret in ("+7916", "chess", "Ира"):
        assert secret not in told.data.decode()
    assert told.read(Sent) == Sent(7, guests=(Guest(1), Guest(2))), "absent, until revealed"


async def test_a_reader_sees_what_its_purposes_allow(post: Database, town: Town) -> None:
    told = await tell_parcel(post)
    nothing = "guests[].name=purpose hobby=purpose phone=purpose"
    assert await shown(post, told) == (Sent(7, guests=(Guest(1), Guest(2))), nothing)
    assert await shown(post, told, frozenset({"ads"})) == (
        Sent(7, hobby="chess", guests=(Guest(1), Guest(2))),
        "guests[].name=purpose phone=purpose",
    )
    assert await shown(post, told, BOTH) == (PARCEL, None)
    town.declined[ANNA].add("ads")
    assert await shown(post, told, BOTH) == (msgspec.structs.replace(PARCEL, hobby=None), "hobby=declined")


async def test_without_the_key_nobody_reads_it_here_nor_in_a_copy(post: Database, town: Town) -> None:
    told = await tell_parcel(post)
    copy = replace(told)
    del town.keys[ANNA]
    gone = (Sent(7, guests=(Guest(1), Guest(2))), "guests[].name=erased hobby=erased phone=erased")
    for one in (told, copy):
        assert await shown(post, one, BOTH) == gone
    later = await tell_parcel(post)
    assert await shown(post, later, BOTH) == gone, "a fact of somebody erased is told, without what was theirs"
    assert b"chess" not in later.data


async def test_a_sealed_text_is_bound_to_its_fact(post: Database) -> None:
    """Somebody with hands in the log cannot show one fact's data as another's."""
    one, other = await tell_parcel(post), await tell_parcel(post)
    forged = replace(one, data=other.data)
    with pytest.raises(SealBroken):
        await shown(post, forged, BOTH)


async def test_facts_without_personal_data_are_left_as_they_are(post: Database) -> None:
    plain = Envelope(0, 1, "post.sent.v1", new_id(), 1, "s", NOON, NOON, b'{"number":1}')
    async with post.transaction() as tx:
        (same,) = await reveal(tx, [plain], BOTH)
    assert same is plain


def test_a_hot_path_cannot_write_personal_data_by_itself() -> None:
    with pytest.raises(AssertionError, match="sealed"):
        row_of(PARCEL, key=1, subject=str(ANNA), at=NOON)


WORDS = st.text("абв", max_size=3)
ORDERS = st.fixed_dictionaries(
    {"order_id": WORDS, "total_minor": st.integers(0, 9)},
    optional={
        "phone": WORDS,
        "lines": st.lists(st.fixed_dictionaries({"sku": WORDS}, optional={"who": WORDS}), max_size=3),
    },
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ORDERS, min_size=1, max_size=3))
async def test_what_is_sealed_comes_back_whole(orders: Sequence[dict[str, Any]]) -> None:
    """A law: revealed to who may read all of it, a fact is what was told; sealed, it holds nothing that was tagged."""
    town, tx = Town(), _Desk()
    tx.shared[PersonalKeys] = town
    drafts = [Draft(new_id(), str(ANNA), ORDER, order) for order in orders]
    sealed = await seal(tx, drafts)  # type: ignore[arg-type]
    told = [
        Envelope(0, 1, "web.ordered.v1", draft.id, 1, draft.subject, NOON, NOON, data)
        for draft, data in zip(drafts, sealed, strict=True)
    ]
    back = await reveal(tx, told, frozenset({"delivery"}))  # type: ignore[arg-type]
    assert [msgspec.json.decode(one.data) for one in back] == list(orders)
    for one in told:
        left = msgspec.json.decode(one.data)
        left.pop("$vokrug", None)
        assert list(personal_places(ORDER, left)) == []


class _Desk:
    """Enough of a transaction for keys that lie in memory."""

    def __init__(self) -> None:
        self.shared: dict[Any, Any] = {}
