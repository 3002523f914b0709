"""The answer to `calculate` is written as text: it reads back as what the schemas say, whatever the words are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from vokrug.pos import answers
from vokrug.pos.document import Document, Granted, Judged, PricedLine, Unit, micros
from vokrug.pos.reference import Reference
from vokrug.pos.schemas import Calculated
from vokrug.pos.store import QuoteRow
from vokrug.pos.types import Tier

NOW = datetime(2031, 5, 5, 9, 30, tzinfo=UTC)
CHECK = UUID("018f0000-0000-7000-8000-000000000001")
NASTY = ['"', "\\", '\\"},{"', "\n\t\x01", "Молоко «Простое»", "\U0001f95b", "</script>", ""]


def answer(word: str, language: str = "ru", **changed: object) -> Calculated:
    """The answer about a check in which every free word is this one."""
    line = PricedLine(
        1, word, None, 2_500, 40_00, 100_00, 70_00, 10_00, 20_00, 3_50,
        [(7, 2, "item", 5_00, word), (0, 0, "manual", 5_00, word)],
        [Unit(2, 1_000, 28_00, 0, 0, [1_40]), Unit(1, 500, 14_00, 0, 0, [70])],
        [(2_500, 28_00, 70_00)],
    )  # fmt: skip
    verdicts = [
        Judged(1, 1, "applied", 5_00, None, 0, 0),
        Judged(2, 1, "beaten", 0, 1, 0, 0),
        Judged(3, 4, "not_met", 0, None, 1_500, 0),
        Judged(4, 1, "not_met", 0, None, 0, 99_99),
        Judged(5, 1, "excluded", 0, 3, 0, 0),
    ]
    grants = [Granted(7, 2, 3_50, 70_00, word, micros(NOW), 0)]
    document = Document(
        1, micros(NOW), "pos", "RUB", language, CHECK, 100_00, 10_00, 10_00, 20_00, 70_00, 3_50, 50_00, [word], 1, 1,
        word, word, [line], grants, verdicts, 500_00, 5, micros(NOW) + 1,
    )  # fmt: skip
    document = msgspec.structs.replace(document, **changed)
    reference = Reference()
    reference.tiers = [Tier(word, word, word, 0), Tier("next", word, word, 1_000_00)]
    quote = QuoteRow(CHECK, 3, b"", 1, 1, 5, 77, NOW, b"")
    return msgspec.json.decode(answers.calculated(reference, quote, document), type=Calculated)


@pytest.mark.parametrize("word", NASTY)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_any_word_is_read_as_it_was(word: str, language: str) -> None:
    told = answer(word, language)
    assert (told.rules_version, told.optimality, told.burn.max_reasons) == (word, word, [word])
    assert [discount.funded_by for discount in told.lines[0].discounts] == [word, word]
    assert (told.tier.before, told.tier.after) == (word, word)
    assert word in told.tier.path_after


def test_every_number_is_where_it_belongs() -> None:
    told = answer("x", "en")
    assert (told.calc_id, told.valid_until) == (f"{CHECK}:3", NOW + timedelta(minutes=15))
    assert (told.totals.before, told.totals.discount, told.totals.points, told.totals.to_pay) == (
        "100.00", "10.00", "10.00", "70.00",
    )  # fmt: skip
    assert (told.burn.max, told.burn.applied) == ("50.00", "20.00")
    assert (told.earn.points, told.earn.active_from) == ("3.50", NOW)
    assert [(one.promo, one.points) for one in told.earn.by_rule] == [("7.v2", "3.50")]
    assert told.hold is not None
    assert (told.hold.id, told.hold.until) == ("77", NOW + timedelta(microseconds=1))
    [line] = told.lines
    assert (line.n, line.price_before, line.net, line.points_burn, line.earn) == (1, "100.00", "70.00", "20.00", "3.50")
    assert [(one.promo, one.layer, one.amount) for one in line.discounts] == [
        ("7.v2", "item", "5.00"), ("manual", "manual", "5.00"),
    ]  # fmt: skip
    assert [(unit.count, unit.net) for unit in line.units] == [(2, "28.00"), (1, "14.00")]
    assert [(row.qty, row.price, row.sum) for row in line.split] == [("2.500", "28.00", "70.00")]
    assert [(one.ref, one.status, one.amount, one.by, one.missing) for one in told.verdicts] == [
        ("1.v1", "applied", "5.00", None, None),
        ("2.v1", "beaten", "0.00", "1", None),
        ("3.v4", "not_met", "0.00", None, "1.500"),
        ("4.v1", "not_met", "0.00", None, "99.99"),
        ("5.v1", "excluded", "0.00", "3", None),
    ]
    assert [one.text for one in told.verdicts[2:4]] == ["Buy 1.5 more", "99.99 more is needed"]
    assert [block.place for block in told.receipt] == ["after_items", "cashier", "customer_display"]


def test_what_is_not_there_is_null() -> None:
    told = answer("x", customer_id=None, grants=[], verdicts=[], hold_until_us=0, discount_minor=0)
    assert (told.hold, told.earn.active_from, told.earn.by_rule, told.verdicts) == (None, None, [], [])
    assert (told.tier.before, told.tier.path_before, told.receipt) == (None, "", [])
