"""A till's line finds the centre's article: by sku, by what the shop calls it, by barcode; or is sold as sent."""

import json
from typing import Any

import asyncpg
import pytest

from tests.pos.chain import Chain, Shopper, Till
from vokrug.pos.document import decode
from vokrug.pos.goods import barcodes
from vokrug.runtime.database import Database

CAKE_EAN, CHEESE_SCALE = "4600000000015", "2212345"
OWN: dict[str, Any] = {"sku": "00-0071", "qty": "1", "price": "400.00", "name": "Торт шоколадн."}


async def teaches(chain: Chain, **articles: list[str]) -> None:
    """The centre's catalogue learns barcodes."""
    names = {"cake": "Торт", "cheese": "Сыр", "coffee": "Кофе"}
    given = [
        {
            "sku": sku,
            "name": names[sku],
            "barcodes": codes,
            "is_weighed": sku == "cheese",
            **({"category": "sweets"} if sku == "cake" else {}),
        }
        for sku, codes in articles.items()
    ]
    (await chain.staff.sends("/v1/catalogue", {"articles": given}, "PUT")).done()


async def maps(chain: Chain, code: str, sku: str, kind: str = "code", shop: str = "S1") -> Any:
    body = {"shop": shop, "aliases": [{"code": code, "sku": sku, "kind": kind}]}
    return await chain.staff.sends("/v1/goods/aliases", body, "PUT")


async def unknown(chain: Chain, shop: str = "") -> list[dict[str, Any]]:
    await chain.checkout.unseen.write(chain.services.db)
    answer = await chain.staff.sends(f"/v1/goods/unknown?shop={shop}", None, "GET")
    found: list[dict[str, Any]] = answer.done()["unknown"]
    assert answer["total"] == len(found)
    return found


async def sold_as(chain: Chain) -> list[str]:
    """Skus of the last sale's fact."""
    (*_, last) = await chain.events("pos.sale_committed.v1")
    return [line["sku"] for line in json.loads(last["data"])["lines"]]


@pytest.mark.parametrize(
    ("line", "to_pay"),
    [
        ({"sku": "cake"}, "360.00"),
        ({"sku": "00-0071"}, "360.00"),
        ({"sku": "any", "barcode": CAKE_EAN}, "360.00"),
        ({"sku": "any", "barcode": "0104600000000015215abc"}, "360.00"),
        ({"sku": "any", "barcode": "S1-77"}, "360.00"),
        ({"sku": "any", "barcode": "4600000000022"}, "400.00"),
        ({"sku": "any"}, "400.00"),
        ({"sku": "coffee", "barcode": CAKE_EAN}, "400.00"),
    ],
)
async def test_a_line_finds_its_article_and_its_offers(
    chain: Chain, till: Till, shopper: Shopper, line: dict[str, Any], to_pay: str
) -> None:
    """Cakes are 10 % cheaper, by whatever name; the centre's own sku counts for more than a barcode."""
    await teaches(chain, cake=[CAKE_EAN])
    (await maps(chain, "00-0071", "cake")).done()
    (await maps(chain, "s1-77", "cake", "barcode")).done()
    quote, _ = await till.sells(shopper, {"qty": "1", "price": "400.00", **line})
    assert quote.to_pay == to_pay
    assert await sold_as(chain) == ["cake" if to_pay == "360.00" else line["sku"]], "facts bear the centre's sku"


async def test_a_code_is_the_shops_own(chain: Chain) -> None:
    await teaches(chain, cake=[])
    (await maps(chain, "00-0071", "cake", shop="S2")).done()
    here = await chain.till("S1").quotes(None, OWN)
    there = await chain.till("S2", "T1").quotes(None, OWN)
    assert (here.to_pay, there.to_pay) == ("400.00", "360.00")


async def test_unknown_goods_are_sold_as_sent_and_noted_once_a_check(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    quote = await till.quotes(shopper, OWN)
    again = await till.quotes(shopper, OWN, check=quote.check, rev=2)
    (await till.confirms(again)).done()
    chain.passes(hours=1)
    await till.sells(None, {**OWN, "name": "Торт шоколадный", "price": "410.00", "barcode": "4600000000022"})
    await chain.till("S2").sells(None, OWN)
    assert again.to_pay == "400.00"
    assert await shopper.points() == "20.00", "5 % like everything else"
    first, second = await unknown(chain)
    assert (first["shop"], first["times"], first["name"], first["price"]) == ("S1", 2, "Торт шоколадный", "410.00")
    assert (first["barcode"], first["first_seen"] < first["last_seen"]) == ("4600000000022", True)
    assert (second["shop"], second["times"]) == ("S2", 1)
    assert [one["shop"] for one in await unknown(chain, "S2")] == ["S2"]


async def test_known_goods_leave_nothing_to_write_down(chain: Chain, till: Till) -> None:
    before = await chain.rows("select * from pos_goods_unknown")
    await till.sells(None, {"sku": "cake", "qty": "1", "price": "400.00"})
    card = {"sku": "gift", "qty": "1", "price": "10.00", "flags": ["gift_card_sale"]}
    await till.quotes(None, card)
    assert await unknown(chain) == []
    assert await chain.rows("select * from pos_goods_unknown") == before


async def test_what_could_not_be_written_down_is_the_next_time(chain: Chain, till: Till) -> None:
    """The database is away for a moment, and tills sell on."""
    await till.quotes(None, OWN)
    closed = await Database.connect(chain.url)
    await closed.close()
    with pytest.raises(asyncpg.InterfaceError):
        await chain.checkout.unseen.write(closed)
    await till.quotes(None, OWN)
    (found,) = await unknown(chain)
    assert found["times"] == 2


async def test_nobody_waits_for_whoever_holds_the_list(chain: Chain, till: Till) -> None:
    """An import that locks the work list for long delays its writing, and neither sales nor renewals."""
    await till.quotes(None, OWN)
    await unknown(chain)
    await till.quotes(None, OWN)
    async with chain.services.db.transaction() as tx:
        await tx.run("select from pos_goods_unknown for update")
        await chain.checkout.unseen.write(chain.services.db)
    (found,) = await unknown(chain)
    assert found["times"] == 2


async def test_mapping_by_hand_empties_the_page_and_taking_back_fills_it(chain: Chain, till: Till) -> None:
    await till.sells(None, OWN)
    assert len(await unknown(chain)) == 1
    assert (await maps(chain, "00-0071", "cake")).done()["changed"] == 1
    assert (await maps(chain, "00-0071", "cake")).done()["changed"] == 0, "said again, nothing changes"
    assert await unknown(chain) == []
    assert (await till.quotes(None, OWN)).to_pay == "360.00"
    (found,) = (await chain.staff.sends("/v1/goods/aliases?shop=S1", None, "GET")).done()["aliases"]
    assert (found["code"], found["sku"], found["source"]) == ("00-0071", "cake", "hand")
    gone = {"shop": "S1", "code": "00-0071"}
    assert (await chain.staff.sends("/v1/goods/aliases:remove", gone)).status == 204
    assert (await till.quotes(None, OWN)).to_pay == "400.00"
    assert len(await unknown(chain)) == 1
    assert (await chain.staff.sends("/v1/goods/aliases:remove", gone)).code == (404, "alias_unknown")


async def test_what_the_centre_learns_is_unknown_no_longer(chain: Chain, till: Till) -> None:
    await till.sells(None, {**OWN, "barcode": CAKE_EAN}, {**OWN, "sku": "tea"})
    assert len(await unknown(chain)) == 2
    await teaches(chain, cake=[CAKE_EAN])
    (await chain.staff.sends("/v1/catalogue", {"articles": [{"sku": "tea", "name": "Чай"}]}, "PUT")).done()
    assert await unknown(chain) == []


async def test_a_mapping_names_what_is_there_or_nothing_changes(chain: Chain) -> None:
    before = await chain.fingerprint()
    assert (await maps(chain, "x", "nothing")).code == (422, "article_unknown")
    assert (await maps(chain, "x", "cake", shop="S9")).code == (404, "shop_unknown")
    both = {"shop": "S1", "aliases": [{"code": "a", "sku": "cake"}, {"code": "b", "sku": "nothing"}]}
    assert (await chain.staff.sends("/v1/goods/aliases", both, "PUT")).status == 422
    for path in ("aliases", "unknown", "proposals", "articles"):
        assert (await chain.till().sends(f"/v1/goods/{path}", None, "GET")).status == 403
    assert await chain.fingerprint() == before


async def test_scales_print_the_weight_into_the_barcode(chain: Chain, till: Till) -> None:
    """Two digits of the shop, five of the goods, five of the weight: only the first seven say what it is."""
    await teaches(chain, cheese=[CHEESE_SCALE], cake=["2200000000013"])
    cheese = await chain.rows("select id from pos_article where sku = 'cheese'")
    for grams in (350, 1200):
        body = f"{CHEESE_SCALE}{grams:05d}"
        label = body + barcodes.check_digit(body)
        line = {"sku": "weighed", "qty": "0.350", "price": "999.90", "barcode": label}
        quote = await till.quotes(None, line)
        found = await chain.rows("select document from pos_quote where check_id = $1", quote.check)
        assert decode(found[0]["document"]).lines[0].article_id == cheese[0]["id"]
    piece = await till.quotes(None, {**OWN, "barcode": "2200000000013"})
    assert piece.to_pay == "360.00", "a piece of one's own numbering is found by the whole of it"
    other = await till.quotes(None, {**OWN, "barcode": "2200000000020"})
    assert other.to_pay == "400.00"


async def test_a_barcode_that_two_articles_share_says_nothing(chain: Chain, till: Till) -> None:
    await teaches(chain, cake=[CAKE_EAN], coffee=[CAKE_EAN])
    line = {**OWN, "barcode": CAKE_EAN}
    assert (await till.quotes(None, line)).to_pay == "400.00"
    (await maps(chain, CAKE_EAN, "cake", "barcode")).done()
    assert (await till.quotes(None, line)).to_pay == "360.00", "the shop's own word decides"


async def test_articles_are_found_by_whatever_one_knows(chain: Chain) -> None:
    await teaches(chain, cake=[CAKE_EAN])
    for text in ("cake", CAKE_EAN, "тортик", "ТОРТ"):
        (found, *_) = (await chain.staff.sends(f"/v1/goods/articles?find={text}", None, "GET")).done()["articles"]
        assert (found["sku"], found["barcodes"], found["category"]) == ("cake", [CAKE_EAN], "sweets")
    listed = (await chain.staff.sends("/v1/goods/articles?after=cake&limit=1", None, "GET")).done()["articles"]
    assert [one["sku"] for one in listed] == ["cheese"]


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("4600000000015", "4600000000015"),
        (" 460-0000-000015 ", "4600000000015"),
        ("036000291452", "0036000291452"),
        ("00036000291452", "0036000291452"),
        ("96385074", "96385074"),
        ("4600000000016", "4600000000016"),
        ("abc-1 2", "ABC-12"),
        ("010460000000001521abc", "4600000000015"),
        ("(01)04600000000015(21)abc", "4600000000015"),
        ("", ""),
    ],
)
def test_a_barcode_has_one_spelling(given: str, normal: str) -> None:
    assert barcodes.normal(given) == normal
    assert barcodes.normal(normal) == normal


@pytest.mark.parametrize(
    ("digits", "is_sound"),
    [("4600000000015", True), ("4600000000016", False), ("96385074", True), ("96385075", False), ("٤6385074", False)],
)
def test_the_check_digit_is_understood(digits: str, is_sound: bool) -> None:
    assert barcodes.is_sound(digits) == is_sound
