"""How long a catalogue takes to come in, what a line pays to find its article, how often an alike name is right."""

import asyncio
import random
import resource
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec

from vokrug import events, pos, promotions
from vokrug.app.bench.stage import staged
from vokrug.pos.goods.barcodes import check_digit
from vokrug.pos.goods.files import Source
from vokrug.pos.goods.operations import importing, mapping, proposing
from vokrug.pos.goods.operations.importing import Wanted
from vokrug.pos.operations import chain
from vokrug.pos.schemas import LineAsked, ShopGiven
from vokrug.pos.types import Shop
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate

Say = Callable[[str], None]

WORDS = ["молоко", "шоколад", "сыр", "творог", "кефир", "чай", "кофе", "мыло", "шампунь", "паста", "крем", "печенье"]
LINES = 8  # of a check


class Took(msgspec.Struct):
    """Of one import."""

    seconds: float
    goods_s: float
    peak_mib: int


class Named(msgspec.Struct):
    """Of names written otherwise: how often the likeliest article is the right one, and how long a look takes."""

    how: str
    asked: int
    right: float
    right_when_sure: float  # of those with a score of 0.85 or more
    sure: float
    ms: float


class Report(msgspec.Struct):
    goods: int
    catalogue: Took
    again: Took  # the same file, which changes nothing
    offers: Took
    known_ns: float  # a line whose sku is the centre's
    alias_ns: float  # a line by the shop's own code
    barcode_ns: float  # by barcode, after the code has led nowhere
    unknown_ns: float
    names: list[Named]


def measure(goods: int, names: Path | None, asked: int, say: Say) -> Report:
    with staged(say) as stage:
        url = stage.database.url
        asyncio.run(migrate(url))
        return asyncio.run(_measure(url, stage.folder, goods, names, asked, say))


async def _measure(url: str, folder: Path, goods: int, names: Path | None, asked: int, say: Say) -> Report:
    db = await Database.connect(url, max_size=4)
    try:
        now = datetime.now(UTC)
        async with db.transaction() as tx:
            await events.synchronise(tx, now)
            await chain.save_shop(tx, ShopGiven(code="S1", name="S1", tills=["T1"]), now)
        took = list[Took]()
        for name, write in (("import.xml", write_catalogue), ("import.xml", None), ("offers.xml", write_offers)):
            file = folder / name
            if write is not None:
                write(file, goods)
            say(f"importing {goods:,} goods from {file.stat().st_size / 1e6:.0f} MB…")
            took.append(await _import(db, file, goods))
        say("finding articles of lines…")
        lines = await _lines(db, goods, now)
        say("looking for names…")
        named = await _names(db, names, asked) if names is not None else []
        return Report(goods, took[0], took[1], took[2], lines[0], lines[1], lines[2], lines[3], named)
    finally:
        await db.close()


async def _import(db: Database, file: Path, goods: int) -> Took:
    began = time.perf_counter()
    report, _ = await importing.take_in(db, Source(file.name, file), Wanted(uuid4()), datetime.now(UTC))
    seconds = time.perf_counter() - began
    assert report.state == "done", "the file is whole"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Took(seconds, goods / seconds, peak)


# A generated catalogue


def write_catalogue(file: Path, goods: int) -> None:
    chance = random.Random(1)
    groups = "".join(f"<Группа><Ид>group-{n}</Ид><Наименование>Группа {n}</Наименование></Группа>" for n in range(200))
    with file.open("w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<КоммерческаяИнформация ВерсияСхемы="2.07">')
        out.write(f"<Классификатор><Ид>c</Ид><Наименование>К</Наименование><Группы>{groups}</Группы></Классификатор>")
        out.write('<Каталог СодержитТолькоИзменения="false"><Ид>cat</Ид><Товары>\n')
        for n in range(goods):
            name = " ".join(chance.choices(WORDS, k=3)).capitalize()
            out.write(
                f"<Товар><Ид>{code_of(n)}</Ид><Штрихкод>{barcode_of(n)}</Штрихкод><Артикул>A-{n}</Артикул>"
                f"<Наименование>{name} {n} {chance.randint(1, 9) * 100} г</Наименование>"
                '<БазоваяЕдиница Код="796" НаименованиеПолное="Штука" МеждународноеСокращение="PCE">шт</БазоваяЕдиница>'
                f"<Группы><Ид>group-{n % 200}</Ид></Группы><Описание>Вкусно и полезно.</Описание>"
                "<Изготовитель><Ид>m</Ид><Наименование>Фабрика</Наименование></Изготовитель>"
                "<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>10</Ставка></СтавкаНалога></СтавкиНалогов>"
                "<ЗначенияРеквизитов><ЗначениеРеквизита><Наименование>ВидНоменклатуры</Наименование><Значение>Товар</Значение>"
                "</ЗначениеРеквизита></ЗначенияРеквизитов></Товар>\n"
            )
        out.write("</Товары></Каталог></КоммерческаяИнформация>")


def write_offers(file: Path, goods: int) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<КоммерческаяИнформация ВерсияСхемы="2.07"><ПакетПредложений>'
        )
        out.write("<ИдКаталога>cat</ИдКаталога><ТипыЦен><ТипЦены><Ид>base</Ид><Наименование>Розничная</Наименование>")
        out.write("<Валюта>RUB</Валюта></ТипЦены></ТипыЦен><Предложения>\n")
        for n in range(goods):
            out.write(
                f"<Предложение><Ид>{code_of(n)}</Ид><Цены><Цена><ИдТипаЦены>base</ИдТипаЦены>"
                f"<ЦенаЗаЕдиницу>{n % 900 + 10}.50</ЦенаЗаЕдиницу><Валюта>RUB</Валюта></Цена></Цены>"
                "<Количество>5</Количество></Предложение>\n"
            )
        out.write("</Предложения></ПакетПредложений></КоммерческаяИнформация>")


def code_of(n: int) -> str:
    return f"{n:08x}-19c0-11e7-80c2-0cc47ab29cd1"


def barcode_of(n: int) -> str:
    body = f"460{n:09d}"
    return body + check_digit(body)


# A till's line


async def _lines(db: Database, goods: int, now: datetime) -> tuple[float, float, float, float]:
    """Nanoseconds a line, of checks of eight, when everything has been met before."""
    some = range(min(goods, 2_000))
    async with db.transaction() as tx:
        given = [("code", f"own-{n}", code_of(n), "") for n in some]
        await mapping.map_by_hand(tx, "S1", given, by="bench", now=now)  # type: ignore[arg-type]
    reference = pos.Reference(promotions.LiveOffers())
    await reference.renew(db, now)
    shop = reference.shops["S1"]
    kinds: list[Callable[[int], LineAsked]] = [
        lambda n: LineAsked(n=1, sku=code_of(n), qty="1", price="1"),
        lambda n: LineAsked(n=1, sku=f"own-{n}", qty="1", price="1"),
        lambda n: LineAsked(n=1, sku=f"none-{n}", barcode=barcode_of(n), qty="1", price="1"),
        lambda n: LineAsked(n=1, sku=f"none-{n}", qty="1", price="1"),
    ]
    known, alias, barcode, unknown = [await _a_line(db, reference, shop, some, kind) for kind in kinds]
    return known, alias, barcode, unknown


async def _a_line(
    db: Database, reference: pos.Reference, shop: Shop, some: Sequence[int], line: Callable[[int], LineAsked]
) -> float:
    lines = [msgspec.structs.replace(line(n), n=n % LINES + 1) for n in some]
    checks = [lines[at : at + LINES] for at in range(0, len(lines) - LINES + 1, LINES)]
    for check in checks:
        await reference.goods(db, shop, check)
    best = float("inf")
    for _ in range(20):
        began = time.perf_counter_ns()
        for check in checks:
            await reference.goods(db, shop, check)
        best = min(best, (time.perf_counter_ns() - began) / (len(checks) * LINES))
    return best


# Alike names


async def _names(db: Database, file: Path, asked: int) -> list[Named]:
    """Real names, written otherwise as tills do, looked for among all of them."""
    async with db.transaction() as tx:
        await tx.run("delete from pos_goods_alias")
        await tx.run("delete from pos_article")
    await importing.take_in(db, Source(file.name, file), Wanted(uuid4()), datetime.now(UTC))
    async with db.transaction() as tx:
        await tx.run("analyze pos_article")
        rows = await tx.rows("select id, name from pos_article order by id")
    known = {row["id"]: row["name"] for row in rows}
    return [await _named(db, known, how, write, asked) for how, write in OTHERWISE.items()]


async def _named(
    db: Database, known: dict[int, str], how: str, write: Callable[[str, random.Random], str], asked: int
) -> Named:
    chance = random.Random(7)
    ids = chance.sample(sorted(known), min(asked, len(known)))
    right = sure = right_when_sure = 0
    began = time.perf_counter()
    async with db.transaction(readonly=True) as tx:
        for id in ids:
            found = await proposing.alike(tx, write(known[id], chance))
            if not found:
                continue
            best, likeness = found[0]
            is_right = known[best].lower() == known[id].lower()
            right += is_right
            if likeness.score_bp >= 8_500:
                sure += 1
                right_when_sure += is_right
    ms = (time.perf_counter() - began) * 1000 / len(ids)
    return Named(how, len(ids), right / len(ids), right_when_sure / max(1, sure), sure / len(ids), ms)


def abbreviated(name: str, chance: random.Random) -> str:
    def short(word: str) -> str:
        if not word.isalpha() or len(word) <= 5 or chance.random() < 0.5:
            return word
        return word[: chance.randint(3, 5)] + chance.choice((".", ""))

    return " ".join(short(word) for word in name.split())


def with_a_word_less(name: str, chance: random.Random) -> str:
    words = name.split()
    plain = [at for at, word in enumerate(words) if not any(letter.isdigit() for letter in word)]
    if len(words) > 2 and plain:
        words.pop(chance.choice(plain))
    return " ".join(words)


def reordered(name: str, chance: random.Random) -> str:
    words = name.split()
    chance.shuffle(words)
    return " ".join(words)


def mistyped(name: str, chance: random.Random) -> str:
    words = name.split()
    long = [at for at, word in enumerate(words) if word.isalpha() and len(word) >= 4]
    if long:
        word = words[at := chance.choice(long)]
        i = chance.randrange(1, len(word) - 1)
        slips = (word[:i] + word[i + 1 :], word[:i] + word[i + 1] + word[i] + word[i + 2 :])
        words[at] = chance.choice((*slips, word[:i] + chance.choice("аоеитнс") + word[i + 1 :]))
    return " ".join(words)


def cut(name: str, chance: random.Random) -> str:
    return name[: chance.randint(24, 40)]


def two_of_these(name: str, chance: random.Random) -> str:
    for write in chance.sample((abbreviated, with_a_word_less, reordered, mistyped), 2):
        name = write(name, chance)
    return name.upper() if chance.random() < 0.5 else name


OTHERWISE: dict[str, Callable[[str, random.Random], str]] = {
    "in capitals": lambda name, _: name.upper(),
    "abbreviated": abbreviated,
    "a word less": with_a_word_less,
    "reordered": reordered,
    "mistyped": mistyped,
    "cut to 24 – 40 letters": cut,
    "two of these": two_of_these,
}


def page(report: Report) -> str:
    def took(name: str, one: Took) -> str:
        return f"{name:28} {one.seconds:6.1f} s   {one.goods_s:8,.0f} goods/s   peak {one.peak_mib} MiB"

    rows = [
        f"{report.goods:,} goods",
        took("catalogue", report.catalogue),
        took("the same again", report.again),
        took("offers", report.offers),
        f"a line: {report.known_ns:,.0f} ns by sku, {report.alias_ns:,.0f} by the shop's code, "
        f"{report.barcode_ns:,.0f} by barcode, {report.unknown_ns:,.0f} unknown",
    ]
    rows += [
        f"{one.how:24} right {one.right:.3f}; sure {one.sure:.2f}, then {one.right_when_sure:.3f}; {one.ms:.1f} ms"
        for one in report.names
    ]
    return "\n".join(rows)
