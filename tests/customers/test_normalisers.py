"""One writing for every value, and none for junk."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vokrug.customers.errors import IdentifierBlocked, IdentifierMalformed, PhoneMalformed
from vokrug.customers.normalisers import _any_phone, is_known, mask, normalise
from vokrug.customers.types import IdentifierType, Sensitivity
from vokrug.kernel import Refusal

PHONE = IdentifierType(id=1, code="phone", normaliser="phone:RU", blocked=frozenset({"+70000000000", "+79999999999"}))
CARD = IdentifierType(id=2, code="card", normaliser="digits:4-32")
EMAIL = IdentifierType(id=3, code="email", normaliser="email", blocked=frozenset({"test@test.ru"}))
PASSPORT = IdentifierType(id=5, code="passport", normaliser="document", sensitivity=Sensitivity.SECRET)
CRM = IdentifierType(id=100, code="ext:crm", normaliser="opaque")


@pytest.mark.parametrize(
    "written",
    [
        "+79161234567",
        "89161234567",
        "79161234567",
        "9161234567",
        "+7 (916) 123-45-67",
        "8 916 123 45 67",
        "8-916-123-45-67",
        "8.916.123.45.67",
        "  +7\u00a0916\u00a0123\u201145\u201167 ",
        "8(916)1234567",
        "tel:+7-916-123-45-67",
        "810 7 916 123 45 67",
        "＋７９１６１２３４５６７",
    ],
)
def test_a_russian_mobile_has_one_writing(written: str) -> None:
    assert normalise(PHONE, written) == "+79161234567"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("+7 495 123-45-67", "+74951234567"),
        ("8 (812) 312 00 00", "+78123120000"),
        ("+375 29 123-45-67", "+375291234567"),
        ("+7 701 123 4567", "+77011234567"),
        ("810 375 29 1234567", "+375291234567"),
        ("+1 650 253 0000", "+16502530000"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+998 90 123 45 67", "+998901234567"),
    ],
)
def test_other_places_have_theirs(written: str, expected: str) -> None:
    assert normalise(PHONE, written) == expected


@pytest.mark.parametrize(
    "junk",
    [
        "12345",
        "abc",
        "",
        "   ",
        "+7916123456",
        "+791612345678",
        "8 800 555 35 35",
        "+7 495 123-45-67 доб. 5",
        "9161234567, 9161234568",
        "+7916\x001234567",
        "9" * 400,
        "+999 123 456 789",
    ],
)
def test_junk_is_no_phone(junk: str) -> None:
    with pytest.raises(IdentifierMalformed):
        normalise(PHONE, junk)


@pytest.mark.parametrize("phone", ["+70000000000", "0000000000", "8 999 999-99-99", "null", "Anonymous", "0", "-"])
def test_a_stopgap_is_no_phone(phone: str) -> None:
    with pytest.raises(IdentifierBlocked):
        normalise(PHONE, phone)


@given(st.from_regex(r"\A9[0-9]{9}\Z"))
def test_the_fast_path_agrees_with_the_library(digits: str) -> None:
    assert _any_phone("8" + digits, "RU") == "+7" + digits


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Anna@Example.RU", "anna@example.ru"),
        (" anna.p+shop@example.ru ", "anna.p+shop@example.ru"),
        ("анна@почта.рф", "анна@xn--80a1acny.xn--p1ai"),
        ("АННА@ПОЧТА.РФ", "анна@xn--80a1acny.xn--p1ai"),
        ("anna@xn--80a1acny.xn--p1ai", "anna@xn--80a1acny.xn--p1ai"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@example.ru.", "anna@example.ru"),
    ],
)
def test_an_email_is_lower_case_with_an_ascii_domain(written: str, expected: str) -> None:
    assert normalise(EMAIL, written) == expected


@pytest.mark.parametrize(
    "junk",
    [
        "anna",
        "@example.ru",
        "anna@",
        "anna@localhost",
        "an na@example.ru",
        "a@b@example.ru",
        "anna@-.ru",
        ".a@b.ru",
    ],
)
def test_junk_is_no_email(junk: str) -> None:
    with pytest.raises(IdentifierMalformed):
        normalise(EMAIL, junk)


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        (CARD, "7700 0012 3456", "770000123456"),
        (CARD, "0007-1234", "00071234"),
        (PASSPORT, "45 08 № 123456", "4508123456"),
        (PASSPORT, "ab 1234567", "AB1234567"),
        (CRM, " Ab-12/z ", "Ab-12/z"),
    ],
)
def test_cards_documents_and_other_systems_ids(kind: IdentifierType, written: str, expected: str) -> None:
    assert normalise(kind, written) == expected


@pytest.mark.parametrize(
    ("kind", "junk"),
    [
        (CARD, "123"),
        (CARD, "12AB"),
        (CARD, "1" * 33),
        (CARD, "0000000"),
        (CARD, "7777777"),
        (PASSPORT, "ABCDEFG"),
        (PASSPORT, "12"),
        (CRM, "undefined"),
        (CRM, "a\nb"),
        (EMAIL, "Test@TEST.ru"),
    ],
)
def test_junk_and_stopgaps_of_other_types(kind: IdentifierType, junk: str) -> None:
    with pytest.raises((IdentifierMalformed, IdentifierBlocked)):
        normalise(kind, junk)


WRITINGS = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"\A[+]?[0-9 ()-]{5,20}\Z"),
    st.emails(),
    st.builds(lambda local, domain: f"{local}@{domain}.рф", st.text(min_size=1, max_size=8), st.text(max_size=8)),
)


@given(kind=st.sampled_from([PHONE, CARD, EMAIL, PASSPORT, CRM]), written=WRITINGS)
@example(kind=EMAIL, written="İ@example.ru")
@example(kind=PASSPORT, written="ßß1234")
def test_normalising_twice_is_normalising_once(kind: IdentifierType, written: str) -> None:
    try:
        once = normalise(kind, written)
    except Refusal:
        return
    assert normalise(kind, once) == once


def test_a_refusal_never_repeats_the_value() -> None:
    with pytest.raises(PhoneMalformed) as refusal:
        normalise(PHONE, "8916123456")
    read = refusal.value
    assert "916" not in f"{read} {read.facts} {read.cashier.say('ru', **read.facts)}"


@pytest.mark.parametrize(
    ("kind", "normalised", "expected"),
    [
        (PHONE, "+79161231234", "+7 ··· ··· 12 34"),
        (PHONE, "+375291234567", "+375 ··· ··· 45 67"),
        (EMAIL, "anna@example.ru", "a···@example.ru"),
        (EMAIL, "анна@xn--80a1acny.xn--p1ai", "а···@почта.рф"),
        (CARD, "770000123456", "···· 3456"),
        (CARD, "123456", "····"),
        (PASSPORT, "4508123456", "····"),
    ],
)
def test_a_mask_is_recognised_by_its_owner_only(kind: IdentifierType, normalised: str, expected: str) -> None:
    assert mask(kind, normalised) == expected


@pytest.mark.parametrize(
    ("normaliser", "known"),
    [
        ("phone:RU", True),
        ("phone:KZ", True),
        ("phone:XX", False),
        ("phone", False),
        ("email", True),
        ("email:RU", False),
        ("digits:4-8", True),
        ("digits:8-4", False),
        ("digits:0-4", False),
        ("digits", False),
        ("opaque", True),
        ("eval", False),
    ],
)
def test_a_type_names_a_normaliser_we_have(normaliser: str, known: bool) -> None:
    assert is_known(normaliser) is known
