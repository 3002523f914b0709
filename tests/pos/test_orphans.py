"""Returns whose sale does not come end up before somebody's eyes."""

from uuid import uuid4

import pytest

from tests.pos.chain import COFFEE, Chain, Till, times


async def waiting(chain: Chain, query: str = "") -> list[str]:
    answer = (await chain.staff.sends(f"/v1/returns/waiting{query}", None, method="GET")).done()
    assert answer["more"] is False
    return [each["return_uid"] for each in answer["returns"]]


async def test_a_return_without_its_sale_is_listed_after_a_month(chain: Chain, till: Till) -> None:
    """Before that it is merely late; when the sale comes after all, it is off the list."""
    check, return_id = uuid4(), uuid4()
    (await till.returns(till.returning(check, _1="1"), return_id)).done()
    assert await waiting(chain) == []
    assert await waiting(chain, "?days=0") == [str(return_id)]
    chain.passes(days=30)
    assert await waiting(chain) == [str(return_id)]
    assert await waiting(chain, "?shop=S1") == [str(return_id)]
    assert await waiting(chain, "?shop=S2") == []
    whole = {"rev": 1, **till.place, "check": till.check(None, times(COFFEE, "3"), hold=False)}
    (await till.commits(check, whole)).done()
    assert await waiting(chain, "?days=0") == []
    await chain.balances()


@pytest.mark.parametrize("days", ["-1", "3651", "soon"])
async def test_a_wait_out_of_reason_is_refused(chain: Chain, days: str) -> None:
    answer = await chain.staff.sends(f"/v1/returns/waiting?days={days}", None, method="GET")
    assert answer.status == 422


async def test_the_list_is_for_staff(till: Till) -> None:
    assert (await till.sends("/v1/returns/waiting", None, method="GET")).status == 403
