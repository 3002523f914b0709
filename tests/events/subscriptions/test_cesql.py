"""CloudEvents SQL 1.0: every operator, function, cast and error of the specification, in a table."""

import contextlib
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vokrug.events.subscriptions.cesql import ErrorKind, Expression, ParseError, compile
from vokrug.events.subscriptions.cesql.like import matcher

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "sale-17",
    "source": "/mall/tills/4",
    "type": "pos.sale_committed.v1",
    "subject": "Ольга",
    "hop": "5",
    "ttl": 10,
    "isnew": True,
}


def compiled(text: str) -> Expression:
    return compile(text, lambda name: lambda event: event.get(name))


def value_of(text: str) -> Any:
    return compiled(text).evaluate(EVENT)


VALUES: list[tuple[str, bool | int | str]] = [
    # literals
    ("TRUE", True),
    ("false", False),
    ("tRuE", True),
    ("0", 0),
    ("007", 7),
    ("+5", 5),
    ("-5", -5),
    ("2147483647", 2147483647),
    ("-2147483648", -2147483648),
    ("'text'", "text"),
    ('"text"', "text"),
    (r"'it\'s'", "it's"),
    (r'"say \"so\""', 'say "so"'),
    (r"'back\slash'", r"back\slash"),
    ("'Case Stays'", "Case Stays"),
    (" \t\r\n ( TRUE ) ", True),
    # attributes
    ("id", "sale-17"),
    ("ID", "sale-17"),
    ("ttl", 10),
    ("isnew", True),
    # unary operators
    ("NOT TRUE", False),
    ("NOT 'false'", True),
    ("NOT 0", True),
    ("NOT 10", False),
    ("NOT NOT TRUE", True),
    ("-hop", -5),
    ("--7", 7),
    ("-TRUE", -1),
    # arithmetic
    ("2 + 3", 5),
    ("2+3", 5),
    ("2 - 3", -1),
    ("2-3", -1),
    ("2 * 3", 6),
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 / -2", -3),
    ("7 % 3", 1),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("2 + 3 * 4", 14),
    ("(2 + 3) * 4", 20),
    ("20 - 5 - 5", 10),
    ("64 / 4 / 2", 8),
    ("'2' + TRUE", 3),
    # comparison
    ("2 = 2", True),
    ("2 != 2", False),
    ("2 <> 3", True),
    ("2 < 3", True),
    ("3 <= 3", True),
    ("2 > 3", False),
    ("3 >= 3", True),
    ("hop < ttl", True),
    ("TRUE = TRUE", True),
    ("TRUE != FALSE", True),
    ("'a' = 'a'", True),
    ("'a' = 'A'", False),
    ("TRUE = 'true'", True),
    ("TRUE = 'TRUE'", False),
    ("'TRUE' = TRUE", True),
    ("'5' = 5", True),
    ("5 = '5'", True),
    ("5 = '05'", False),
    ("'05' = 5", True),
    ("TRUE = 1", True),
    ("2 = TRUE", True),
    ("1 < 2 = TRUE", True),
    # logic
    ("TRUE AND TRUE", True),
    ("TRUE AND FALSE", False),
    ("FALSE OR TRUE", True),
    ("FALSE OR FALSE", False),
    ("TRUE XOR TRUE", False),
    ("TRUE XOR FALSE", True),
    ("1 AND 'true'", True),
    ("FALSE AND 1 / 0 = 1", False),
    ("TRUE OR 1 / 0 = 1", True),
    ("TRUE OR FALSE AND FALSE", False),  # equal operators go from left to right
    ("1 = 1 AND 2 = 2", True),
    # LIKE
    ("'abc' LIKE 'abc'", True),
    ("'abc' LIKE 'a_c'", True),
    ("'abc' LIKE 'a%'", True),
    ("'abc' LIKE '%c'", True),
    ("'abc' LIKE '%'", True),
    ("'' LIKE '%'", True),
    ("'' LIKE '_'", False),
    ("'abc' NOT LIKE '%b%'", False),
    ("'a' LIKE 'a%a'", False),
    ("'aXbXa' LIKE 'a%b%a'", True),
    (r"'100%' LIKE '100\%'", True),
    (r"'1000' LIKE '100\%'", False),
    (r"'a_b' LIKE 'a\_b'", True),
    (r"'axb' LIKE 'a\_b'", False),
    (r"'a\b' LIKE 'a\b'", True),
    ("'a.c' LIKE 'a.c'", True),
    ("'abc' LIKE 'a.c'", False),
    ("234 LIKE '2_4'", True),
    ("isnew LIKE 'tr%'", True),
    ("subject LIKE 'Ол__а'", True),
    # EXISTS
    ("EXISTS id", True),
    ("EXISTS Subject", True),
    ("EXISTS colour", False),
    ("NOT EXISTS colour", True),
    # IN
    ("id IN ('sale-16', 'sale-17')", True),
    ("id NOT IN ('sale-16', 'sale-17')", False),
    ("ttl IN ('10', 11)", True),
    ("'5' IN (4, 5)", True),
    ("'true' IN ('TRUE', TRUE)", True),
    ("'TRUE' IN (TRUE)", False),
    ("TRUE IN ('true', 0)", True),
    ("1 + 1 IN (2, 3)", 1),  # IN binds tighter than +: this is 1 + FALSE
    # casts
    ("INT('-12')", -12),
    ("INT('+12')", 12),
    ("INT('000000000000012')", 12),
    ("INT(TRUE)", 1),
    ("BOOL('False')", False),
    ("BOOL(-50)", True),
    ("BOOL(0)", False),
    ("STRING(-1)", "-1"),
    ("STRING(TRUE)", "true"),
    # functions
    ("LENGTH('')", 0),
    ("length(subject)", 5),
    ("LENGTH(TRUE)", 4),
    ("CONCAT()", ""),
    ("CONCAT('a', 1, TRUE)", "a1true"),
    ("CONCAT_WS('-')", ""),
    ("CONCAT_WS('-', 'a')", "a"),
    ("CONCAT_WS('-', 'a', 'b', 3)", "a-b-3"),
    ("LOWER('ЁЖ')", "ёж"),
    ("UPPER('ёж')", "ЁЖ"),
    ("TRIM('\u3000 \u00a0a b\t')", "a b"),
    ("TRIM('\x1ca')", "\x1ca"),
    ("LEFT('abc', 2)", "ab"),
    ("LEFT('abc', 0)", ""),
    ("LEFT('abc', 9)", "abc"),
    ("RIGHT('abc', 2)", "bc"),
    ("RIGHT('abc', 0)", ""),
    ("RIGHT('abc', 9)", "abc"),
    ("SUBSTRING('abcdef', 2)", "bcdef"),
    ("SUBSTRING('abcdef', 0)", ""),
    ("SUBSTRING('abcdef', 6)", "f"),
    ("SUBSTRING('abcdef', -6)", "abcdef"),
    ("SUBSTRING('abcdef', 2, 3)", "bcd"),
    ("SUBSTRING('abcdef', -3, 2)", "de"),
    ("SUBSTRING('abcdef', 5, 9)", "ef"),
    ("SUBSTRING('abcdef', 5, 0)", ""),
    ("ABS(-3)", 3),
    ("ABS('3')", 3),
    ("int(hop) < int(ttl) and int(hop) < 1000", True),
]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_an_expression_has_its_value_and_no_error(text: str, expected: bool | int | str) -> None:
    value, error = value_of(text)
    assert (value, type(value), error) == (expected, type(expected), None)


@pytest.mark.parametrize(
    ("text", "value", "error"),
    [
        ("5 / 0", 0, ErrorKind.MATH),
        ("5 % 0", 0, ErrorKind.MATH),
        ("2147483647 + 1", 0, ErrorKind.MATH),
        ("-2147483648 / -1", 0, ErrorKind.MATH),
        ("-(-2147483648)", 0, ErrorKind.MATH),
        ("ABS(-2147483648)", 2147483647, ErrorKind.MATH),
        ("INT('1.5')", 0, ErrorKind.CAST),
        ("INT('2147483648')", 0, ErrorKind.CAST),
        ("INT('')", 0, ErrorKind.CAST),
        ("INT('١')", 0, ErrorKind.CAST),
        ("BOOL('yes')", False, ErrorKind.CAST),
        ("NOT 'yes'", False, ErrorKind.CAST),
        ("'abc' + 1", 0, ErrorKind.CAST),
        ("'abc' = 1", False, ErrorKind.CAST),
        ("'abc' != 1", False, ErrorKind.CAST),
        ("'abc' < 1", False, ErrorKind.CAST),
        ("TRUE AND 'abc'", False, ErrorKind.CAST),
        ("1 IN ('1', 'x')", False, ErrorKind.CAST),
        ("colour", False, ErrorKind.MISSING_ATTRIBUTE),
        ("colour = 'red'", False, ErrorKind.MISSING_ATTRIBUTE),
        ("colour != 'red'", False, ErrorKind.MISSING_ATTRIBUTE),
        ("NOT colour", False, ErrorKind.MISSING_ATTRIBUTE),
        ("-colour", 0, ErrorKind.MISSING_ATTRIBUTE),
        ("1 / colour", 0, ErrorKind.MISSING_ATTRIBUTE),
        ("colour NOT LIKE 'r%'", False, ErrorKind.MISSING_ATTRIBUTE),
        ("colour IN ('red')", False, ErrorKind.MISSING_ATTRIBUTE),
        ("id NOT IN (colour)", False, ErrorKind.MISSING_ATTRIBUTE),
        ("LENGTH(colour)", 0, ErrorKind.MISSING_ATTRIBUTE),
        ("UPPER(colour)", "", ErrorKind.MISSING_ATTRIBUTE),
        ("TRUE AND colour = ''", False, ErrorKind.MISSING_ATTRIBUTE),
        ("FROBNICATE(1)", False, ErrorKind.MISSING_FUNCTION),
        ("LENGTH()", False, ErrorKind.MISSING_FUNCTION),
        ("LENGTH('a', 'b')", False, ErrorKind.MISSING_FUNCTION),
        ("CONCAT_WS()", False, ErrorKind.MISSING_FUNCTION),
        ("LEFT('abc', -1)", "abc", ErrorKind.FUNCTION_EVALUATION),
        ("RIGHT('abc', -1)", "abc", ErrorKind.FUNCTION_EVALUATION),
        ("SUBSTRING('abc', 4)", "", ErrorKind.FUNCTION_EVALUATION),
        ("SUBSTRING('abc', -4)", "", ErrorKind.FUNCTION_EVALUATION),
        ("SUBSTRING('abc', 1, -1)", "", ErrorKind.FUNCTION_EVALUATION),
        ("LENGTH(LEFT('abc', -1))", 0, ErrorKind.FUNCTION_EVALUATION),
    ],
)
def test_after_an_error_there_is_still_a_value(text: str, value: bool | int | str, error: ErrorKind) -> None:
    found = value_of(text)
    assert (found, type(found[0])) == ((value, error), type(value))
    assert not compiled(text).passes(EVENT), "and as a filter it lets nothing through"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 0),
        ("TRUE TRUE", 5),
        ("(TRUE", 5),
        ("ABC(", 4),
        ("ABC(1,)", 6),
        ("1 +", 3),
        ("id LIKE 5", 8),
        ("id LIKE other", 8),
        ("id IN ()", 7),
        ("id NOT 'a'", 7),
        ("'open", 0),
        ("id = 'a' 'b'", 9),
        ("id ; drop", 3),
        ("2147483648", 0),
        ("an_attribute = 1", 0),
        ("fn1(2)", 0),
        ("EXISTS 'id'", 7),
        ("NOT", 3),
        ("+id", 1),
        ("(" * 100 + "1" + ")" * 100, 64),
        ("1" + "+1" * 201, 401),
        ("1" + " " * 4096, 4096),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(text: str, at: int) -> None:
    with pytest.raises(ParseError) as refused:
        compiled(text)
    assert refused.value.at == at


@pytest.mark.parametrize(
    ("text", "passes"),
    [("TRUE", True), ("1", False), ("'true'", False), ("id", False), ("id = 'sale-17'", True), ("EXISTS id", True)],
)
def test_a_filter_passes_what_is_true_and_not_what_could_be_cast_to_it(text: str, passes: bool) -> None:
    assert compiled(text).passes(EVENT) is passes


def test_an_expression_names_the_attributes_that_it_reads() -> None:
    assert compiled("id = 'a' OR EXISTS Colour AND LENGTH(type) > 1").attributes == {"id", "colour", "type"}


PATTERN = st.text(alphabet="ab_%\\.", max_size=8)


@given(pattern=PATTERN, text=st.text(alphabet="ab_%\\.", max_size=10))
def test_like_is_what_a_regular_expression_would_say(pattern: str, text: str) -> None:
    parts = re.findall(r"\\[%_]|.", pattern, re.DOTALL)
    regex = "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
    assert matcher(pattern)(text) is (re.fullmatch(regex, text, re.DOTALL) is not None)


def test_no_pattern_takes_for_ever() -> None:
    assert not matcher("%a" * 2_000)("a" * 1_999)
    assert matcher("%a" * 2_000)("a" * 2_000)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
def test_a_quotient_and_its_remainder_make_the_number_again(number: int, by: int) -> None:
    quotient, error = value_of(f"{number} / {by}")
    remainder, _ = value_of(f"{number} % {by}")
    if error is None:
        assert quotient * by + remainder == number
        assert abs(remainder) < abs(by)


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    with contextlib.suppress(ParseError):
        compiled(text).evaluate(EVENT)
