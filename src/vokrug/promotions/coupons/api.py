"""HTTP of coupons, for staff."""

import codecs
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vokrug.promotions.coupons import errors, issuing, operations, store
from vokrug.promotions.coupons.minting import CouponKeys
from vokrug.promotions.coupons.schemas import (
    AllOwed,
    CodesTaken,
    IssueCodes,
    NewPool,
    OfflineKey,
    Owed,
    Pools,
    WhichCode,
)
from vokrug.promotions.coupons.types import CodeCard, Pool
from vokrug.promotions.errors import OfferUnknown
from vokrug.runtime.http import Answer, Call, Role, Routes
from vokrug.runtime.streaming import Stream

FILE_LIMIT_BYTES = 64 * 2**20

routes = Routes("coupons")
STAFF = [Role.STAFF]


def _keys(call: Call) -> CouponKeys:
    return call.services.get(CouponKeys)


def _pool_id(call: Call) -> UUID:
    return UUID(str(call.path["pool_id"]))


@routes.post(
    "/v1/promotions/coupon-pools",
    answers={201: Pool},
    refusals=[errors.PoolNonsense, errors.PoolKeyTaken, errors.CodeTaken, OfferUnknown],
    roles=STAFF,
)
async def create_pool(call: Call, body: NewPool) -> Answer[Pool]:
    """Write down a pool of codes: what they look like, what they do. Repeat freely: an id counts once."""
    pool = Pool(
        number=0,
        id=body.id,
        key=body.key,
        name=body.name,
        kind=body.kind,
        offer=None,
        bundle_of=(),
        prefix=body.prefix.upper(),
        alphabet="digits" if body.kind == "range" else body.alphabet,
        length=body.length,
        check_kind=body.check,
        uses=body.uses,
        is_restorable=body.restorable,
        needs_activation=body.needs_activation,
        from_at=body.from_at,
        until_at=body.until_at,
        valid_days=body.valid_days,
        first_serial=body.first_serial,
        last_serial=body.last_serial,
        is_hashed=_keys(call).keeps == "hashed",
        state="open",
    )
    async with call.db.transaction() as tx:
        made = await operations.create_pool(
            tx,
            _keys(call),
            pool,
            offer=body.offer,
            bundle_of=body.bundle_of,
            word=body.word,
            by=call.caller.key_id,
            now=call.now,
        )
    return Answer(made, status=201)


@routes.get("/v1/promotions/coupon-pools", answers={200: Pools}, roles=STAFF)
async def list_pools(call: Call) -> Answer[Pools]:
    """Every pool of codes."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(Pools(await store.list_pools(tx)))


@routes.post(
    "/v1/promotions/coupon-pools/{pool_id:uuid}:void", answers={200: Pool}, refusals=[errors.PoolUnknown], roles=STAFF
)
async def void_pool(call: Call) -> Answer[Pool]:
    """No code of the pool is good any more."""
    async with call.db.transaction() as tx:
        return Answer(await operations.void_pool(tx, _pool_id(call)))


@routes.post(
    "/v1/promotions/coupon-pools/{pool_id:uuid}/issue",
    answers={200: bytes},
    refusals=[errors.PoolUnknown, errors.PoolNonsense, errors.CodesTooFew, errors.IssueIdReused],
    roles=STAFF,
    is_stream=True,
)
async def issue_codes(call: Call, body: IssueCodes) -> Answer[Stream]:
    """Make codes and answer them as they are made: NDJSON, or CSV for `Accept: text/csv`.

    Ten million are a stream like ten. One that broke off is asked for again with the same id: the same codes come,
    and then the rest.
    """
    async with call.db.transaction() as tx:
        pool, issue = await issuing.begin_issue(
            tx, _pool_id(call), body.id, body.count, by=call.caller.key_id, now=call.now
        )
    is_csv = "text/csv" in call.headers.get("accept", "")
    pieces = _pieces(issuing.issued(call.db, _keys(call), pool, issue), is_csv=is_csv)
    return Answer(Stream(pieces), headers={"content-type": "text/csv" if is_csv else "application/x-ndjson"})


async def _pieces(chunks: AsyncIterator[list[str]], *, is_csv: bool) -> AsyncGenerator[bytes, None]:
    if is_csv:
        yield b"code\n"
    before, between, after = ("", "\n", "\n") if is_csv else ('{"code":"', '"}\n{"code":"', '"}\n')
    async for codes in chunks:
        if codes:
            yield (before + between.join(codes) + after).encode()


@routes.post(
    "/v1/promotions/coupon-pools/{pool_id:uuid}/import",
    answers={200: CodesTaken},
    refusals=[errors.PoolUnknown, errors.PoolNonsense],
    roles=STAFF,
    max_body_bytes=FILE_LIMIT_BYTES,
    answer_timeout_s=600,
)
async def import_codes(call: Call, body: bytes) -> Answer[CodesTaken]:
    """A partner's codes, one a line. Those that are known already are counted and left alone."""
    async with call.db.transaction() as tx:
        counts = await operations.import_codes(tx, _keys(call), _pool_id(call), text_lines(body))
    return Answer(CodesTaken(**counts))


def text_lines(body: bytes) -> Iterator[str]:
    """UTF-8, with or without its mark."""
    text = body.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
    return (line for line in text.splitlines() if line.strip())


@routes.get(
    "/v1/promotions/coupon-pools/{pool_id:uuid}/offline-key",
    answers={200: OfflineKey},
    refusals=[errors.PoolUnknown],
    roles=STAFF,
)
async def offline_key(call: Call) -> Answer[OfflineKey]:
    """What lets a till without a line believe the signed codes of one pool."""
    async with call.db.transaction(readonly=True) as tx:
        pool = await store.find_pool(tx, _pool_id(call))
    if pool is None:
        raise errors.PoolUnknown(pool=str(_pool_id(call)))
    public = _keys(call).private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Answer(OfflineKey(pool.number, _keys(call).offline_key(pool.number).hex(), public.hex()))


@routes.post("/v1/promotions/coupons:find", answers={200: CodeCard}, refusals=[errors.CodeUnknown], roles=STAFF)
async def find_code(call: Call, body: WhichCode) -> Answer[CodeCard]:
    """What became of one code, however it is typed."""
    return await _of_code(call, body, operations.look_up, readonly=True)


@routes.post("/v1/promotions/coupons:activate", answers={200: CodeCard}, refusals=[errors.CodeUnknown], roles=STAFF)
async def activate_code(call: Call, body: WhichCode) -> Answer[CodeCard]:
    """An issued code may be used from now on."""
    return await _of_code(call, body, operations.activate_code)


@routes.post("/v1/promotions/coupons:void", answers={200: CodeCard}, refusals=[errors.CodeUnknown], roles=STAFF)
async def void_code(call: Call, body: WhichCode) -> Answer[CodeCard]:
    """A code is not good any more."""
    return await _of_code(call, body, operations.void_code)


async def _of_code(call: Call, body: WhichCode, operation: Any, *, readonly: bool = False) -> Answer[CodeCard]:
    async with call.db.transaction(readonly=readonly) as tx:
        return Answer(await operation(tx, _keys(call), body.code, call.now))


@routes.get("/v1/promotions/coupons:owed", answers={200: AllOwed}, roles=STAFF)
async def list_owed(call: Call) -> Answer[AllOwed]:
    """Coupons that were used although the sale that gave them came back."""
    async with call.services.reports.transaction(readonly=True) as tx:
        rows = await store.owed(tx)
    return Answer(
        AllOwed(
            [
                Owed(row["pool"], row["customer_number"], UUID(int=row["sale_id"].int), UUID(int=row["used_by"].int))
                for row in rows
            ]
        )
    )
