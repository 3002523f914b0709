"""A till loses its line: it prices by what it took along, and its queue is posted when the line is back."""

import hashlib
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from tests.pos.chain import CAKE, CHEESE, COFFEE, Chain, Shopper, Till, fiscal, times
from vokrug.pos.offline.bundle import Bundle, BundleRefused, verify_taken
from vokrug.pos.offline.ed25519 import verify
from vokrug.pos.offline.sealing import Seals
from vokrug.pos.schemas import Calculate

PUBLISHED = "/v1/promotions"


async def downloads(till: Till, since: int = 0) -> tuple[bytes, str]:
    """A bundle as it came, and its signature."""
    path = f"/pos/v1/bundle?shop={till.shop}&till={till.code}&since={since}"
    given = {"authorization": f"Bearer {till.key.token}", "accept-encoding": "gzip"}
    answer = await till.http.get(path, headers=given)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-encoding"] == "gzip"
    return answer.content, answer.headers["bundle-signature"]


async def key_of(till: Till) -> bytes:
    answer = (await till.sends("/pos/v1/bundle-key", None, "GET")).done()
    return urlsafe_b64decode(answer["x"] + "=")


async def taken_along(till: Till) -> Bundle:
    body, signature = await downloads(till)
    return Bundle(verify_taken(body, signature, await key_of(till), verify))


class Offline:
    """A till without a line: prices by its bundle, prints, and keeps a queue."""

    def __init__(self, till: Till, bundle: Bundle, now: Any, counted: int = 0) -> None:
        self.till, self.bundle, self.now, self.counted = till, bundle, now, counted
        self.queue: list[dict[str, Any]] = []
        self.prev: str | None = None

    def sells(
        self,
        shopper: Shopper | None,
        *lines: dict[str, Any],
        check: UUID | None = None,
        allowance: int = 0,
        offline_pass: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        now = self.now()
        asked = self.till.check(None, *lines, hold=False, at=now.isoformat(), **more)
        if shopper is not None:
            asked["identifier"] = {"type": "phone", "value": shopper.phone}
        priced = self.bundle.price(msgspec.convert(asked, Calculate), now, allowance_minor=allowance)
        commit = {
            **self.till.place,
            "rev": 1,
            "check": asked,
            "bundle": priced.bundle,
            "claimed": {
                "to_pay": priced.to_pay,
                "points": priced.points,
                "lines": [{"n": line.n, "sum": line.net} for line in priced.lines],
            },
            "fiscal": fiscal(),
        }
        if offline_pass is not None:
            commit["offline_pass"] = offline_pass
        return self.queues({"kind": "sale", "uid": str(check or uuid4()), "commit": commit})

    def returns(self, check: UUID, return_id: UUID | None = None, **lines: str | None) -> dict[str, Any]:
        goods = {**self.till.returning(check, **lines), "at": self.now().isoformat()}
        return self.queues({"kind": "return", "uid": str(return_id or uuid4()), "goods": goods})

    def queues(self, document: dict[str, Any]) -> dict[str, Any]:
        seq = self.counted + len(self.queue) + 1
        document |= {"seq": seq} | ({} if self.prev is None else {"prev": self.prev})
        text = f"{self.prev or ''}\n{seq}\n{document['uid']}\n{document['kind']}"
        self.prev = hashlib.sha256(text.encode()).hexdigest()
        self.queue.append(document)
        return document

    async def replays(self, *documents: dict[str, Any]) -> Any:
        body = {**self.till.place, "documents": list(documents) or self.queue}
        return (await self.till.sends("/pos/v1/replay", body)).done().body


@pytest.fixture
async def offline(chain: Chain, till: Till) -> Offline:
    return Offline(till, await taken_along(till), chain.services.clock.now)


async def test_a_bundle_prices_as_the_centre_does(chain: Chain, till: Till, shopper: Shopper, offline: Offline) -> None:
    for lines in [(COFFEE,), (times(CAKE, "3"), COFFEE), (CHEESE, times({**COFFEE, "price": "33.33"}, "7"))]:
        online = (await till.quotes(shopper, *lines, hold=False)).answer
        here = offline.sells(shopper, *lines)["commit"]["claimed"]
        assert here["to_pay"] == online["totals"]["to_pay"]
        assert [line["sum"] for line in here["lines"]] == [line["net"] for line in online["lines"]]


async def test_a_bundle_that_was_touched_is_refused(till: Till) -> None:
    body, signature = await downloads(till)
    key = await key_of(till)
    with pytest.raises(BundleRefused):
        verify_taken(body.replace(b'"version":1', b'"version":2'), signature, key, verify)
    with pytest.raises(BundleRefused):
        verify_taken(body, signature, Seals(b"another installation").public_key, verify)


async def test_a_delta_is_what_the_till_lacks(chain: Chain, till: Till) -> None:
    bundle = await taken_along(till)
    first = bundle.taken
    await chain.publishes(
        "teas", {"kind": "item_discount", "goods": {"skus": ["tea"]}, "benefit": {"kind": "percent", "percent_bp": 500}}
    )
    offers = await chain.rows("select id from promotions_offer where key = 'cakes'")
    (await chain.staff.sends(f"{PUBLISHED}/{offers[0]['id']}:end", {})).done()
    catalogue = {"articles": [{"sku": "tea", "name": "Чай"}]}
    (await chain.staff.sends("/v1/catalogue", catalogue, "PUT")).done()
    body, signature = await downloads(till, first.version)
    delta = verify_taken(body, signature, await key_of(till), verify)
    assert ([offer.key for offer in delta.offers], len(delta.offers_gone)) == (["teas"], 1)
    assert [article.sku for article in delta.articles] == ["tea"]
    bundle.follow(delta)
    whole = (await taken_along(till)).taken
    assert bundle.taken.offers == whole.offers
    assert bundle.taken.articles == sorted(whole.articles, key=lambda one: one.sku)
    with pytest.raises(BundleRefused):
        bundle.follow(delta)
    assert bundle.taken.version == whole.version, "a delta of something else changes nothing"


async def test_offers_that_need_the_centre_stay_there(chain: Chain, till: Till) -> None:
    percent = {"kind": "percent", "percent_bp": 1000}
    kept: dict[str, dict[str, Any]] = {
        "of-a-tier": {"who": {"tiers": ["gold"]}},
        "with-a-code": {"code": "HELLO"},
        "limited": {"limits": [{"subject": "customer", "period": "day", "measure": "uses", "most": 1}]},
        "nth-visit": {"conditions": [{"kind": "visit", "every": 3}]},
    }
    for key, body in kept.items():
        await chain.publishes(key, {"kind": "item_discount", "benefit": percent, **body})
    await chain.publishes("of-members", {"kind": "item_discount", "benefit": percent, "who": {"members_only": True}})
    offers = {offer.key for offer in (await taken_along(till)).taken.offers}
    assert offers == {"cakes", "half", "points", "of-members"}


async def test_a_queue_is_judged_by_the_rules_it_was_printed_by(
    chain: Chain, shopper: Shopper, offline: Offline
) -> None:
    """Cakes stop being cheaper before the line is back; the receipt is right all the same, and earns its points."""
    offline.sells(shopper, times(CAKE, "2"), COFFEE)
    offers = await chain.rows("select id from promotions_offer where key = 'cakes'")
    (await chain.staff.sends(f"{PUBLISHED}/{offers[0]['id']}:end", {})).done()
    chain.passes(hours=5)
    told = await offline.replays()
    assert told["documents"][0] | {"uid": ""} == {
        "seq": 1,
        "uid": "",
        "status": "posted",
        "is_repeat": False,
        "code": None,
        "text": "",
        "deviation": "0.00",
        "earned": "41.00",
    }
    assert await shopper.points() == "41.00"
    assert await chain.events("pos.deviation_raised.v1") == []
    await chain.balances()


async def test_a_till_that_printed_by_itself_is_recorded_with_its_deviation(chain: Chain, offline: Offline) -> None:
    document = offline.sells(None, times(CAKE, "2"))
    document["commit"]["claimed"] = {"to_pay": "700.00"}
    told = await offline.replays()
    assert (told["documents"][0]["status"], told["documents"][0]["deviation"]) == ("late", "20.00")
    await chain.balances()


async def test_a_queue_sent_again_changes_nothing(chain: Chain, shopper: Shopper, offline: Offline) -> None:
    check = uuid4()
    offline.sells(shopper, times(CAKE, "3"), COFFEE, check=check)
    offline.returns(check, _1="1")
    offline.queues({"kind": "cancel", "uid": str(uuid4())})
    first = await offline.replays()
    assert [one["status"] for one in first["documents"]] == ["posted", "posted", "cancelled"]
    before = await chain.fingerprint()
    again = await offline.replays()
    assert [one["status"] for one in again["documents"]] == ["posted", "posted", "cancelled"]
    assert all(one["is_repeat"] for one in again["documents"])
    assert await chain.fingerprint() == before
    assert (again["whole_to"], again["gaps"], again["broken_at"]) == (3, [], [])


async def test_what_is_missing_of_a_queue_is_told(chain: Chain, shopper: Shopper, offline: Offline) -> None:
    check = uuid4()
    for _ in range(2):
        offline.sells(shopper, COFFEE)
    sale = offline.sells(shopper, CAKE, check=check)
    back = offline.returns(check)
    told = await offline.replays(offline.queue[0], back)
    assert told["documents"][1]["status"] == "parked", "its sale is still in the queue"
    assert (told["whole_to"], told["gaps"]) == (1, [{"first": 2, "last": 3}])
    gaps = (await chain.staff.sends("/v1/replays/gaps", None, "GET")).done()
    assert gaps["tills"] == [
        {"shop": "S1", "till": "T1", "whole_to": 1, "highest": 4, "gaps": [{"first": 2, "last": 3}]}
    ]
    told = await offline.replays(sale, offline.queue[1])
    assert (told["whole_to"], told["gaps"]) == (4, [])
    assert (await chain.staff.sends("/v1/replays/gaps", None, "GET")).done()["tills"] == []
    assert await shopper.points() == "10.00", "two coffees; the cake came back"
    await chain.balances()


async def test_a_queue_with_a_page_replaced_is_noticed(offline: Offline) -> None:
    for _ in range(3):
        offline.sells(None, COFFEE)
    offline.queue[1]["uid"] = str(uuid4())
    told = await offline.replays()
    assert told["broken_at"] == [3], "it follows another document than the one that came"
    reused = {**offline.queue[0], "uid": str(uuid4())}
    told = await offline.replays(reused)
    assert (told["documents"][0]["status"], told["documents"][0]["code"]) == ("refused", "sequence_reused")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"fiscal": None}, "sale_not_printed"),
    ({"check": None}, "sale_not_printed"),
    ({"till": "T2"}, "check_malformed"),
    ({"claimed": {"to_pay": "1.00", "points": "0.00", "lines": [{"n": 1, "sum": "-1.00"}]}}, "amount_malformed"),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
async def test_a_document_that_makes_no_sense_stands_on_a_list(
    chain: Chain, offline: Offline, change: dict[str, Any], code: str
) -> None:
    """It stands in nobody's way, and moves nothing."""
    wrong = offline.sells(None, COFFEE)
    wrong["commit"] = {key: value for key, value in (wrong["commit"] | change).items() if value is not None}
    good = offline.sells(None, COFFEE)
    told = await offline.replays()
    assert [one["status"] for one in told["documents"]] == ["refused", "posted"]
    assert told["documents"][0]["code"] == code
    assert told["documents"][0]["text"]
    listed = (await chain.staff.sends("/v1/replays/refused?shop=S1", None, "GET")).done()["documents"]
    assert [(one["seq"], one["code"]) for one in listed] == [(1, code)]
    assert await chain.rows("select check_id from pos_sale") == [{"check_id": UUID(good["uid"])}]
    await chain.balances()


async def test_a_refused_document_may_be_mended(chain: Chain, offline: Offline) -> None:
    wrong = offline.sells(None, COFFEE)
    sign = wrong["commit"].pop("fiscal")
    await offline.replays()
    wrong["commit"]["fiscal"] = sign
    assert (await offline.replays())["documents"][0]["status"] == "posted"
    listed = (await chain.staff.sends("/v1/replays/refused", None, "GET")).done()["documents"]
    assert listed == []


async def test_another_tills_queue_is_not_taken(chain: Chain, offline: Offline) -> None:
    offline.sells(None, COFFEE)
    before = await chain.fingerprint()
    answer = await chain.till("S2", "T1").sends("/pos/v1/replay", {**offline.till.place, "documents": offline.queue})
    assert answer.code == (403, "foreign_shop")
    assert await chain.fingerprint() == before


async def rich(chain: Chain, till: Till, shopper: Shopper, allowance: int) -> Any:
    """A shopper with 54 points, and what an identification allows to be taken on trust."""
    chain.checkout.seals.allowance_minor = allowance
    await till.sells(shopper, times(CAKE, "3"))
    return (await till.identifies(shopper)).done()["offline_pass"]


async def test_points_may_be_taken_as_far_as_the_pass_allows(
    chain: Chain, till: Till, shopper: Shopper, offline: Offline
) -> None:
    given = await rich(chain, till, shopper, 20_00)
    assert given["points"] == "20.00"
    sale = offline.sells(shopper, COFFEE, burn="15.00", allowance=20_00, offline_pass=given["token"])
    assert sale["commit"]["claimed"]["points"] == "15.00"
    assert (await offline.replays())["documents"][0]["status"] == "posted"
    assert await shopper.points() == "43.25", "54 less 15, and 4.25 for the 85 paid"
    assert await chain.events("pos.deviation_raised.v1") == []
    more = offline.sells(shopper, COFFEE, burn="15.00", allowance=20_00, offline_pass=given["token"])
    assert (await offline.replays(more))["documents"][0]["status"] == "late"
    assert await chain.rows("select kind from pos_deviation") == [{"kind": "allowance"}]
    assert await shopper.points() == "32.50", "what is printed is posted; the shop has to explain it"
    await chain.balances()


@pytest.mark.parametrize("token", [None, "made-up"])
async def test_points_without_a_pass_are_recorded_and_told(
    chain: Chain, till: Till, shopper: Shopper, offline: Offline, token: str | None
) -> None:
    await rich(chain, till, shopper, 0)
    offline.sells(shopper, COFFEE, burn="15.00", allowance=20_00, offline_pass=token)
    assert (await offline.replays())["documents"][0]["status"] == "late"
    assert await chain.rows("select kind from pos_deviation") == [{"kind": "price"}]
    await chain.balances()


async def test_points_taken_on_trust_need_no_other_word(
    chain: Chain, till: Till, shopper: Shopper, offline: Offline
) -> None:
    """Without a line there was nobody to send a code: the pass is the word, and its allowance judges."""
    policy = {"burn_proof": {"needed_from": "10.00", "methods": ["sms"]}}
    (await chain.staff.sends("/v1/till-policy", policy, "PUT")).done()
    given = await rich(chain, till, shopper, 20_00)
    offline.sells(shopper, COFFEE, burn="15.00", allowance=20_00, offline_pass=given["token"])
    assert (await offline.replays())["documents"][0]["status"] == "posted"
    assert await chain.rows("select kind from pos_deviation") == []
    await chain.balances()


async def test_a_queue_takes_nothing_back_without_a_receipt(chain: Chain, offline: Offline) -> None:
    """Nobody is there to answer for it."""
    (await chain.staff.sends("/v1/till-policy", {"without_receipt": {}}, "PUT")).done()
    goods = {
        **offline.till.place,
        "original": {"none": True},
        "lines": [{"sku": "coffee", "qty": "1"}],
        "supervisor": "card-778899",
        "reason": "lost",
    }
    offline.queues({"kind": "return", "uid": str(uuid4()), "goods": goods})
    (document,) = (await offline.replays())["documents"]
    assert (document["status"], document["code"]) == ("refused", "receipt_wanted")
    assert await chain.rows("select 1 from pos_return") == []


async def test_nothing_is_allowed_unless_the_chain_says_so(chain: Chain, till: Till, shopper: Shopper) -> None:
    assert await rich(chain, till, shopper, 0) is None


async def test_a_pass_is_of_one_installation() -> None:
    seals, others = Seals(b"one", 10_00), Seals(b"two", 10_00)
    made = seals.make_pass(7, 5_00, datetime(2031, 1, 1, tzinfo=UTC))
    assert made is not None
    token, given = made
    assert (given.customer_number, given.allowed_minor) == (7, 5_00), "no more than there is"
    assert seals.read_pass(token) == given
    assert others.read_pass(token) is None
    assert seals.read_pass(token[:-2]) is None
