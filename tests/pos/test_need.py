"""What a till may want to know beside the balance: offers for this customer alone, and what to ask."""

from tests.pos.chain import Till


async def test_what_to_ask_is_told_to_who_needs_it(till: Till) -> None:
    consents = [{"purpose": "offers", "document_version": "2026-09", "given": False}]
    new, asked = await till.registers(), await till.registers(called="Борис", consents=consents)
    body = {**till.place, "identifier": {"type": "phone", "value": new.phone}}
    assert (await till.sends("/pos/v1/identify", body)).done()["ask"] == []
    answer = (await till.sends("/pos/v1/identify", {**body, "need": ["ask", "offers"]})).done()
    assert (answer["ask"], answer["offers"]) == (["consent", "birthday", "email"], [])
    body = {**till.place, "identifier": {"type": "phone", "value": asked.phone}, "need": ["ask"]}
    assert (await till.sends("/pos/v1/identify", body)).done()["ask"] == ["birthday", "email"], "a no is an answer"
    assert (await till.sends("/pos/v1/identify", {**body, "need": ["phone"]})).status == 422
