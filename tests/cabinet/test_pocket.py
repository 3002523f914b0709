"""What a person takes to the till: a card that a scanner reads, the way to the next tier, offers, gift cards."""

import re
from uuid import uuid4

import pytest

from tests.cabinet.visitor import Visitor
from tests.pos.chain import CAKE, Till, times
from vokrug import promotions
from vokrug.cabinet import drawing
from vokrug.cabinet.rules import progress
from vokrug.promotions import Done, Needs


async def test_the_card_is_read_by_the_till_and_lets_points_burn(anna: Visitor, till: Till) -> None:
    """The page shows a QR; what it says is who Anna is, for a minute and a half."""
    page = await anna.sees("/me/card")
    assert 'aria-label="QR-код для кассы"' in page
    assert "<svg" in page
    assert "style=" not in page, "the policy of the page allows none"
    assert "Номер карты" not in page, "she has no card of plastic"


async def test_a_card_of_plastic_is_shown_as_bars(anna: Visitor, till: Till) -> None:
    (row,) = await anna.chain.rows("select id from customers_customer")
    await anna.chain.staff.sends(f"/v1/customers/{row['id']}/identifiers", {"type": "card", "value": "2000000000015"})
    page = await anna.sees("/me/card")
    assert 'id="number">2000000000015<' in page
    assert "Штрихкод карты" in page


def test_bars_are_those_of_the_standard() -> None:
    """Code 128 of 13 digits: start, six pairs, a switch of the alphabet or a lone digit, a check sign, the stop."""
    drawn = drawing.bars("2000000000015")
    widths = [int(width) for width in re.findall(r'width="(\d)" height', drawn)]
    assert all(1 <= width <= 4 for width in widths)
    assert len(widths) % 3 == 1, "three bars a sign, and one more at the stop"


async def test_the_way_to_the_next_tier_is_a_picture(anna: Visitor, till: Till) -> None:
    """3 600.00 of 10 000.00 are spent: 36 per cent of the way to gold."""
    await till.sells(anna.shopper, times(CAKE, "10"))
    page = await anna.sees("/me")
    assert '<rect class="done" width="36"' in page
    assert "Серебро" in page
    assert "Золото" in page
    assert "осталось 6" in page


@pytest.mark.parametrize(
    ("needs", "done", "match", "share"),
    [
        (Needs(spend=1000), Done(spend=250), "all", 25),
        (Needs(spend=1000), Done(spend=2500), "all", 100),
        (Needs(spend=1000, visits=10), Done(spend=900, visits=1), "all", 10),
        (Needs(spend=1000, visits=10), Done(spend=900, visits=1), "any", 90),
        (Needs(spend=3), Done(spend=1), "all", 33),
        (Needs(), Done(), "all", 100),
    ],
)
def test_how_far_somebody_is(needs: Needs, done: Done, match: str, share: int) -> None:
    assert progress(needs, done, match) == share


async def test_an_offer_of_one_s_own_is_activated(anna: Visitor, till: Till) -> None:
    """It waits on the page, does nothing at the till until it is activated, and then takes half off."""
    body = {
        "kind": "item_discount",
        "goods": {"skus": ["cake"]},
        "benefit": {"kind": "percent", "percent_bp": 5000},
        "who": {"personal": True},
    }
    assert "личных предложений нет" in await anna.sees("/me/offers")
    await anna.chain.publishes("half-cake", body)
    (row,) = await anna.chain.rows("select id from customers_customer")
    given = f"customer,offer,needs_activation\n{row['id']},half-cake,true\n".encode()
    (await anna.chain.staff.sends(f"/v1/promotions/personal/{uuid4()}/import", given)).done()
    async with anna.chain.services.db.transaction(readonly=True) as tx:
        await anna.chain.services.get(promotions.LiveOffers).refresh(tx)
    assert "Включить" in await anna.sees("/me/offers")
    assert (await till.quotes(anna.shopper, CAKE)).to_pay == "360.00"
    assert (await anna.sends("/me/offers:activate", offer="half-cake")).status_code == 303
    assert "Включено" in await anna.sees("/me/offers")
    assert (await till.quotes(anna.shopper, CAKE)).to_pay == "200.00"
    assert (await anna.sends("/me/offers:activate", offer="nobody's")).status_code == 404


async def test_a_gift_card_says_what_it_has_to_whoever_knows_its_pin(anna: Visitor, till: Till) -> None:
    batch = {"id": str(uuid4()), "name": "Подарок", "count": 1}
    (card,) = (await anna.chain.staff.sends("/v1/gift-cards/batches", batch))["cards"]
    load = {**till.place, "request_id": str(uuid4()), "number": card["number"], "amount": "750.00"}
    (await till.sends("/pos/v1/gift-cards:activate", load)).done()
    known = await anna.sends("/me/gift-cards", number=card["number"], pin=card["pin"])
    assert "750,00 RUB" in known.text
    for number, pin in (
        (card["number"], "0000" if card["pin"] != "0000" else "1111"),
        ("123", ""),
        ("4111111111111111", "1"),
    ):
        wrong = await anna.sends("/me/gift-cards", number=number, pin=pin)
        assert "не подходят" in wrong.text
        assert "750" not in wrong.text
    (row,) = await anna.chain.rows("select pin_tries from ledger_gift_card")
    assert row["pin_tries"] >= 1, "a wrong PIN counts here as at a till"


async def test_strangers_are_led_to_the_door(anna: Visitor) -> None:
    stranger = anna.street.browser()
    for path in ("/me/card", "/me/offers", "/me/gift-cards"):
        assert (await stranger.opens(path)).status_code == 303


async def test_the_cabinet_may_be_kept_on_a_phone(anna: Visitor) -> None:
    """A manifest, and a worker that keeps nothing of the person."""
    stranger = anna.street.browser()
    manifest = await stranger.opens("/me/manifest.webmanifest")
    assert manifest.json()["start_url"] == "/me"
    worker = (await stranger.opens("/me/worker.js")).text
    assert '"/me/offline"' in worker
    assert "/me/card" not in worker
    assert (await stranger.opens("/me/offline")).status_code == 200
