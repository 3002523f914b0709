"""The calculator that a till may carry: the engine's own source and the words it shares, in one archive.

Nothing of the centre comes along, and nothing of it is asked for: a till puts the archive and `msgspec` on its path.
"""

import zipfile
from pathlib import Path
from typing import BinaryIO

SOURCE = Path(__file__).parent.parent
ROOMS = (
    "kernel/money.py",
    "kernel/languages.py",
    "kernel/refusals.py",
    "promotions/engine/**/*.py",
    "pos/types.py",
    "pos/errors.py",
    "pos/schemas.py",
    "pos/baskets.py",
    "pos/offline/bundle.py",
    "pos/offline/ed25519.py",
)
# The front doors of these lead to the centre. On a till they lead to what the calculator asks for, no further.
DOORS = {
    "vokrug/__init__.py": b"",
    "vokrug/kernel/__init__.py": b"""\
from vokrug.kernel.languages import Text
from vokrug.kernel.money import Rounding, format_minor, parse_minor, round_ratio, share_out
from vokrug.kernel.refusals import Refusal, Retry
""",
    "vokrug/promotions/__init__.py": b"""\
from vokrug.promotions.engine import Basket, Burn, Line, OfferVersion, Policy, Shopper, Tender, price
from vokrug.promotions.engine.apart import RulesApart
""",
    "vokrug/pos/__init__.py": b"",
    "vokrug/pos/offline/__init__.py": b"",
}
# The same source makes the same archive, to the byte: a till compares sums.
MADE_AT = (1980, 1, 1, 0, 0, 0)


def write_kit(file: BinaryIO) -> int:
    """Write the archive; answers how many modules it holds."""
    modules = sorted(path for room in ROOMS for path in SOURCE.glob(room))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kit:
        for door, leads_to in DOORS.items():
            add(kit, door, leads_to)
        for path in modules:
            add(kit, f"vokrug/{path.relative_to(SOURCE).as_posix()}", path.read_bytes())
    return len(modules)


def add(kit: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, MADE_AT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    kit.writestr(entry, content)
