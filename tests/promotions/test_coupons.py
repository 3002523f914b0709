"""Codes: how they are written, made by the million, and believed without a line."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.promotions.state import KEYS, NOW, desk, new_pool
from vokrug.promotions.coupons import issuing, operations, rules
from vokrug.promotions.coupons.errors import CodesTooFew, CodeTaken, IssueIdReused, PoolKeyTaken, PoolNonsense
from vokrug.promotions.coupons.minting import mint, read_sealed
from vokrug.promotions.coupons.types import Pool
from vokrug.promotions.coupons.writing import DIGITS, LETTERS, check_character, grouped, is_well_formed, normalise
from vokrug.runtime.database import Database


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ab12-cd34", "AB12CD34"),
        (" A B 1 2 ", "AB12"),
        ("O0oО", "0000"),
        ("Il1", "111"),
        ("АВЕКМНРСТХ", "ABEKMHPCTX"),
        ("лето 2026", "ЛET02026"),
        ("—·-", ""),
    ],
)
def test_a_code_is_the_same_however_it_is_typed(typed: str, read: str) -> None:
    assert normalise(typed) == read
    assert normalise(read) == read


@pytest.mark.parametrize(
    ("digits", "kind", "check"), [("7992739871", "luhn", "3"), ("572", "damm", "4"), ("572", "none", "")]
)
def test_check_digits_of_the_books(digits: str, kind: str, check: str) -> None:
    assert check_character(digits, kind, DIGITS) == check  # type: ignore[arg-type]


@given(code=st.text(LETTERS, min_size=1, max_size=14), place=st.integers(0, 13), other=st.sampled_from(LETTERS))
def test_damm_catches_every_slip_and_every_swap(code: str, place: int, other: str) -> None:
    whole = code + check_character(code, "damm", LETTERS)
    assert is_well_formed(whole, "damm", LETTERS)
    place %= len(code)
    slip = whole[:place] + other + whole[place + 1 :]
    assert is_well_formed(slip, "damm", LETTERS) == (slip == whole)
    swap = whole[:place] + whole[place + 1] + whole[place] + whole[place + 2 :]
    assert is_well_formed(swap, "damm", LETTERS) == (swap == whole)


@pytest.mark.parametrize("alphabet", ["letters", "digits"])
@pytest.mark.parametrize("check", ["none", "luhn", "damm"])
def test_any_slice_of_an_issue_is_made_again_the_same(alphabet: str, check: str) -> None:
    signs = LETTERS if alphabet == "letters" else DIGITS
    how = {"prefix": "77", "length": 9, "alphabet": alphabet, "check": check}
    codes = mint(b"k" * 32, 3, 0, 500, **how)  # type: ignore[arg-type]
    assert mint(b"k" * 32, 3, 137, 200, **how) == codes[137:337]  # type: ignore[arg-type]
    assert mint(b"k" * 32, 4, 0, 5, **how) != codes[:5]  # type: ignore[arg-type]
    assert len(set(codes)) == 500
    assert all(is_well_formed(code, check, signs) for code in codes)  # type: ignore[arg-type]


def test_signed_codes_need_no_database_and_cannot_be_made_up() -> None:
    code = KEYS.sign(7, 123_456)
    assert KEYS.read_signed(normalise(grouped(code).lower())) == (7, 123_456)
    for place in range(len(code)):
        other = "2" if code[place] != "2" else "3"
        assert KEYS.read_signed(code[:place] + other + code[place + 1 :]) is None
    sealed = KEYS.seal(7, 9)
    assert read_sealed(KEYS.private.public_key(), sealed) == (7, 9)
    assert read_sealed(KEYS.private.public_key(), sealed[:-3] + "000") is None


def test_printed_numbers_are_known_by_their_range() -> None:
    pool = new_pool("p", kind="range", prefix="90", length=5, check_kind="damm", first_serial=10, last_serial=20)
    code = rules.printed(pool, 15)
    assert rules.serial_of(pool, code) == 15
    assert rules.serial_of(pool, rules.printed(pool, 21)) is None
    assert rules.serial_of(pool, code[:-1] + str((int(code[-1]) + 1) % 10)) is None


async def codes_of(db: Database, pool: Pool, id: UUID, count: int, stop: int | None = None) -> list[str]:
    """An issue as its caller reads it, perhaps not to its end."""
    async with db.transaction() as tx:
        pool, issue = await issuing.begin_issue(tx, pool.id, id, count, by="test", now=NOW)
    codes: list[str] = []
    async for chunk in issuing.issued(db, KEYS, pool, issue):
        codes += chunk
        if stop is not None and len(codes) >= stop:
            break
    return codes


async def test_a_stream_that_broke_off_gives_the_same_codes_and_then_the_rest(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "CHUNK", 100)
    at = await desk(db)
    pool, id = await at.pool(), uuid4()
    begun = await codes_of(db, pool, id, 450, stop=200)
    whole = await codes_of(db, pool, id, 450)
    assert whole[:200] == begun
    assert await codes_of(db, pool, id, 450) == whole
    assert len(set(whole)) == 450
    assert [row["count"] for row in await at.rows("select count(*) from promotions_coupon")] == [450]
    (row,) = await at.rows("select code from promotions_coupon where serial = 0")
    assert row["code"] == KEYS.kept(whole[0], is_hashed=True) != whole[0].encode()
    with pytest.raises(IssueIdReused):
        await codes_of(db, pool, id, 451)


async def test_a_code_that_is_there_already_is_passed_over(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuing, "CHUNK", 50)
    at = await desk(db)
    pool, id = await at.pool(), uuid4()
    async with db.transaction() as tx:
        _, issue = await issuing.begin_issue(tx, pool.id, id, 120, by="test", now=NOW)
    taken = issuing.minted(KEYS, pool, issue, 60, 1)
    other = await at.pool("other", kind="partner")
    await at.does(lambda tx: operations.import_codes(tx, KEYS, other.id, taken))
    codes = await codes_of(db, pool, id, 120)
    assert len(codes) == 120
    assert taken[0] not in codes
    assert await codes_of(db, pool, id, 120) == codes


async def test_a_bundle_stands_for_one_of_each(db: Database) -> None:
    at = await desk(db)
    await at.pool("coffee")
    await at.pool("cake")
    bundle = await at.pool("both", kind="bundle", offer=None, bundle_of=("coffee", "cake"))
    (code,) = await codes_of(db, bundle, uuid4(), 1)
    rows = await at.rows(
        "select p.key, c.code from promotions_coupon c join promotions_coupon_pool p on p.number = c.pool order by 1"
    )
    hidden = [KEYS.kept(rules.member(code, place), is_hashed=True) for place in (0, 1)]
    assert [(row["key"], row["code"]) for row in rows] == [
        ("both", KEYS.kept(code, is_hashed=True)), ("cake", hidden[1]), ("coffee", hidden[0]),
    ]  # fmt: skip


BAD_POOLS = [
    ({"length": 3}, "length"),
    ({"prefix": "IL"}, "prefix"),
    ({"uses": None}, "uses"),
    ({"kind": "range", "first_serial": 5, "last_serial": 4, "length": 3}, "first_serial"),
    ({"kind": "range", "first_serial": 5, "last_serial": 40_000, "length": 3}, "length"),
    ({"kind": "shared"}, "word"),
    ({"kind": "bundle", "bundle_of": ("nobody",)}, "bundle_of"),
    ({"kind": "bundle", "offer": None}, "offer"),
]


@pytest.mark.parametrize(("given_", "field"), BAD_POOLS)
async def test_a_pool_that_could_not_work_is_refused(db: Database, given_: dict[str, object], field: str) -> None:
    at = await desk(db)
    with pytest.raises(PoolNonsense) as refused:
        await at.pool("bad", **given_)
    assert refused.value.facts["field"] == field
    assert await at.rows("select from promotions_coupon_pool") == []


async def test_codes_that_could_be_guessed_and_words_that_are_taken_are_refused(db: Database) -> None:
    at = await desk(db)
    pool = await at.pool("short", length=4)
    with pytest.raises(CodesTooFew):
        await codes_of(db, pool, uuid4(), 10)
    await at.pool("word", kind="shared", word="ЛЕТО")
    with pytest.raises(CodeTaken):
        await at.pool("same", kind="shared", word="лето")
    with pytest.raises(PoolKeyTaken):
        await at.pool("word", kind="shared", word="ОСЕНЬ")
    assert await at.rows("select from promotions_coupon_issue") == []


async def test_a_partners_list_is_taken_once(db: Database) -> None:
    at = await desk(db)
    pool = await at.pool("bank", kind="partner")
    lines = ["ab-12", "AB12", "cd34", ""]
    first = await at.does(lambda tx: operations.import_codes(tx, KEYS, pool.id, lines))
    again = await at.does(lambda tx: operations.import_codes(tx, KEYS, pool.id, lines))
    assert (first, again) == ({"added": 2, "known": 0}, {"added": 0, "known": 2})
