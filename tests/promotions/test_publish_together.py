"""Many offers go live at once: all of them, or none."""

import pytest

from tests.promotions.test_offers import HALF_OFF, TEN_OFF, Marketing, marketing
from vokrug.kernel import new_id
from vokrug.promotions.errors import OfferNonsense, OfferNotReady, OfferUnknown
from vokrug.promotions.launch import api
from vokrug.promotions.launch.together import Published, PublishOffers

__all__ = ["marketing"]


async def publishes(marketing: Marketing, *ids: object) -> Published:
    return (await api.publish_offers(marketing.call(), PublishOffers(offers=ids))).body  # type: ignore[arg-type]


async def test_drafts_checked_and_resting_offers_run_by_one_call(marketing: Marketing) -> None:
    draft = (await marketing.writes("draft", TEN_OFF)).offer.id
    running = await marketing.launches("running", {**TEN_OFF, "goods": {"articles": [9]}})
    replaced = await marketing.launches("replaced", {**HALF_OFF, "goods": {"articles": [8]}})
    await marketing.rewords(replaced, {**TEN_OFF, "goods": {"articles": [8]}})
    done = await publishes(marketing, draft, running, replaced, draft)
    assert (done.published, done.running) == (2, 1)
    assert await marketing.state(draft) == ["published"]
    assert await marketing.state(replaced) == ["ended", "published"]
    assert await marketing.till_pays() == 900
    audit = (await marketing.publishes(draft)).audit
    assert [entry.action for entry in audit] == ["created", "checked", "published"]
    assert (await publishes(marketing, draft, replaced)).published == 0, "a repeat"


async def test_one_that_may_not_run_keeps_the_others_back(marketing: Marketing) -> None:
    good = (await marketing.writes("good", TEN_OFF)).offer.id
    ended = await marketing.launches("ended", {**TEN_OFF, "goods": {"articles": [9]}})
    from vokrug.promotions import api as offers_api

    await offers_api.end_offer(marketing.at(ended))
    nonsense = (await marketing.writes("nonsense", {**TEN_OFF, "where": {"shop_groups": ["nowhere"]}})).offer.id
    for bad, refusal in ((ended, OfferNotReady), (nonsense, OfferNonsense), (new_id(), OfferUnknown)):
        with pytest.raises(refusal):
            await publishes(marketing, good, bad)
    assert await marketing.state(good) == ["draft"]
    assert await marketing.till_pays() == 1000
