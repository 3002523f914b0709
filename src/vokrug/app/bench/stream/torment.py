"""Events from many writers while everything is killed at random; then nothing may be lost, doubled or out of order."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from vokrug.app.bench.stream.site import Server, Site, a_folder
from vokrug.app.brokers import LocalKafka, LocalNats, kafka_missing, nats_missing

SETTLED_WITHIN_S = 600.0

# Per reader: what its effects lack of the business's own count, what is there twice, and what came too early.
VERDICT = """
    select (select coalesce(sum(k.number), 0) from bench_key k)
           - (select count(distinct (e.key, e.number)) from bench_effect e where e.reader = '{reader}'),
           (select count(*) - count(distinct (e.key, e.number)) from bench_effect e where e.reader = '{reader}'),
           (select count(*) from (select e.number - row_number() over (partition by e.key order by e.place) as off
                                    from bench_effect e where e.reader = '{reader}') o where off <> 0)
"""

LOG_VERDICT = """
    select (select coalesce(sum(number), 0) from bench_key) - (select count(*) from events_log),
           (select count(*) - count(distinct (partition, position)) from events_log),
           (select count(*) from (select convert_from(data, 'UTF8')::jsonb ->> 'number' as n,
                   row_number() over (partition by key order by position) as nth from events_log) o where n::int <> nth)
"""


class Torment(msgspec.Struct, frozen=True):
    """What came of it."""

    events: int
    acknowledged: int
    kills: dict[str, int]
    seconds: float
    verdicts: dict[str, dict[str, int]]  # of the log and of each reader: lost, doubled, order_breaks
    skipped: dict[str, str]  # brokers that could not be had, and why

    @property
    def is_whole(self) -> bool:
        return self.events >= self.acknowledged and not any(sum(one.values()) for one in self.verdicts.values())


def torment(
    events: int,
    *,
    writers: int = 8,
    per_commit: int = 10,
    brokers: tuple[str, ...] = ("kafka", "nats"),
    kill_every_s: float = 2.0,
    kills_most: int = 1_000,
    seed: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> Torment:
    servers, skipped = {}, {}
    with a_folder() as folder:
        for name in brokers:
            if reason := (kafka_missing() if name == "kafka" else nats_missing()):
                skipped[name] = reason
            else:
                servers[name] = _server(name, folder)
        site = Site(folder, servers)
        try:
            asyncio.run(site.open())
            _cast(site, folder, events, writers, per_commit)
            seconds = _run(site, random.Random(seed), kill_every_s, kills_most, say)
            return _judge(site, folder, seconds, skipped)
        finally:
            site.close()


def _server(name: str, folder: Path) -> Server:
    return LocalKafka(folder / name, is_synced=True) if name == "kafka" else LocalNats(folder / name)


def _cast(site: Site, folder: Path, events: int, writers: int, per_commit: int) -> None:
    for number in range(writers):
        share = events // writers + (number < events % writers)
        acks = str(folder / f"acks-{number}")
        site.add("writer", acks=acks, events=share, per_commit=per_commit, seed=number)
    site.add("log_reader")
    site.add("log_reader")
    for name in site.servers:
        site.add("relay", broker=name)
        site.add("relay", broker=name)
        site.add("broker_reader", broker=name)


def _run(site: Site, chance: random.Random, kill_every_s: float, kills_most: int, say: Callable[[str], None]) -> float:
    begun_s = time.monotonic()
    site.heal()
    kill_at_s = begun_s + kill_every_s
    while True:
        time.sleep(0.1)
        is_written = all(child.is_done for child in site.children if child.role.role == "writer")
        if is_written and _is_settled(site):
            return time.monotonic() - begun_s
        if time.monotonic() >= kill_at_s and sum(site.kills.values()) < kills_most and not is_written:
            site.kill_something(chance)
            site.heal()
            kill_at_s = time.monotonic() + chance.uniform(0.5, 1.5) * kill_every_s
            say(f"{time.monotonic() - begun_s:.0f} s: {sum(site.kills.values())} kills, {_progress(site)}")
        assert time.monotonic() - begun_s < SETTLED_WITHIN_S + kill_every_s * kills_most, "it never settled"


def _progress(site: Site) -> str:
    told, seen = site.row(
        "select (select coalesce(sum(number), 0) from bench_key), (select count(*) from bench_effect)"
    )
    return f"{told:,} told, {seen:,} effects"


def _is_settled(site: Site) -> bool:
    told, seen = site.row(
        "select (select coalesce(sum(number), 0) from bench_key), "
        "(select count(distinct (reader, key, number)) from bench_effect)"
    )
    return seen == told * (1 + len(site.servers))


def _judge(site: Site, folder: Path, seconds: float, skipped: dict[str, str]) -> Torment:
    acknowledged = sum(int(line) for path in folder.glob("acks-*") for line in path.read_text().split())
    (events,) = site.row("select sum(number)::bigint from bench_key")
    verdicts = {"log": site.row(LOG_VERDICT)}
    for reader in ("log", *site.servers):
        verdicts[f"effects of {reader}"] = site.row(VERDICT.format(reader=f"bench.{reader}"))
    names = ("lost", "doubled", "order_breaks")
    shown = {who: dict(zip(names, map(int, found), strict=True)) for who, found in verdicts.items()}
    return Torment(events, acknowledged, site.kills, round(seconds, 1), shown, skipped)
