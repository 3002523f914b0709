"""Offers as files: a line of JSON each, or a readable file each. What goes out comes in again elsewhere, the same."""

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from vokrug.kernel import new_id
from vokrug.promotions import operations, rules, store
from vokrug.promotions.engine import OfferBody
from vokrug.promotions.errors import OfferNonsense
from vokrug.promotions.naming import Names, NameUnknown
from vokrug.promotions.outside import Chain, NoChain
from vokrug.promotions.types import Offer, OfferRecord, OfferState
from vokrug.runtime.database import Tx

Outcome = Literal["created", "changed", "unchanged", "refused"]


class Edit(Struct, frozen=True):
    """One difference. A value that is absent on a side is None there."""

    path: str
    before: Any
    after: Any


class LineTaken(Struct, frozen=True, omit_defaults=True):
    """What became, or would become, of one line of a file."""

    line: int
    outcome: Outcome
    key: str = ""
    edits: list[Edit] = []
    field: str = ""
    why: str = ""
    why_ru: str = ""


# Out


async def export_records(tx: Tx, chain: Chain | None = None) -> list[OfferRecord]:
    """Every offer by number, with the wording that runs, or else its newest."""
    rows = await store.list_for_export(tx)
    bodies = [msgspec.to_builtins(rules.read_body(msgspec.json.decode(row["body"]))) for row in rows]
    named = await Names(tx, chain or NoChain()).named(bodies)
    return [
        OfferRecord(key=row["key"], name=row["name"], owner=row["owner"], body=body)
        for row, body in zip(rows, named, strict=True)
    ]


async def export_offers(tx: Tx, chain: Chain | None = None) -> AsyncIterator[bytes]:
    """The same as lines of JSON."""
    for record in await export_records(tx, chain):
        yield msgspec.json.encode(record) + b"\n"


def readable(record: OfferRecord) -> bytes:
    """A file of its own, for people and for their version control."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


# In


async def import_offers(
    tx: Tx, lines: Iterable[bytes], *, by: str, now: datetime, chain: Chain | None = None
) -> dict[str, int]:
    """Offers from lines of JSON, as drafts: new keys are created, changed bodies become new versions.

    One bad line refuses the file, by its number; the caller's transaction takes the rest back.
    """
    counts = {"created": 0, "drafted": 0, "unchanged": 0}
    async for taken in take_lines(tx, enumerate(lines, start=1), by=by, now=now, chain=chain):
        if taken.outcome == "refused":
            raise OfferNonsense(field=f"line {taken.line}: {taken.field}", why=taken.why, why_ru=taken.why_ru)
        counts["drafted" if taken.outcome == "changed" else taken.outcome] += 1
    return counts


async def take_lines(
    tx: Tx,
    lines: Iterable[tuple[int, bytes]],
    *,
    by: str,
    now: datetime,
    chain: Chain | None = None,
    is_dry: bool = False,
) -> AsyncIterator[LineTaken]:
    """Line by line, with a word on each. A bad one is passed over; said again, what was taken is unchanged."""
    names = Names(tx, chain or NoChain())
    seen: dict[str, int] = {}
    for at, line in lines:
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(line, type=OfferRecord)
            if record.key in seen:
                yield _refused(at, "key", f"as on line {seen[record.key]}", f"как в строке {seen[record.key]}")
                continue
            seen[record.key] = at
            body = rules.read_body(await names.numbered(record.body))
            yield await _take(tx, at, record, body, names, by=by, now=now, is_dry=is_dry)
        except msgspec.DecodeError as error:
            yield _refused(at, "", str(error), str(error))
        except NameUnknown as error:
            yield _refused(at, error.path, f"nothing is called “{error.name}”", f"нет ничего с именем «{error.name}»")
        except OfferNonsense as refusal:
            facts = refusal.facts
            yield _refused(at, str(facts["field"]), str(facts["why"]), str(facts["why_ru"]))


def _refused(line: int, field: str, why: str, why_ru: str) -> LineTaken:
    return LineTaken(line, "refused", field=field, why=why, why_ru=why_ru)


async def _take(
    tx: Tx, at: int, record: OfferRecord, body: OfferBody, names: Names, *, by: str, now: datetime, is_dry: bool
) -> LineTaken:
    known = await store.find_offer_by_key(tx, record.key)
    if known is None:
        rules.require_record(record)
        if not is_dry:
            await operations.create_offer(
                tx, new_id(), key=record.key, name=record.name, owner=record.owner, body=body, by=by, now=now
            )
        return LineTaken(at, "created", record.key)
    edits = await _edits(tx, known, record, body, names)
    if not edits:
        return LineTaken(at, "unchanged", record.key)
    rules.require_record(record)
    rules.require_kind(known, body)
    if not is_dry:
        await operations.write_draft(tx, known.id, body, by=by, now=now)
        await operations.rename_offer(tx, known.id, name=record.name, owner=record.owner, by=by, now=now)
    return LineTaken(at, "changed", record.key, edits)


async def _edits(tx: Tx, known: Offer, record: OfferRecord, body: OfferBody, names: Names) -> list[Edit]:
    newest = (await store.list_versions(tx, known.id))[-1]
    was, becomes = await names.named([msgspec.to_builtins(newest.body), msgspec.to_builtins(body)])
    before = {"name": known.name, "owner": known.owner, "body": was}
    found = list(differences(before, {"name": record.name, "owner": record.owner, "body": becomes}))
    if not found and newest.state == OfferState.ENDED:
        found.append(Edit("version", f"{newest.version} ended", f"{newest.version + 1} draft"))
    return found


def differences(before: Any, after: Any, path: str = "") -> Iterator[Edit]:
    """Where two values of JSON differ, as deep as it can be said."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from differences(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif before != after:
        yield Edit(path, before, after)
