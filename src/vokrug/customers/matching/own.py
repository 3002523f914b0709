"""The installation's own customers as a table to be matched, and what was found as proposals for a steward."""

import csv
import os
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from vokrug.customers.directory import Directory
from vokrug.customers.matching.reading import Unreadable
from vokrug.customers.matching.run import Found
from vokrug.customers.operations.proposals import MATCHING, propose
from vokrug.customers.store.listing import Listed, list_people
from vokrug.customers.types import ProposalState
from vokrug.runtime.database import Database

PAGE = 5_000
PAIRS = UUID("01900000-0000-7000-8000-00000000c0de")  # the space of the proposals' ids: a pair has one
COLUMNS = ("called", "birthday", "phone", "email")
FEWEST = 3  # columns with values, by which our own customers are proposed
PROBABLE = 0.9  # what is less is not worth a steward's while


async def write_people(db: Database, directory: Directory, file: Path) -> list[UUID]:
    """A row for each customer; their ids, in the order of the rows. The file is for its owner's eyes only."""
    ids: list[UUID] = []
    rows: list[dict[str, str]] = []
    after = 0
    while True:
        async with db.transaction() as tx:
            page = await list_people(tx, after, PAGE)
            await directory.meet_ids(tx, (type_id for one in page for type_id, _ in one.identifiers))
        if not page:
            break
        after = page[-1].number
        ids += [one.id for one in page]
        rows += [shown(directory, one) for one in page]
    names = [*COLUMNS, *sorted({name for row in rows for name in row} - set(COLUMNS))]
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="") as sink:
        sheet = csv.DictWriter(sink, names)
        sheet.writeheader()
        sheet.writerows(rows)
    return ids


def shown(directory: Directory, one: Listed) -> dict[str, str]:
    """Unsealed, as the matching reads it. Of several phones the first counts."""
    key = directory.vault.person_key(one.id, one.wrapped)
    row = dict(one.attributes)
    row["called"] = key.open(one.called_cipher, "called")
    if one.born[0]:
        row["birthday"] = "{:04}{:02}{:02}".format(*one.born)
    for type_id, cipher in one.identifiers:
        code = directory.identifier_type_by_id(type_id).code
        if code in ("phone", "email"):
            row.setdefault(code, key.open(cipher, "identifier"))
    return row


def require_enough(found: Found) -> None:
    """Many share a name, and phones of neighbours differ by a digit: two columns make strangers one person."""
    if len(found.chosen.roles) < FEWEST:
        known = ", ".join(column.name for column in found.chosen.columns)
        raise Unreadable(
            f"Too little is known of the customers ({known}): nobody is proposed by fewer than {FEWEST} columns."
        )


async def propose_all(db: Database, found: Found, ids: list[UUID], now: datetime) -> tuple[int, int]:
    """Put the probable pairs into the queue. How many are new, and how many were there or decided before."""
    new = known = 0
    for pair in found.proposals():
        if pair.probability < PROBABLE:
            break
        one, other = sorted((ids[pair.a], ids[pair.b]))
        async with db.transaction() as tx:
            made = await propose(
                tx,
                uuid5(PAIRS, f"{one} {other}"),
                one,
                other,
                by=MATCHING,
                now=now,
                rule=MATCHING,
                probability=pair.probability,
                reasons={"en": pair.words("en"), "ru": pair.words("ru")},
            )
        is_new = made is not None and made.state is ProposalState.OPEN and made.proposed_at == now
        new, known = new + is_new, known + (not is_new)
    return new, known
