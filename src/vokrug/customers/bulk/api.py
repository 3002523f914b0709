"""HTTP of many profiles at once. Staff leave a trace for each they read; an export is one trace with its purpose."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct, field

from vokrug.customers.bulk import operations
from vokrug.customers.bulk.errors import PurposeMalformed
from vokrug.customers.crosswalk.errors import CrosswalkNotYours
from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    AttributeUnknown,
    IdentifierBlocked,
    IdentifierMalformed,
    IdentifierTypeUnknown,
    PhoneMalformed,
)
from vokrug.customers.schemas import Code, IdentifierValue
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.runtime.streaming import Stream

routes = Routes("profiles")


class ReadProfiles(Struct, kw_only=True):
    identifiers: Annotated[list[IdentifierValue], Meta(min_length=1, max_length=100)]
    attributes: Annotated[list[Code], Meta(max_length=100)] = field(default_factory=list)


class ProfileBrief(Struct, kw_only=True):
    id: UUID
    language: str
    attributes: Mapping[str, Any]
    consents: Mapping[str, bool]


class ProfileBriefs(Struct):
    """In the order asked; null where nobody is known."""

    profiles: list[ProfileBrief | None]


class Format(StrEnum):
    NDJSON = "ndjson"
    PARQUET = "parquet"


@routes.post(
    "/v1/profiles:read",
    answers={200: ProfileBriefs},
    refusals=[IdentifierTypeUnknown, IdentifierMalformed, PhoneMalformed, IdentifierBlocked],
)
async def read_profiles(call: Call, body: ReadProfiles) -> Answer[ProfileBriefs]:
    """Attributes and consents of up to a hundred people, by identifiers. Every reading is recorded."""
    wanted = [(one.type, one.value) for one in body.identifiers]
    async with call.db.one_read() as tx:
        found = await operations.read_profiles(
            tx, call.services.get(Directory), wanted, body.attributes, now=call.now, reader=call.caller.key_id
        )
    briefs = [
        ProfileBrief(id=one.id, language=one.language, attributes=one.attributes, consents=one.consents)
        if one
        else None
        for one in found
    ]
    return Answer(ProfileBriefs(briefs))


@routes.get(
    "/v1/profiles/export",
    answers={200: bytes},
    refusals=[PurposeMalformed, AttributeUnknown, CrosswalkNotYours, IdentifierTypeUnknown],
    query={"purpose": Code, "attribute": list[str], "identifier": list[str], "format": Format},
    query_needed=["purpose"],
    is_stream=True,
)
async def export_profiles(call: Call) -> Answer[Stream]:
    """Everybody whose latest word on the purpose is yes: lines of JSON, or one Parquet file.

    `attribute` and `identifier` may be repeated; identifiers are for keys that were granted them for the crosswalk.
    """
    directory, db = call.services.get(Directory), call.services.reports

    async def story(tx: Tx) -> operations.Export:
        return await operations.open_export(
            tx,
            directory,
            reader=call.caller.key_id,
            purpose=call.asked["purpose"],
            codes=list(dict.fromkeys(call.asked.get("attribute", []))),
            types=list(dict.fromkeys(call.asked.get("identifier", []))),
            now=call.now,
        )

    export = await call.db.replayed(story)
    is_parquet = call.asked.get("format", Format.NDJSON) is Format.PARQUET
    body = (operations.parquet if is_parquet else operations.lines)(db, export, call.now)
    kind = "application/vnd.apache.parquet" if is_parquet else "application/x-ndjson"
    return Answer(Stream(body), headers={"content-type": kind, "cache-control": "no-store"})
