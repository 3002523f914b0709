"""Tiers with windows, experiments, invitations and personal offers, through the doors that staff and tills use."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from tests.pos.chain import COFFEE, Chain, Shopper, Till
from tests.pos.test_limited import TEN_OFF, refresh
from vokrug import customers
from vokrug.pos.checkout import TOLD_ALONE
from vokrug.pos.jobs import reward_referrals
from vokrug.runtime.jobs import JobRun


async def ids(chain: Chain) -> list[str]:
    return [str(row["id"]) for row in await chain.rows("select id from customers_customer order by number")]


async def programme(chain: Chain, **given: Any) -> None:
    rungs = [
        {"code": "base", "name_ru": "Базовый", "name_en": "Base"},
        {"code": "gold", "name_ru": "Золото", "name_en": "Gold", "needs": {"spend": 300_00}},
    ]
    (await chain.staff.sends("/v1/promotions/tiers", {"tiers": rungs, **given}, "PUT")).done()
    await chain.checkout.reference.renew(chain.services.db, chain.services.clock.now())


async def test_a_year_of_spending_makes_gold_and_each_step_is_told(chain: Chain, till: Till, shopper: Shopper) -> None:
    await programme(chain, span="year", down="one_down", review="year")
    for _ in range(2):
        _, sale = await till.sells(shopper, {**COFFEE, "price": "120.00"})
    assert sale["tier"]["path_after"].startswith("До уровня «Золото» осталось 60 ₽ до 31.12")
    quote, sale = await till.sells(shopper, {**COFFEE, "price": "120.00"})
    assert (sale["tier"]["before"], sale["tier"]["after"]) == ("base", "gold")
    assert sale["tier"]["keep"] == "Уровень «Золото» сохраняется на следующий период"
    (id,) = await ids(chain)
    card = (await chain.staff.sends(f"/v1/customers/{id}/tier", None, "GET")).done()
    assert (card["tier"], [step["cause"] for step in card["history"]]) == ("gold", ["sale"])
    (await till.returns(till.returning(quote.check))).done()
    assert (await till.identifies(shopper)).done()["tier"]["code"] == "base", "only this sale had reached it"
    assert len(await chain.events("promotions.tier_changed.v1")) == 2


async def test_a_tier_given_by_hand_stays_until_its_day(chain: Chain, till: Till, shopper: Shopper) -> None:
    (id,) = await ids(chain)
    until = (chain.services.clock.now() + timedelta(days=3)).date().isoformat()
    path = f"/v1/customers/{id}/tier"
    assert (await chain.staff.sends(f"{path}:grant", {"tier": "platinum"})).code == (404, "tier_unknown")
    (await chain.staff.sends(f"{path}:grant", {"tier": "gold", "until": until})).done()
    assert (await till.identifies(shopper)).done()["tier"]["code"] == "gold"
    chain.passes(days=5)
    assert (await till.identifies(shopper)).done()["tier"]["code"] == "silver"
    (await chain.staff.sends(f"{path}:grant", {"tier": "gold"})).done()
    assert (await chain.staff.sends(f"{path}:revoke", None)).done()["tier"] == "silver"


async def test_a_personal_offer_waits_to_be_wanted_and_has_its_own_value(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    await chain.publishes("mine", TEN_OFF)
    (id,) = await ids(chain)
    file = f'{{"customer": "{id}", "offer": "mine", "value": 2500, "needs_activation": true}}\n'.encode()
    path = f"/v1/promotions/personal/{uuid4()}/import"
    assert (await chain.staff.sends(f"{path}?dry=true", file)).done()["taken"] == 1
    assert (await chain.staff.sends(path, file)).done()["taken"] == 1
    await refresh(chain)
    assert (await till.quotes(shopper, COFFEE)).to_pay == "90.00"
    mine = (await chain.staff.sends(f"/v1/customers/{id}/offers", None, "GET")).done()["offers"]
    assert [(one["offer"], one["value"], one["state"]) for one in mine] == [("mine", 2500, "new")]
    (await chain.staff.sends(f"/v1/customers/{id}/offers:activate", {"offer": "mine"})).done()
    assert (await till.quotes(shopper, COFFEE)).to_pay == "75.00"
    assert (await till.quotes(None, COFFEE)).to_pay == "90.00"


async def test_an_experiment_shares_customers_out_and_counts_their_margin(chain: Chain, till: Till) -> None:
    await chain.publishes("try", TEN_OFF)
    (row,) = await chain.rows("select number from promotions_offer where key = 'try'")
    variants = [{"key": "control", "weight": 1}, {"key": "ten", "weight": 1, "offers": [row["number"]]}]
    body = {"id": str(uuid4()), "key": "trial", "name": "Проба", "variants": variants}
    made = (await chain.staff.sends("/v1/promotions/experiments", body)).body
    await refresh(chain)
    chain.passes(seconds=1)
    paid = [(await till.sells(await till.registers(), COFFEE))[0].to_pay for _ in range(8)]
    assert set(paid) == {"90.00", "100.00"}
    assert (await till.quotes(None, COFFEE)).to_pay == "100.00", "a stranger is in no experiment"
    chain.passes(seconds=1)
    report = (await chain.staff.sends(f"/v1/experiments/{made['id']}/effect?cost_bp=6000", None, "GET")).done()
    arms = {arm["key"]: arm for arm in report["arms"]}
    assert sum(arm["customers"] for arm in arms.values()) == 8
    assert arms["control"]["mean_minor"] == 100_00 - 60_00 - 5_00, "goods cost 60, five points were given"
    assert arms["ten"]["mean_minor"] == 90_00 - 60_00 - 4_50
    (effect,) = report["effects"]
    assert effect["mean_minor"] == -9_50


async def test_both_sides_of_an_invitation_are_rewarded_after_the_return_window(chain: Chain, till: Till) -> None:
    terms = {"inviter_points": 300_00, "friend_points": 100_00, "wait_days": 14, "min_minor": 50_00}
    (await chain.staff.sends("/v1/promotions/referrals/programme", terms, "PUT")).done()
    anna, boris = await till.registers("Анна"), await till.registers("Борис")
    inviter, friend = await ids(chain)
    code = (await chain.staff.sends(f"/v1/customers/{inviter}/invite-code", None)).done()["code"]
    asked = {"id": str(uuid4()), "friend": friend, "code": code.lower(), "device": "phone-1"}
    assert (await chain.staff.sends("/v1/promotions/referrals", {**asked, "friend": inviter})).code[
        1
    ] == "referral_refused"
    (await chain.staff.sends("/v1/promotions/referrals", asked)).done()
    assert (await chain.staff.sends("/v1/promotions/referrals", asked)).done()["state"] == "invited"
    quote, _ = await till.sells(boris, COFFEE)
    await passes(chain, days=1)
    (await till.returns(till.returning(quote.check))).done()
    await passes(chain, days=20)
    assert await anna.points() == "0.00", "the purchase came back"
    boris = await again(till, boris)
    await till.sells(boris, COFFEE)
    await passes(chain, days=1)
    assert await anna.points() == "0.00", "the goods can still come back"
    await passes(chain, days=14)
    assert (await anna.points(), await boris.points()) == ("300.00", "105.00")
    await passes(chain, days=14)
    assert await anna.points() == "300.00"
    assert len(await chain.events("promotions.referral_rewarded.v1")) == 1
    await chain.balances()


async def again(till: Till, shopper: Shopper) -> Shopper:
    """A token lives half an hour."""
    return Shopper(till, shopper.phone, (await till.identifies(shopper)).done()["customer_token"])


async def passes(chain: Chain, **time: float) -> None:
    chain.passes(**time)
    await reward_referrals.handler(JobRun(chain.services, chain.services.clock.now(), 1, 1))


async def born(chain: Chain, till: Till, phone: str, month: int, day: int) -> Shopper:
    """Registered on the site, which asks for the birthday; then seen by the till."""
    told = {"request_id": str(uuid4()), "phone": phone, "called": "Анна", "birthday": {"month": month, "day": day}}
    assert (await chain.staff.sends("/v1/customers", told)).status == 201
    return await till.registers(phone=phone)


async def test_a_birthday_and_what_is_known_of_somebody_reach_the_till(chain: Chain, till: Till) -> None:
    """Born today, with a dog; a neighbour born on another day has neither discount. No offer asks, nothing is read."""
    today = chain.services.clock.now().astimezone(ZoneInfo("Europe/Moscow"))
    anna = await born(chain, till, "+79160000001", today.month, today.day)
    vera = await born(chain, till, "+79160000002", today.month, 1 + today.day % 28)
    assert (await till.quotes(anna, COFFEE)).to_pay == "100.00"
    tenth = {"kind": "percent", "percent_bp": 1000}
    window = {"kind": "birthday", "days_before": 0, "days_after": 0}
    await chain.publishes("birthday", {"kind": "discount", "benefit": tenth, "conditions": [window]})
    await refresh(chain)
    assert [(await till.quotes(who, COFFEE)).to_pay for who in (anna, vera, None)] == ["90.00", "100.00", "100.00"]

    schema = {"schema": {"type": "string"}, "words": {"en": "Pet", "ru": "Питомец"}}
    (await chain.staff.sends("/v1/attribute-types/pet", schema, "PUT")).done()
    (_, id) = await ids(chain)
    (await chain.staff.sends(f"/v1/customers/{id}/attributes", {"values": {"pet": "dog"}}, "PUT")).done()
    has_dog = {"kind": "attribute", "name": "pet", "any_of": ["dog"]}
    await chain.publishes("dogs", {"kind": "discount", "benefit": tenth, "conditions": [has_dog]})
    await refresh(chain)
    assert [(await till.quotes(who, COFFEE)).to_pay for who in (vera, None)] == ["90.00", "100.00"]


async def test_a_merged_shopper_is_one_at_the_till(chain: Chain, till: Till) -> None:
    """By either phone: the older one's points, and the birthday that only the younger one told."""
    today = chain.services.clock.now().astimezone(ZoneInfo("Europe/Moscow"))
    anna = await till.registers(phone="+79160000001")
    anya = await born(chain, till, "+79160000002", today.month, today.day)
    await till.sells(anna, COFFEE)
    one, other = await ids(chain)
    proposal = {"id": str(uuid4()), "one": one, "other": other}
    assert (await chain.staff.sends("/v1/customer-merges", proposal)).status == 201
    refused = await chain.staff.sends(f"/v1/customer-merges/{proposal['id']}:accept", None)
    assert refused.code == (403, "four_eyes_needed")
    async with chain.services.db.transaction() as tx:
        directory = chain.checkout.directory
        made = await customers.merge(
            tx, directory, UUID(one), UUID(other), source=customers.Source.STAFF, now=chain.services.clock.now()
        )
    window = {"kind": "birthday", "days_before": 0, "days_after": 0}
    benefit = {"kind": "percent", "percent_bp": 1000}
    await chain.publishes("birthday", {"kind": "discount", "benefit": benefit, "conditions": [window]})
    await refresh(chain)
    first, second = [(await till.identifies(who)).done() for who in (anna, anya)]
    assert first["balance"] == second["balance"]
    assert [(await till.quotes(who, COFFEE)).to_pay for who in (anna, anya)] == ["90.00", "90.00"]
    async with chain.services.db.transaction() as tx:
        await customers.unmerge(tx, made.merge_id, source=customers.Source.STAFF, now=chain.services.clock.now())
    first, second = [(await till.identifies(who)).done() for who in (anna, anya)]
    assert first["balance"] != second["balance"]
    assert [(await till.quotes(who, COFFEE)).to_pay for who in (anna, anya)] == ["100.00", "90.00"]


async def test_a_list_and_a_personal_offer_are_read_with_everything_else(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    """Somebody on a list does not slow the others down: nobody's check is told alone."""

    def told_alone() -> float:
        (metric,) = TOLD_ALONE.collect()
        return sum(sample.value for sample in metric.samples if sample.name.endswith("_total"))

    (id,) = await ids(chain)
    (await chain.staff.sends("/v1/promotions/lists/vip/import", f"customer\n{id}\n".encode())).done()
    await chain.publishes("vip", {**TEN_OFF, "who": {"segments": ["list:vip"]}})
    stranger = await till.registers()
    await refresh(chain)
    before = told_alone()
    quote, sale = await till.sells(shopper, COFFEE)
    assert quote.to_pay == "90.00"
    assert (await till.sells(stranger, COFFEE))[0].to_pay == "100.00"
    assert told_alone() == before
    assert sale["paid"] == "90.00"
    await chain.balances()
