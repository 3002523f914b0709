"""What a till carries prices as the centre does, and needs nothing of the centre."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
from click.testing import CliRunner

from tests.promotions.shop import NOON, basket, discounts, line
from vokrug.app.cli import cli
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


def test_a_till_prices_alone_and_alike(tmp_path: Path) -> None:
    """In an interpreter that sees the archive and msgspec only, the same offers give the same answer."""
    kit, again, library = tmp_path / "kit.zip", tmp_path / "again.zip", tmp_path / "library"
    for file in (kit, again):
        assert CliRunner().invoke(cli, ["till", "kit", str(file)]).exit_code == 0
    assert kit.read_bytes() == again.read_bytes()
    shutil.copytree(Path(msgspec.__file__).parent, library / "msgspec")
    versions = [OfferVersion(offer_id=1, version=1, key="o1", body=ItemDiscount(benefit=PercentOff(percent_bp=1000)))]
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", AT_THE_TILL, str(kit), str(library)],
        input=msgspec.json.encode((versions, NOON)),
        capture_output=True,
    )
    assert told.returncode == 0, told.stderr.decode()
    here = price(basket(line(1, 199_90), line(2, 149_99)), None, compile_offers(versions, {}), NOON)
    answer = msgspec.json.decode(told.stdout)
    assert discounts(here) == [19_99, 15_00], "there is something to agree on"
    assert answer["imported"] == ["msgspec", "vokrug"]
    assert answer["priced"] == msgspec.json.decode(msgspec.json.encode(here))
