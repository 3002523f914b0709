"""What is printed and shown: in its columns, in both languages, with nothing by which a stranger finds somebody."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pos.chain import CAKE, COFFEE, Chain, Till, times
from tests.pos.test_gift_cards import paying, printed, selling
from vokrug.pos.printing import plain, row, wrap

PHONE = "+79035554477"
CARD = "2200770012345678"
LONG_TEXT = "Приходите в субботу: двойные баллы за всё, кроме табака и алкоголя! Высокопревосходительствующий выбор."
MESSAGES: list[dict[str, Any]] = [
    {"key": "hello", "place": "header", "with": "calculate", "ru": "Добрый день!", "en": "Good afternoon!"},
    {"key": "saturday", "place": "footer", "ru": LONG_TEXT, "en": "Come on Saturday: double points for everything."},
    {"key": "join", "place": "slip", "to": "strangers", "ru": "Станьте участником", "en": "Join us"},
    {"key": "gold", "place": "slip", "to": "members", "tiers": ["gold"], "ru": "Вы — золото", "en": "You are gold"},
    {"key": "ask", "place": "cashier", "with": "calculate", "ru": "Предложите пакет", "en": "Offer a bag"},
    {"key": "s2", "place": "header", "with": "calculate", "shops": ["S2"], "ru": "Невский", "en": "Nevsky"},
]


def violations(answer: Any, columns: int, secrets: list[str]) -> list[str]:
    """Lines that are too wide, empty, unprintable, or that say too much."""
    found = []
    for block in answer["receipt"]:
        most = 30 if block["place"] == "cashier" else columns
        for line in block["lines"]:
            digits = re.sub(r"\D", "", line)
            if len(line) > most or not line.strip() or not line.isprintable():
                found.append(f"{block['place']}: {line!r} is {len(line)} wide")
            if any(secret in line or (secret.isdigit() and secret in digits) for secret in secrets):
                found.append(f"{block['place']}: {line!r} says too much")
    return found


def said(answer: Any, place: str) -> str:
    return " ".join(line for block in answer["receipt"] if block["place"] == place for line in block["lines"])


@pytest.mark.parametrize("columns", [32, 42, 48])
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_no_line_is_too_wide_and_none_says_too_much(chain: Chain, columns: int, language: str) -> None:
    (await chain.staff.sends("/v1/receipt-messages", {"messages": MESSAGES}, "PUT")).done()
    till, secrets = chain.till(), [PHONE[2:], PHONE[-7:], CARD, CARD[:12]]
    called = "Константин-Мстислав" if language == "ru" else "Maximilian-Alexander"
    anna = await till.registers(called, phone=PHONE, language=language, card=CARD)
    found: list[str] = []
    for type, value in (("phone", PHONE), ("card", CARD)):
        body = {**till.place, "identifier": {"type": type, "value": value}, "columns": columns}
        answer = (await till.sends("/pos/v1/identify", body)).done()
        found += violations(answer, columns, secrets)
    (card,) = await printed(chain)
    secrets.append(card["number"])
    await till.sells(anna, selling(card, "500.00"))
    for lines, more in (
        ((CAKE, times(COFFEE, "3")), {"burn": "max", "columns": columns}),
        ((CAKE,), {"gift_cards": paying(card), "columns": columns}),
        ((times(CAKE, "30"),), {"burn": "max", "columns": columns}),
    ):
        quote, sale = await till.sells(anna, *lines, **more)
        found += violations(quote.answer, columns, secrets) + violations(sale, columns, secrets)
        back = {**till.returning(quote.check, _1="1"), "columns": columns}
        found += violations((await till.returns(back)).done(), columns, secrets)
    assert found == []
    widths = {
        len(line) for block in quote.answer["receipt"] if block["place"] == "after_items" for line in block["lines"]
    }
    assert widths == {columns}, "and the width is used"


async def test_messages_go_to_whom_they_are_for(chain: Chain, till: Till) -> None:
    (await chain.staff.sends("/v1/receipt-messages", {"messages": MESSAGES}, "PUT")).done()
    anna = await till.registers()
    quote, sale = await till.sells(None, CAKE)
    assert (said(quote.answer, "header"), said(quote.answer, "cashier")) == ("Добрый день!", "Предложите пакет")
    assert said(sale, "slip") == "Станьте участником"
    quote, sale = await till.sells(anna, times(CAKE, "30"))
    assert said(sale, "slip") == "", "silver when she came"
    _, sale = await till.sells(anna, COFFEE)
    assert said(sale, "slip") == "Вы — золото"
    there, _ = await chain.till("S2", "T1").sells(None, COFFEE)
    assert said(there.answer, "header") == "Добрый день! Невский"


async def test_a_repeated_call_says_what_it_said(chain: Chain, till: Till) -> None:
    (await chain.staff.sends("/v1/receipt-messages", {"messages": MESSAGES}, "PUT")).done()
    quote, sale = await till.sells(None, COFFEE)
    changed = [{**MESSAGES[1], "ru": "Совсем другое"}]
    version = (await chain.staff.sends("/v1/receipt-messages", {"messages": changed}, "PUT")).done()["version"]
    assert (await till.confirms(quote)).body == sale.body
    _, other = await till.sells(None, COFFEE)
    assert said(other, "footer").endswith("Совсем другое")
    again = await chain.staff.sends("/v1/receipt-messages", {"messages": changed}, "PUT")
    assert again["version"] == version, "nothing new"
    (await chain.staff.sends("/v1/receipt-messages", {"messages": []}, "PUT")).done()
    _, silent = await till.sells(None, COFFEE)
    assert silent["receipt"] == []


async def test_a_message_is_said_for_a_time(chain: Chain, till: Till) -> None:
    now = chain.services.clock.now()
    timed = {**MESSAGES[0], "until_at": now.replace(year=now.year + 1).isoformat()}
    (await chain.staff.sends("/v1/receipt-messages", {"messages": [timed]}, "PUT")).done()
    quote = await till.quotes(None, COFFEE)
    assert said(quote.answer, "header") == "Добрый день!"
    chain.passes(days=367)
    quote = await till.quotes(None, COFFEE)
    assert said(quote.answer, "header") == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"place": "cashier", "ru": "Предложите покупателю бонусную карту"},
        {"place": "header", "ru": "Скидка 🎉"},
        {"place": "header", "ru": "мяг\u00adкий"},
        {"place": "header", "ru": " "},
        {"place": "header", "tiers": ["gold"]},
        {"place": "window"},
    ],
)
async def test_what_cannot_be_printed_is_refused_when_declared(chain: Chain, wrong: dict[str, Any]) -> None:
    before = await chain.fingerprint()
    message = {"key": "x", "ru": "Здравствуйте", "en": "Hello", **wrong}
    assert (await chain.staff.sends("/v1/receipt-messages", {"messages": [message]}, "PUT")).status == 422
    twice = [MESSAGES[0], MESSAGES[0]]
    assert (await chain.staff.sends("/v1/receipt-messages", {"messages": twice}, "PUT")).status == 422
    assert await chain.fingerprint() == before


@given(st.text(max_size=200), st.sampled_from([20, 32, 42, 48]))
def test_rows_are_as_wide_as_they_may_be(text: str, columns: int) -> None:
    lines = wrap(plain(text), columns)
    assert all(0 < len(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == plain(text).replace(" ", "")
    assert plain(plain(text)) == plain(text)


@given(st.text(max_size=60), st.from_regex(r"[0-9]{1,12}\.[0-9]{2}", fullmatch=True), st.sampled_from([32, 42, 48]))
def test_a_number_on_a_row_is_whole(label: str, value: str, columns: int) -> None:
    line = row(label, value, columns)
    assert (len(line), line.endswith(value)) == (columns, True)
