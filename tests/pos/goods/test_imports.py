"""Files become the central catalogue, or what a shop calls its goods; in any order, once or twice, cut off or not."""

import asyncio
import itertools
import random
from typing import Any
from uuid import uuid4

import pytest

from tests.pos.chain import Answer, Chain
from tests.pos.goods.files import catalogue, classifier, document, good, offer, offers, shared, zipped
from tests.pos.goods.test_resolving import unknown
from vokrug.pos.goods.files import Source
from vokrug.pos.goods.operations import importing
from vokrug.pos.goods.operations.importing import Wanted

IMPORT = document(
    classifier(),
    catalogue(
        good("g1", "Шоколад", Штрихкод="4600000000015", Артикул="A-1", Группы="<Ид>bars</Ид>", БазоваяЕдиница="шт"),
        good("g2", "Сыр", Штрихкод=["4600000000022", "4600000000039"], Группы="<Ид>food</Ид>", БазоваяЕдиница="кг"),
        good("g3", "Ботинки", Группы="<Ид>home</Ид>"),
        changes_only=False,
    ),
)
OFFERS = document(
    offers(
        offer("g1", "Шоколад", "90"),
        offer("g2", "", "700.50"),
        offer(
            "g3#c1",
            "",
            "4000",
            Штрихкод="4600000000046",
            ХарактеристикиТовара="<ХарактеристикаТовара><Наименование>Р</Наименование><Значение>42</Значение></ХарактеристикаТовара>",
        ),
    )
)
NO_CLASSIFIER = document(catalogue(good("g4", "Пастила", Группы="<Ид>sweet</Ид>")), namespace=False)


async def takes(chain: Chain, content: bytes, **query: Any) -> Answer:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return await chain.staff.sends(f"/v1/goods/imports?{asked}", content)


async def took(chain: Chain, content: bytes, **query: Any) -> dict[str, Any]:
    report = (await takes(chain, content, **query)).done().body
    assert report["errors"] == 0, report["troubles"]
    found: dict[str, Any] = report
    return found


def tally(report: dict[str, Any], name: str = "goods") -> tuple[int, int, int, int]:
    counts = report["counts"][name]
    return counts["new"], counts["changed"], counts["unchanged"], counts["gone"]


async def articles(chain: Chain) -> list[dict[str, Any]]:
    """The catalogue, without the numbers that a database gives."""
    return await chain.rows("""
        select a.sku, a.name, a.barcodes, a.article, a.unit, a.is_weighed, a.is_withdrawn,
               array(select c.code from unnest(a.category_ids) with ordinality x (id, n)
                       join pos_category c on c.id = x.id order by n) as categories
          from pos_article a order by a.sku
    """)


async def test_files_of_1c_become_the_catalogue(chain: Chain) -> None:
    report = await took(chain, IMPORT)
    assert (tally(report, "groups"), tally(report)) == ((4, 0, 0, 0), (3, 0, 0, 0))
    report = await took(chain, OFFERS)
    assert tally(report, "offers") == (3, 0, 0, 0)
    found = {row["sku"]: row for row in await articles(chain)}
    assert found["g1"]["categories"] == ["food", "sweet", "bars"]
    assert (found["g2"]["is_weighed"], found["g2"]["barcodes"]) == (True, ["4600000000022", "4600000000039"])
    shoes = found["g3#c1"]
    assert (shoes["name"], shoes["categories"], shoes["barcodes"]) == ("Ботинки (42)", ["home"], ["4600000000046"])


async def test_the_order_of_files_makes_no_difference(chain: Chain) -> None:
    """Catalogue, offers, goods of groups that are told of later: whatever comes first."""
    ends = []
    for order in itertools.permutations([IMPORT, OFFERS, NO_CLASSIFIER]):
        for content in order:
            await took(chain, content)
        ends.append([row for row in await articles(chain) if row["sku"].startswith("g")])
        async with chain.services.db.transaction() as tx:
            await tx.run("delete from pos_goods_card")
            await tx.run("delete from pos_article")
            await tx.run("delete from pos_category")
    assert all(end == ends[0] for end in ends)
    assert [row["categories"] for row in ends[0] if row["sku"] == "g4"] == [["food", "sweet"]]


async def test_twice_is_once(chain: Chain) -> None:
    for content in (IMPORT, OFFERS):
        await took(chain, content)
    before = await articles(chain)
    cards = await chain.rows("select * from pos_goods_card order by code")
    version = await chain.rows("select version from pos_reference_version")
    assert tally(await took(chain, IMPORT)) == (0, 0, 3, 0)
    assert tally(await took(chain, OFFERS), "offers") == (0, 0, 3, 0)
    assert await articles(chain) == before
    assert await chain.rows("select * from pos_goods_card order by code") == cards
    assert await chain.rows("select version from pos_reference_version") == version, "no process reads anything anew"


async def test_a_dry_run_says_what_would_change_and_changes_nothing(chain: Chain) -> None:
    await took(chain, IMPORT)
    mark = await goods_mark(chain)
    changed = document(
        catalogue(
            good(
                "g1",
                "Шоколад горький",
                Штрихкод="4600000000015",
                Артикул="A-1",
                Группы="<Ид>bars</Ид>",
                БазоваяЕдиница="шт",
            ),
            good("g9", "Новое"),
            changes_only=False,
        )
    )
    report = await took(chain, changed, dry="true")
    assert tally(report) == (1, 1, 0, 2)
    assert [one["en"] for one in report["sentences"]][-1] == "Nothing was written."
    assert await goods_mark(chain) == mark
    assert tally(await took(chain, changed)) == tally(report), "and so it did"


async def goods_mark(chain: Chain) -> dict[str, Any]:
    marks = await chain.fingerprint()
    return {name: marks[name] for name in marks if name.startswith("pos_")}


async def test_a_renamed_good_stays_itself_and_a_deleted_one_is_withdrawn(chain: Chain) -> None:
    await took(chain, IMPORT)
    before = {row["sku"]: row["id"] for row in await chain.rows("select sku, id from pos_article")}
    await took(chain, document(catalogue(good("g1", "Шоколад тёмный"), good("g2", ПометкаУдаления="true"))))
    rows = {row["sku"]: row for row in await chain.rows("select * from pos_article")}
    assert {sku: row["id"] for sku, row in rows.items()} == before
    assert (rows["g1"]["name"], rows["g2"]["is_withdrawn"], rows["g2"]["name"]) == ("Шоколад тёмный", True, "Сыр")
    quote = await chain.till().quotes(None, {"sku": "g2", "qty": "1", "price": "10.00"})
    assert quote.to_pay == "10.00", "what is withdrawn may still be in somebody's basket"
    await took(chain, document(catalogue(good("g2", "Сыр"))))
    assert not (await chain.rows("select is_withdrawn from pos_article where sku = 'g2'"))[0]["is_withdrawn"]


async def test_what_is_not_in_a_whole_catalogue_is_gone_only_when_asked(chain: Chain) -> None:
    """1C cuts large exports into several files, each of which calls itself whole."""
    await took(chain, IMPORT)
    part = document(catalogue(good("g1", "Шоколад"), changes_only=False))
    assert tally(await took(chain, part))[3] == 2
    assert not any(row["is_withdrawn"] for row in await articles(chain))
    report = await took(chain, part, withdraw_gone="true")
    assert report["counts"]["withdrawn"] == 2
    gone = [row["sku"] for row in await articles(chain) if row["is_withdrawn"]]
    assert gone == ["g2", "g3"], "goods of other catalogues are not asked"


async def test_staff_keep_what_files_say_nothing_of(chain: Chain) -> None:
    own = {"sku": "g1", "name": "x", "category": "sweets", "min_price": "50", "no_burn": True, "barcodes": ["S-1"]}
    (await chain.staff.sends("/v1/catalogue", {"articles": [own]}, "PUT")).done()
    await took(chain, document(catalogue(good("g1", "Шоколад"))))
    (row,) = await chain.rows("select * from pos_article where sku = 'g1'")
    assert (row["name"], row["min_price_minor"], row["no_burn"], row["barcodes"]) == ("Шоколад", 5000, True, ["S-1"])
    assert len(row["category_ids"]) == 1


async def test_barcodes_of_different_things_are_told_of(chain: Chain) -> None:
    await took(chain, IMPORT)
    report = await took(chain, document(catalogue(good("other", "Иное", Штрихкод="4600000000015"))))
    assert report["counts"]["shared_barcodes"] == 1
    assert report["sentences"][-1]["en"].startswith("1 barcodes are borne by different articles")


# A shop's own


SHOPS_OWN = document(
    catalogue(
        good("s-1", "Шок. молочн.", Штрихкод="4600000000015", Код="000071"),
        good("s-2", "Нечто", Артикул="a-1"),
        good("s-3", "Пастила яблочная 90г"),
    )
)


async def test_a_shops_own_goods_lead_to_articles_or_wait_on_the_list(chain: Chain) -> None:
    await took(chain, IMPORT)
    await took(chain, NO_CLASSIFIER)
    report = await took(chain, SHOPS_OWN, shop="S1")
    assert (report["shop"], report["counts"]["aliases"], report["counts"]["unknown"]) == ("S1", 3, 1)
    found = (await chain.staff.sends("/v1/goods/aliases?shop=S1", None, "GET")).done()["aliases"]
    assert {(one["code"], one["sku"]) for one in found} == {("000071", "g1"), ("s-1", "g1"), ("s-2", "g1")}
    (waiting,) = await unknown(chain)
    assert (waiting["sku"], waiting["times"], waiting["name"]) == ("s-3", 0, "Пастила яблочная 90г")
    assert len(await articles(chain)) == 3 + 4, "the centre's catalogue is the centre's"
    mark = await goods_mark(chain)
    again = await took(chain, SHOPS_OWN, shop="S1")
    assert (again["counts"]["aliases"], tally(again)) == (0, (0, 0, 3, 0))
    differing = {name for name, value in (await goods_mark(chain)).items() if value != mark[name]}
    assert differing == {"pos_goods_import"}


async def test_a_shop_may_come_before_the_centre(chain: Chain) -> None:
    report = await took(chain, SHOPS_OWN, shop="S1")
    assert report["counts"]["unknown"] == 3
    await took(chain, IMPORT)
    found = (await chain.staff.sends("/v1/goods/aliases?shop=S1", None, "GET")).done()["aliases"]
    assert {(one["code"], one["sku"]) for one in found} == {("000071", "g1"), ("s-1", "g1"), ("s-2", "g1")}
    assert [one["sku"] for one in await unknown(chain)] == ["s-3"]


async def test_a_file_does_not_overrule_a_person(chain: Chain) -> None:
    await took(chain, IMPORT)
    hand = {"shop": "S1", "aliases": [{"code": "s-1", "sku": "g2"}]}
    (await chain.staff.sends("/v1/goods/aliases", hand, "PUT")).done()
    await took(chain, SHOPS_OWN, shop="S1")
    found = (await chain.staff.sends("/v1/goods/aliases?shop=S1", None, "GET")).done()["aliases"]
    assert [(one["sku"], one["source"]) for one in found if one["code"] == "s-1"] == [("g2", "hand")]


# Reports


async def test_an_id_makes_an_import_safe_to_repeat(chain: Chain) -> None:
    id = uuid4()
    first = await takes(chain, IMPORT, id=id, name="import0_1.xml")
    again = await takes(chain, IMPORT, id=id, name="import0_1.xml")
    assert (first.body, again.is_repeat) == (again.body, True)
    assert (await takes(chain, OFFERS, id=id)).code == (409, "goods_import_reused")
    (listed,) = (await chain.staff.sends("/v1/goods/imports", None, "GET")).done()["imports"]
    assert (listed["id"], listed["state"], listed["file"]) == (str(id), "done", "import0_1.xml")
    assert listed["report"] == first.body
    one = await chain.staff.sends(f"/v1/goods/imports/{id}", None, "GET")
    assert one.done().body == listed
    assert (await chain.staff.sends(f"/v1/goods/imports/{uuid4()}", None, "GET")).code == (404, "goods_import_unknown")


@pytest.mark.parametrize("content", [b"", b"hello", b"<html/>", b"<!DOCTYPE x><x/>", b"a;b\n1;2\n"])
async def test_what_is_no_file_of_goods_changes_nothing(chain: Chain, content: bytes) -> None:
    mark = await goods_mark(chain)
    assert (await takes(chain, content)).code == (422, "goods_file_unreadable")
    assert (await takes(chain, IMPORT, shop="S9")).code == (404, "shop_unknown")
    till = chain.till()
    assert (await till.sends("/v1/goods/imports", IMPORT)).status == 403
    assert await goods_mark(chain) == mark


async def test_a_file_that_breaks_off_is_told_of_and_taken_so_far(chain: Chain) -> None:
    report = (await takes(chain, IMPORT[: IMPORT.index(b"g3")])).done().body
    assert (report["state"], report["errors"], tally(report)) == ("broken", 1, (2, 0, 0, 0))
    assert tally(await took(chain, IMPORT)) == (1, 0, 2, 0)


async def test_orders_are_passed_over_with_a_sentence(chain: Chain) -> None:
    report = await took(chain, document("<Документ><Ид>1</Ид></Документ>", encoding="windows-1251"))
    assert [one["ru"] for one in report["sentences"]] == [
        "Документы заказов пропущены (1): продажи приходят с касс, а не из файлов товаров."
    ]


async def test_an_archive_of_several_files_is_one_import(chain: Chain) -> None:
    report = await took(chain, zipped(import0_1__xml=IMPORT, offers0_1__xml=OFFERS))
    assert (tally(report), tally(report, "offers"), len(report["files"])) == ((3, 0, 0, 0), (3, 0, 0, 0), 2)


# Cut off


def many(count: int) -> bytes:
    rows = [good(f"n{n:05d}", f"Товар {n}", Штрихкод=f"20{n:05d}") for n in range(count)]
    return document(classifier(), catalogue(*rows, changes_only=False))


@pytest.mark.parametrize("cut_after", [1, 2, 3])
async def test_an_import_that_is_cut_off_goes_on_where_it_was(chain: Chain, cut_after: int) -> None:
    """The report of both runs is the one of a run that nobody cut off; every transaction is whole or not there."""
    content, now = many(1_700), chain.services.clock.now()
    told = itertools.count(1)

    class CutOff(Exception):
        pass

    def tell(done: int, total: int) -> None:
        if next(told) == cut_after:
            raise CutOff

    with pytest.raises(CutOff):
        await importing.take_in(chain.services.db, Source("f", content), Wanted(uuid4()), now, tell=tell)
    (running,) = await chain.rows("select id, state, done from pos_goods_import")
    assert (running["state"], running["done"]) == ("running", 500 * cut_after)
    assert (await chain.rows("select count(*) from pos_article where sku like 'n%'"))[0]["count"] == 500 * cut_after - 4
    report, _ = await importing.take_in(chain.services.db, Source("f", content), Wanted(uuid4()), now)
    assert str(report.id) == str(running["id"])
    assert (report.counts.goods.new, report.counts.goods.unchanged, report.counts.groups.new) == (1_700, 0, 4)
    assert report.counts.goods.gone == 0, "what the first run took was seen by the second"
    assert (await chain.rows("select count(*) from pos_article where sku like 'n%'"))[0]["count"] == 1_700


async def test_two_imports_at_once_end_as_one_after_another(chain: Chain) -> None:
    contents = [many(700), OFFERS, IMPORT, many(700)]
    random.Random(3).shuffle(contents)
    reports = await asyncio.gather(*(took(chain, content) for content in contents))
    assert sum(tally(report)[0] for report in reports) >= 703
    assert len(await articles(chain)) == 3 + 700 + 4


async def test_real_files_are_imported_wholly(chain: Chain) -> None:
    folder = shared("commerceml")
    names = ("import0_1.xml", "offers0_1.xml", "bitrix-query-response-full.xml")
    for content in [(folder / name).read_bytes() for name in names] * 2:
        report = await took(chain, content)
        assert (report["errors"], report["notes"], report["state"]) == (0, 0, "done")
    count = (await chain.rows("select count(*) from pos_goods_card"))[0]["count"]
    skus = [row["sku"] for row in await articles(chain)]
    assert len(skus) == count + 3
    (mat,) = [row for row in await articles(chain) if row["article"] == "PM-421-WP"]
    assert (mat["barcodes"], mat["unit"], len(mat["categories"])) == (["8809288404089"], "шт", 1)
