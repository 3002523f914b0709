"""The story of a matching: read, choose, clean, weigh, gather, score."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from vokrug.customers.matching import cleaning, columns, linkage, model, nicknames, reading
from vokrug.customers.matching.columns import Chosen
from vokrug.customers.matching.comparisons import LEVELS
from vokrug.customers.matching.reading import Unreadable, one, quoted
from vokrug.customers.matching.scoring import Score, pairs, score

Steps = Callable[[str], None]  # hears what begins


@dataclass(frozen=True)
class Proposal:
    """Two records that may be one person. Reasons by column: the level of likeness and its weight in bits."""

    a: int
    b: int
    probability: float
    weight: float
    reasons: dict[str, tuple[str, float]]

    def words(self, language: str) -> dict[str, str]:
        return {role: f"{LEVELS[label].say(language)} ({bits:+.1f})" for role, (label, bits) in self.reasons.items()}


@dataclass
class Found:
    """What a matching found: groups of rows, numbered from nought in the files' order."""

    connection: duckdb.DuckDBPyConnection
    chosen: Chosen
    records: int
    groups: list[list[int]]
    ladders: dict[str, dict[int, tuple[str, float]]]
    keys: list[tuple[str, ...]]
    seconds: float
    score: Score | None
    compared: int = field(default=0)

    @property
    def pairs(self) -> int:
        """Of records that are one person."""
        return sum(pairs(len(group)) for group in self.groups)

    def proposals(self) -> Iterator[Proposal]:
        """Pairs inside the groups that were compared, surest first."""
        roles = list(self.ladders)
        steps = ", ".join(f"w.{role}" for role in roles)
        rows = self.connection.cursor().execute(
            f"select w.a, w.b, w.probability, w.weight, {steps} from weighed w "  # noqa: S608
            "join grouped x on x.record = w.a join grouped y on y.record = w.b and y.person = x.person "
            "order by w.weight desc, w.a, w.b"
        )
        while some := rows.fetchmany(10_000):
            for a, b, probability, weight, *reached in some:
                reasons = {
                    role: self.ladders[role][step] for role, step in zip(roles, reached, strict=True) if step >= 0
                }
                yield Proposal(a, b, probability, weight, reasons)


def match(
    files: Sequence[Path], *, truth: str | None = None, ignore: Sequence[str] = (), said: Steps = lambda step: None
) -> Found:
    """Match the records of these files among themselves. Raises Unreadable."""
    began = time.perf_counter()
    connection = duckdb.connect()
    said("reading")
    records = reading.read(connection, files)
    contents = reading.contents(connection)
    for name in (*([truth] if truth else ()), *ignore):
        if name not in contents:
            raise Unreadable(f"There is no column {name}; there are: {', '.join(contents)}.")
    chosen = columns.choose(contents, truth=truth, ignore=ignore)
    if records < 2 or not chosen.columns:
        raise Unreadable("There is nothing to compare: no two records, or no column that we know.")
    prepare(connection, chosen)
    try:
        learned = model.weigh(connection, chosen.roles, said)
    except model.TooLittle as error:
        raise Unreadable("Too many records share every value: nothing tells one from another.") from error
    said("gathering people")
    edges = connection.execute("select a, b, weight from weighed order by a, b").fetchall()
    compared = len(edges)
    groups = sorted(linkage.people(edges))
    remember(connection, groups)
    scored = None
    if truth is not None:
        said("scoring")
        person = reading.person_of(connection, truth)
        whose = connection.execute(
            f"select matching_row, {person} from raw where {quoted(truth)} is not null"  # noqa: S608
        ).fetchall()
        scored = score(groups, dict(whose))
    seconds = time.perf_counter() - began
    return Found(connection, chosen, records, groups, learned.ladders, learned.keys, seconds, scored, compared)


def prepare(connection: duckdb.DuckDBPyConnection, chosen: Chosen) -> None:
    """The table `people`: a column for each role in its form, and the further forms of names."""
    nicknames.load(connection)
    first = ", ".join(f"{cleaning.form_of(c.role, quoted(c.name))} as {c.role}" for c in chosen.columns)
    further = [
        f"{form(role)} as {role}_{suffix}" for role in chosen.roles for suffix, form in cleaning.EXTRA.get(role, ())
    ]
    names, joined = "", ""
    if "given" in chosen.roles:
        names = f", {cleaning.full_names('given')} as given_full"
        joined = f"left join {nicknames.FULL_NAMES} on {nicknames.FULL_NAMES}.short = given"
    more = "".join(f", {form}" for form in further)
    connection.execute(
        f"create table people as select formed.*{more}{names} from "  # noqa: S608
        f"(select matching_row as unique_id, {first} from raw) as formed {joined}"
    )
    if not one(connection, "select count(*) from people"):
        raise Unreadable("There are no records.")


def remember(connection: duckdb.DuckDBPyConnection, groups: list[list[int]]) -> None:
    """Who is whom, for the proposals."""
    connection.execute("create table grouped (record bigint, person bigint)")
    rows = [(record, person) for person, group in enumerate(groups) for record in group]
    if rows:
        connection.execute(
            "insert into grouped select unnest(?::bigint[]), unnest(?::bigint[])",
            [[record for record, _ in rows], [person for _, person in rows]],
        )
