"""What a till carries prices as the centre does, and needs nothing of the centre."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
from click.testing import CliRunner

from tests.promotions.shop import NOON, basket, discounts, line
from vokrug.app.cli import cli
from vokrug.pos.offline.bundle import ArticleTaken, ShopTaken, Taken
from vokrug.pos.offline.sealing import Seals
from vokrug.promotions import OfferVersion, compile_offers, price
from vokrug.promotions.engine.offers import ItemDiscount, PercentOff

AT_THE_TILL = """
import sys
sys.path[:0] = sys.argv[1:3]
import msgspec
from datetime import datetime
from vokrug.promotions.engine import Basket, Line, OfferVersion, compile_offers, price
versions, now = msgspec.json.decode(sys.stdin.buffer.read(), type=tuple[list[OfferVersion], datetime])
lines = tuple(Line(n=n, sku=f"s{n}", article_id=n, price_minor=p, qty_milli=1000) for n, p in ((1, 19990), (2, 14999)))
priced = price(Basket(shop_id=1, zone="Europe/Moscow", lines=lines), None, compile_offers(versions, {}), now)
known = {*sys.stdlib_module_names, "__main__"}
others = sorted({name.split(".")[0] for name in sys.modules if not name.startswith("_sysconfigdata")} - known)
sys.stdout.buffer.write(msgspec.json.encode({"priced": priced, "imported": others}))
"""


WITH_A_BUNDLE = """
import sys
sys.path[:0] = sys.argv[1:3]
import msgspec
from vokrug.pos.offline.bundle import Bundle, BundleRefused, verify_taken
from vokrug.pos.offline.ed25519 import verify
from vokrug.pos.schemas import Calculate
body, signature, key, check = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=tuple[bytes, str, bytes, Calculate])
bundle = Bundle(verify_taken(body, signature, key, verify))
priced = bundle.price(check, bundle.taken.made_at)
try:
    verify_taken(body + b" ", signature, key, verify)
except BundleRefused:
    sys.stdout.buffer.write(msgspec.json.encode(priced))
"""


def test_a_till_prices_alone_and_alike(tmp_path: Path) -> None:
    """In an interpreter that sees the archive and msgspec only, the same offers give the same answer."""
    kit, again, library = tmp_path / "kit.zip", tmp_path / "again.zip", tmp_path / "library"
    for file in (kit, again):
        assert CliRunner().invoke(cli, ["till", "kit", str(file)]).exit_code == 0
    assert kit.read_bytes() == again.read_bytes()
    shutil.copytree(Path(msgspec.__file__).parent, library / "msgspec")
    versions = [OfferVersion(offer_id=1, version=1, key="o1", body=ItemDiscount(benefit=PercentOff(percent_bp=1000)))]
    told = alone(AT_THE_TILL, kit, library, msgspec.json.encode((versions, NOON)))
    here = price(basket(line(1, 199_90), line(2, 149_99)), None, compile_offers(versions, {}), NOON)
    answer = msgspec.json.decode(told)
    assert discounts(here) == [19_99, 15_00], "there is something to agree on"
    assert answer["imported"] == ["msgspec", "vokrug"]
    assert answer["priced"] == msgspec.json.decode(msgspec.json.encode(here))


def test_a_till_checks_its_bundle_and_prices_by_it(tmp_path: Path) -> None:
    kit, library = tmp_path / "kit.zip", tmp_path / "library"
    assert CliRunner().invoke(cli, ["till", "kit", str(kit)]).exit_code == 0
    shutil.copytree(Path(msgspec.__file__).parent, library / "msgspec")
    offer = OfferVersion(offer_id=1, version=1, key="o1", body=ItemDiscount(benefit=PercentOff(percent_bp=1000)))
    shop = ShopTaken(
        id=1,
        code="S1",
        name="Арбат",
        zone="Europe/Moscow",
        currency="RUB",
        legal_entity="",
        groups=[],
        tolerance_line_minor=1,
        tolerance_check_minor=5,
    )
    taken = Taken(
        version=3,
        since=0,
        made_at=NOON,
        valid_until=NOON,
        shop=shop,
        policy=compile_offers([]).policy,
        groups={},
        calendars={},
        offers=[offer],
        offers_gone=[],
        articles=[ArticleTaken(sku="tea", id=1, name="Чай")],
        articles_gone=[],
    )
    seals, body = Seals(b"a secret of the centre"), msgspec.json.encode(taken)
    check = {"rev": 1, "shop": "S1", "till": "1", "lines": [{"n": 1, "sku": "tea", "qty": "3", "price": "33.33"}]}
    given = msgspec.msgpack.encode((body, seals.sign(body), seals.public_key, check))
    answer = msgspec.json.decode(alone(WITH_A_BUNDLE, kit, library, given))
    assert (answer["bundle"], answer["discount"], answer["to_pay"]) == (3, "9.99", "90.00")


def alone(program: str, kit: Path, library: Path, given: bytes) -> bytes:
    """What a program says in an interpreter that sees the archive and msgspec only."""
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(kit), str(library)], input=given, capture_output=True
    )
    assert told.returncode == 0, told.stderr.decode()
    return told.stdout
