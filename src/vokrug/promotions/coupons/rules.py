"""Decisions about coupons without I/O: what a typed code is, and whether a pool makes sense."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from vokrug.promotions.coupons.errors import CodesTooFew, PoolNonsense
from vokrug.promotions.coupons.minting import CouponKeys
from vokrug.promotions.coupons.types import Found, Pool
from vokrug.promotions.coupons.writing import alphabet_of, check_character, is_well_formed, normalise

Good = Literal["ok", "used", "expired", "unknown"]
ODDS = 1_000_000  # of so many guesses one may be right


class Pools:
    """All pools, found by number or by what a code looks like. Never changed, swapped as a whole."""

    def __init__(self, pools: Iterable[Pool]) -> None:
        self.by_number = {pool.number: pool for pool in pools}
        self.by_key = {pool.key: pool for pool in self.by_number.values()}
        self._ranges = [pool for pool in self.by_number.values() if pool.kind == "range"]
        self._ways = sorted({pool.is_hashed for pool in self.by_number.values()})

    def __len__(self) -> int:
        return len(self.by_number)

    def kept(self, keys: CouponKeys, code: str) -> list[bytes]:
        """How the database may know a code: one way, unless the setting was changed."""
        return [keys.kept(code, is_hashed=way) for way in self._ways]

    def unwritten(self, keys: CouponKeys, code: str) -> tuple[Pool, int] | None:
        """The pool and serial of a code that needs no row: it proves itself, or its number is in a range."""
        signed = keys.read_signed(code) or keys.read_sealed(code)
        if signed is not None:
            pool = self.by_number.get(signed[0])
            return (pool, signed[1]) if pool is not None and pool.kind == "signed" else None
        for pool in self._ranges:
            serial = serial_of(pool, code)
            if serial is not None:
                return pool, serial
        return None


def serial_of(pool: Pool, code: str) -> int | None:
    """The serial of a printed code, if it is one of this range."""
    assert pool.first_serial is not None
    assert pool.last_serial is not None
    body = code[len(pool.prefix) :]
    if not code.startswith(pool.prefix) or not is_well_formed(code, pool.check_kind, alphabet_of("digits")):
        return None
    digits = body if pool.check_kind == "none" else body[:-1]
    if len(digits) != pool.length or not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits) if pool.first_serial <= int(digits) <= pool.last_serial else None


def printed(pool: Pool, serial: int) -> str:
    """The code of a serial, as it is printed."""
    body = pool.prefix + str(serial).zfill(pool.length)
    return body + check_character(body, pool.check_kind, alphabet_of("digits"))


def member(code: str, place: int) -> str:
    """The hidden code of a bundle's part: what a bundle's code stands for."""
    return f"{code}/{place}"


def judged(found: Found, row: Sequence[object] | None, customer: int | None) -> Good:
    """What a code is good for: ok, used, expired, unknown. `row` is what read_state answered of it."""
    if row is None:
        return "unknown" if found.pool.state != "open" else "ok"
    _, _, _, state, uses, most, owner, is_over, is_closed = row
    if state != "a" and not (state == "v" and most is not None and uses >= most):  # type: ignore[operator]
        return "unknown"
    if most is not None and uses >= most:  # type: ignore[operator]
        return "used"
    if is_over:
        return "expired"
    if is_closed or (owner is not None and owner != customer):
        return "unknown"
    return "ok"


def require_sense(pool: Pool, keys: Mapping[str, Pool]) -> None:
    """A pool that could not work is refused by its field."""

    def no(field: str, why: str, why_ru: str) -> PoolNonsense:
        return PoolNonsense(field=field, why=why, why_ru=why_ru)

    if pool.prefix != normalise(pool.prefix):
        raise no("prefix", "letters that are mistaken for others", "есть знаки, похожие на другие")
    if pool.kind == "unique" and not 4 <= pool.length <= 24:
        raise no("length", "between 4 and 24", "от 4 до 24")
    if pool.kind == "range":
        if pool.first_serial is None or pool.last_serial is None or pool.first_serial > pool.last_serial:
            raise no("first_serial", "a range has two ends", "у диапазона два конца")
        if pool.length < len(str(pool.last_serial)) or pool.length > 18:
            raise no("length", "the last serial does not fit", "последний номер не помещается")
    if pool.kind == "signed" and pool.number >= 32**3:
        raise no("kind", "too many pools for signed codes", "слишком много серий для подписанных кодов")
    if pool.uses is not None and pool.uses < 1:
        raise no("uses", "less than one", "меньше одного")
    if pool.uses is None and pool.kind != "shared":
        raise no("uses", "only a shared word is used without end", "без числа применений — только общее слово")
    if pool.from_at is not None and pool.until_at is not None and pool.until_at <= pool.from_at:
        raise no("until_at", "before it begins", "раньше начала")


def require_unguessable(pool: Pool, count: int) -> None:
    """Codes lie so thin that trying them out does not pay."""
    base = 10 if pool.alphabet == "digits" else 32
    needed = 1
    while base**needed < count * ODDS:
        needed += 1
    if pool.length < needed:
        raise CodesTooFew(count=count, length=needed)
