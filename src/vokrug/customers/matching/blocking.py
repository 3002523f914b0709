"""Which pairs are looked at: those that share one of a few keys, chosen so that nobody is compared with everybody.

Keys are tried from coarse to fine, alone and two or three together. One is taken if it makes no more pairs than
the table can afford, and then its finer relatives have nothing to add.
"""

from itertools import combinations

import duckdb

from vokrug.customers.matching.reading import one

PER_RECORD = 40  # comparisons a record, at most, that one key may bring; of a small table
TOTAL = 30_000_000  # comparisons in all: two cores weigh them in two minutes
SAMPLE = 150_000  # larger tables are counted by a sample: pairs grow with its square

KEYS: dict[str, tuple[str, ...]] = {  # finest first
    "birthday": ("birthday", "left(birthday, 4)"),
    "surname": ("surname", "left(surname, 3)"),
    "given": ("given", "left(given, 1)"),
    "middle": ("middle",),
    "phone": ("phone",),
    "email": ("email",),
    "postcode": ("postcode", "left(postcode, greatest(length(postcode) - 2, 3))"),
    "house": ("house",),
    "street": ("street", "left(street, 5)"),
    "place": ("place",),
    "city": ("city",),
    "birth_place": ("birth_place",),
    "full_name": ("full_name", "left(full_name, 5)"),
    "occupation": ("occupation",),
}

Key = tuple[str, ...]


def choose(connection: duckdb.DuckDBPyConnection, roles: tuple[str, ...]) -> list[Key]:
    """Keys for the table `people`, coarsest first."""
    rows = one(connection, "select count(*) from people")
    limit = min(rows * PER_RECORD, TOTAL // 12)
    sample = min(rows, SAMPLE)
    connection.execute(
        f"create table matching_sample as select * from people order by hash(unique_id) limit {sample}"  # noqa: S608
    )
    times = (rows / sample) ** 2
    parts = [(role, key) for role in roles for key in KEYS.get(role, ())]
    affordable: list[tuple[float, Key]] = []
    for count in (1, 2, 3):
        for combination in combinations(parts, count):
            key = tuple(part for _, part in combination)
            is_of_several = len({role for role, _ in combination}) == count
            if not is_of_several or any(is_coarser(known, key) for _, known in affordable):
                continue
            pairs = pairs_of(connection, key) * times
            if 0 < pairs <= limit:
                affordable.append((pairs, key))
    connection.execute("drop table matching_sample")
    chosen: list[Key] = []
    total = 0.0
    for pairs, key in sorted(affordable, key=lambda one: (-one[0], one[1])):
        if not any(is_coarser(known, key) for known in chosen) and total + pairs <= TOTAL:
            chosen.append(key)
            total += pairs
    return chosen


def is_coarser(key: Key, than: Key) -> bool:
    """Does the first bring together everybody whom the second does?"""
    return all(any(part == other or part.startswith(f"left({other},") for other in than) for part in key)


def pairs_of(connection: duckdb.DuckDBPyConnection, key: Key) -> int:
    filled = " and ".join(f"({part}) is not null" for part in key)
    return one(
        connection,
        "select sum(n * (n - 1) // 2) from (select count(*) as n from matching_sample "  # noqa: S608
        f"where {filled} group by {', '.join(key)})",
    )
