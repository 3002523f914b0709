"""What an unknown thing may be: looked for, decided by people, taken back by them."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pos.chain import Answer, Chain, Line, Till
from tests.pos.goods.test_resolving import maps, unknown
from vokrug.pos.document import decode
from vokrug.pos.goods import names
from vokrug.pos.jobs import look_for_goods
from vokrug.runtime.jobs import JobRun

CHOCOLATE: dict[str, Any] = {"sku": "0071", "qty": "1", "price": "90.00", "name": "ШОК.АЛЕНКА МОЛОЧН. 90Г"}
CATALOGUE = [
    {"sku": "alenka-90", "name": "Шоколад Алёнка молочный 90 г", "barcodes": ["4600000000039"]},
    {"sku": "alenka-200", "name": "Шоколад Алёнка молочный 200 г"},
    {"sku": "tea", "name": "Чай чёрный Цейлонский 100 г"},
]


@pytest.fixture
async def till(chain: Chain, till: Till) -> Till:
    (await chain.staff.sends("/v1/catalogue", {"articles": CATALOGUE}, "PUT")).done()
    return till


async def proposed(chain: Chain, state: str = "open") -> list[dict[str, Any]]:
    answer = (await chain.staff.sends(f"/v1/goods/proposals?state={state}", None, "GET")).done()
    found: list[dict[str, Any]] = answer["proposals"]
    return found


async def sold_unknown(chain: Chain, till: Till, line: Line) -> list[dict[str, Any]]:
    """A sale of something unknown, and what it may be."""
    await till.sells(None, line)
    await chain.checkout.unseen.write(chain.services.db)
    (await chain.staff.sends("/v1/goods/proposals:find", {})).done()
    return await proposed(chain)


async def decides(chain: Chain, proposal: dict[str, Any], word: str) -> Answer:
    return await chain.staff.sends(f"/v1/goods/proposals/{proposal['id']}:{word}", {})


async def skus_sold(chain: Chain, till: Till, line: Line) -> str:
    quote = await till.quotes(None, line)
    (row,) = await chain.rows("select document from pos_quote where check_id = $1", quote.check)
    return decode(row["document"]).lines[0].sku


async def test_an_alike_name_is_proposed_accepted_and_sold_by_from_then_on(chain: Chain, till: Till) -> None:
    likely, other = await sold_unknown(chain, till, CHOCOLATE)
    assert (likely["sku"], other["sku"]) == ("alenka-90", "alenka-200"), "the size tells one package from another"
    assert likely["score"] > other["score"] > 0.5
    assert likely["reason"] == {
        "code": "name",
        "en": "The names are alike.",
        "ru": "Названия похожи.",
        "words": "шок аленка молочн",
    }
    assert (await unknown(chain))[0]["proposals"] == 2
    assert (await decides(chain, likely, "accept")).done()["state"] == "accepted"
    assert await unknown(chain) == []
    assert await proposed(chain) == []
    assert [one["sku"] for one in await proposed(chain, "overtaken")] == ["alenka-200"]
    assert await skus_sold(chain, till, CHOCOLATE) == "alenka-90"
    assert (await decides(chain, likely, "accept")).done()["state"] == "accepted", "said again, it is so"
    assert (await decides(chain, likely, "reject")).code == (409, "goods_proposal_decided")


async def test_what_was_rejected_is_not_proposed_again(chain: Chain, till: Till) -> None:
    likely, other = await sold_unknown(chain, till, CHOCOLATE)
    (await decides(chain, likely, "reject")).done()
    chain.passes(days=8)
    assert [one["id"] for one in await sold_unknown(chain, till, CHOCOLATE)] == [other["id"]]
    (await decides(chain, likely, "undo")).done()
    assert {one["id"] for one in await proposed(chain)} == {likely["id"], other["id"]}


async def test_an_accepted_one_is_taken_back_whole(chain: Chain, till: Till) -> None:
    likely, _ = await sold_unknown(chain, till, CHOCOLATE)
    before = await chain.fingerprint()
    (await decides(chain, likely, "accept")).done()
    (await decides(chain, likely, "undo")).done()
    after = await chain.fingerprint()
    assert [name for name in after if name.startswith("pos_goods") and after[name] != before[name]] == []
    assert await skus_sold(chain, till, CHOCOLATE) == "0071"


async def test_a_hand_decides_over_proposals(chain: Chain, till: Till) -> None:
    likely, other = await sold_unknown(chain, till, CHOCOLATE)
    (await maps(chain, "0071", "tea")).done()
    assert await proposed(chain) == []
    assert (await decides(chain, likely, "accept")).code == (409, "goods_proposal_decided")
    assert (await decides(chain, other, "undo")).code == (409, "goods_proposal_decided")
    assert await skus_sold(chain, till, CHOCOLATE) == "tea"
    nobody = f"/v1/goods/proposals/{uuid4()}:accept"
    assert (await chain.staff.sends(nobody, {})).code == (404, "goods_proposal_unknown")


async def test_a_code_that_stands_for_many_things_is_told_apart_by_barcode(chain: Chain, till: Till) -> None:
    """Some tills send one code for everything that they do not know."""
    misc = {**CHOCOLATE, "sku": "misc", "barcode": "4600000000046"}
    tea = {**CHOCOLATE, "sku": "misc", "barcode": "4600000000053", "name": "Чай черный цейлонский 100г"}
    await till.sells(None, tea)
    found = await sold_unknown(chain, till, misc)
    assert {(one["kind"], one["code"]) for one in found} == {("barcode", "4600000000046")}
    (await decides(chain, found[0], "accept")).done()
    assert await skus_sold(chain, till, misc) == "alenka-90"
    assert await skus_sold(chain, till, tea) == "misc"


async def test_a_shared_barcode_and_an_article_number_are_reasons(chain: Chain, till: Till) -> None:
    double = {"sku": "alenka-new", "name": "Алёнка новая 90 г", "barcodes": ["4600000000039"]}
    (await chain.staff.sends("/v1/catalogue", {"articles": [double]}, "PUT")).done()
    found = await sold_unknown(chain, till, {**CHOCOLATE, "barcode": "4600000000039"})
    assert [(one["sku"], one["reason"]["code"]) for one in found[:2]] == [
        ("alenka-90", "barcode"),
        ("alenka-new", "barcode"),
    ]


async def test_the_job_looks_for_everything_and_forgets_the_unsold(chain: Chain, till: Till) -> None:
    async with chain.services.db.transaction() as tx:
        await tx.run("update pos_article set name_keys = null")
    await till.sells(None, CHOCOLATE)
    await chain.checkout.unseen.write(chain.services.db)
    now = chain.services.clock.now()
    await look_for_goods.handler(JobRun(chain.services, now, 1, 1))
    assert [one["sku"] for one in await proposed(chain)] == ["alenka-90", "alenka-200"]
    chain.passes(days=181)
    await look_for_goods.handler(JobRun(chain.services, chain.services.clock.now(), 1, 1))
    assert await unknown(chain) == []


# Names


@pytest.mark.parametrize(
    ("asked", "better", "worse"),
    [
        ("Молоко Простоквашино 3,2% 930мл", "МОЛОКО ПРОСТОКВАШИНО 3.2% 0.93Л", "Молоко Простоквашино 2,5% 930мл"),
        ("Шамп. Dove 250", "Шампунь Dove 250 мл", "Шампунь Dove 400 мл"),
        ("маска для лица акулий жир", "Акулья сила маска для лица акулий жир/кофе", "Крем для рук питательный"),
        ("Творог 5% 180г Домик в деревне", "Творог Домик в деревне 5% 180 г", "Творог Домик в деревне 9% 180 г"),
        ("Колбасса докторская", "Колбаса Докторская вар.", "Колбаса Краковская п/к"),
    ],
)
def test_the_same_thing_is_more_alike_than_another(asked: str, better: str, worse: str) -> None:
    assert names.likeness(asked, better).score_bp > names.likeness(asked, worse).score_bp


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_a_share_and_the_same_both_ways(one: str, other: str) -> None:
    there, back = names.likeness(one, other).score_bp, names.likeness(other, one).score_bp
    assert 0 <= there <= 10_000
    assert there == back
    if names.taken_apart(one).words:
        assert names.likeness(one, one).score_bp == 10_000


@given(st.text(max_size=200))
def test_keys_are_few_and_hold_no_space(text: str) -> None:
    keys = names.keys_of(text)
    assert len(keys) <= names.MOST_KEYS
    assert not any(" " in key for key in keys)
