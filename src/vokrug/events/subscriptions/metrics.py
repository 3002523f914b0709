"""The lag of every subscription, for Prometheus: read from the database now and then, told at each scrape."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vokrug.events.subscriptions import store
from vokrug.events.subscriptions.types import SubscriptionLag
from vokrug.runtime.database import Tx


class LagMetrics(Collector):
    """Every process knows the lag of all subscriptions, so whichever answers a scrape tells it."""

    def __init__(self) -> None:
        self._lags: Sequence[SubscriptionLag] = ()
        self._read_at: datetime | None = None

    async def renew(self, tx: Tx, now: datetime) -> None:
        self._lags, self._read_at = await store.lag(tx), now

    def collect(self) -> Iterator[Metric]:
        behind = GaugeMetricFamily(
            "vokrug_subscription_behind", "Facts a subscription has not dealt with.", labels=["subscription"]
        )
        oldest = GaugeMetricFamily(
            "vokrug_subscription_oldest_seconds", "How old the oldest of them is.", labels=["subscription"]
        )
        stuck = GaugeMetricFamily(
            "vokrug_subscription_stuck", "Parked facts that wait for a person.", labels=["subscription"]
        )
        for lag in self._lags:
            assert self._read_at is not None, "a lag was read at some time"
            behind.add_metric([lag.name], lag.behind)
            oldest.add_metric([lag.name], lag.age_s(self._read_at))
            stuck.add_metric([lag.name], lag.stuck)
        yield from (behind, oldest, stuck)
