"""No personal data in a log, whichever way it comes in."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from vokrug.runtime.logs import configure_logs
from vokrug.runtime.masking import mask

NASTY = [
    ("+79161234567", "9161234567"),
    ("8 (916) 123-45-67", "123-45"),
    ("phone=+7 916 123 45 67;", "916"),
    ("тел. 8-916-123-45-67, доб. 5", "123-45"),
    ("7 916 123–45–67", "123–45"),
    ("Key (phone)=(+79161234567) already exists", "9161234567"),
    ("phone:79161234567", "9161234567"),
    ("'79161234567'", "9161234567"),
    ("79161234567@example", "9161234567"),
    ("card 4111 1111 1111 1111 declined", "1111 1111"),
    ("card 4111-1111-1111-1111", "1111-1111"),
    ("pan=4111111111111111", "411111111111"),
    ("2026-11-23 4111111111111111", "411111111111"),
    ("anna.petrova+shop@example.co.uk wrote", "anna"),
    ("?email=anna%40example.com&x=1", "anna"),
    ("Authorization: Bearer abc.def-123", "abc.def"),
    ('"authorization": "Bearer abc.def-123"', "abc.def"),
    ("Authorization: VOKRUG-HMAC-SHA256 key=till-1, ts=1, signature=0a1b2c3d", "0a1b2c3d"),
    ("bearer till-1.vks_AbC-123_x", "AbC-123"),
    ("secret vks_AbC-123_x leaked", "AbC-123"),
    ("signature=0a1b2c3d4e5f", "0a1b2c"),
    ('{"password": "hunter 2", "a": 1}', "hunter"),
    ("{'api_key': 'k-123'}", "k-123"),
    ("client_secret=s3cr3t&grant=x", "s3cr3t"),
    ("pin: 4821", "4821"),
    ("Cookie: session=abcdef", "abcdef"),
    ("jwt eyJhbGciOi.eyJzdWIi.SflKxw here", "eyJzdWIi"),
    ("postgresql://vokrug:s3cr3t@db:5432/vokrug", "s3cr3t"),
]

PLAIN = [
    "sale 0190a1b2-1234-7890-9123-456789012345 committed in 12.5 ms",
    "2026-11-23T01:05:57.123456+00:00 started",
    "2026-11-23 01:05:57 on 127.0.0.1:8000, 300 shops, 900000 sales",
    "0042_before_keys.sql applied",
    "total_minor=14990 points=500",
]


@pytest.fixture
def page() -> Iterator[io.StringIO]:
    """What the process has logged, as JSON lines."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("json", stream=stream)
    yield stream
    root.handlers[:], root.level = kept


@pytest.mark.parametrize(("said", "hidden"), NASTY)
def test_what_is_personal_or_secret_is_masked(said: str, hidden: str) -> None:
    assert hidden in said
    assert hidden not in mask(said)


@pytest.mark.parametrize("said", PLAIN)
def test_what_is_plain_stays(said: str) -> None:
    assert mask(said) == said


@pytest.mark.parametrize(("said", "hidden"), NASTY)
def test_it_is_masked_in_every_part_of_a_record(page: io.StringIO, said: str, hidden: str) -> None:
    log = logging.getLogger("test")
    log.info(said)
    log.info("%s", said)
    log.info("extras", extra={"note": said, "deep": {"list": [said]}})
    try:
        raise ValueError(said)
    except ValueError:
        log.exception("a failure")
    assert hidden not in page.getvalue()
    assert len([json.loads(line) for line in page.getvalue().splitlines()]) == 4


def test_extras_are_hidden_by_their_names(page: io.StringIO) -> None:
    logging.getLogger("test").info(
        "seen", extra={"first_name": "Анна", "phone": 123, "big": 79161234567, "count": 3, "ref": "a-b"}
    )
    line = json.loads(page.getvalue())
    assert (line["first_name"], line["phone"], line["big"]) == ("•••", "•••", "•••67")
    assert (line["count"], line["ref"], line["level"]) == (3, "a-b", "info")


def test_a_row_that_postgresql_quotes_is_left_out(page: io.StringIO) -> None:
    said = "duplicate key\nDETAIL:  Key (name)=(Анна Петрова) already exists."
    try:
        raise RuntimeError(said)
    except RuntimeError:
        logging.getLogger("test").exception("a failure")
    assert "Петрова" not in page.getvalue()
    assert "duplicate key" in page.getvalue()


def test_a_mistake_in_a_log_call_costs_no_line(page: io.StringIO) -> None:
    logging.getLogger("test").info("%d sales", "many")
    assert json.loads(page.getvalue())["said"] == "%d sales"
