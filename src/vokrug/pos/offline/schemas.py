"""Bodies of what a till tells after it was without a line."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from vokrug.pos.schemas import Body, Code, Commit, Moment, Reply, Return

MOST_DOCUMENTS = 500

Seq = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Chain = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$", description="hex SHA-256, see Replay")]


class QueuedSale(Body, frozen=True, kw_only=True, tag_field="kind", tag="sale"):
    """A sale whose receipt is printed: the commit with its fiscal sign and the whole check."""

    seq: Seq
    uid: UUID
    prev: Chain | None = None
    commit: Commit


class QueuedReturn(Body, frozen=True, kw_only=True, tag_field="kind", tag="return"):
    """Goods that came back meanwhile. A sale that is still in a queue somewhere is waited for."""

    seq: Seq
    uid: UUID
    prev: Chain | None = None
    goods: Return


class QueuedCancel(Body, frozen=True, kw_only=True, tag_field="kind", tag="cancel"):
    """A check that was given up."""

    seq: Seq
    uid: UUID
    prev: Chain | None = None
    at: Moment | None = None


Queued = QueuedSale | QueuedReturn | QueuedCancel


class Replay(Body, frozen=True, kw_only=True):
    """Documents of the queue, in any order and as often as one likes. `seq` is the till's own count of them, from
    one. `prev` is the chain up to the document before, so that a page torn out is noticed: a document's chain is the
    hex SHA-256 of four lines joined by a newline, `prev` (empty for the first), `seq`, `uid` and `kind`.
    """

    shop: Code
    till: Code
    documents: Annotated[list[Queued], msgspec.Meta(min_length=1, max_length=MOST_DOCUMENTS)]


class Replayed(Reply, frozen=True, kw_only=True):
    """What became of one document. `refused` ones stay on the centre's list: there is no use in sending them again,
    unless `code` is one that time heals (`retry`).
    """

    seq: int
    uid: UUID
    status: Literal["posted", "late", "parked", "cancelled", "refused", "again"]
    is_repeat: bool
    code: str | None
    text: str
    deviation: str
    earned: str


class Gap(Reply, frozen=True, kw_only=True):
    """Numbers of the till's count that have not come, both ends included."""

    first: int
    last: int


class QueueReplayed(Reply, frozen=True, kw_only=True):
    """`whole_to`: every document up to this number has come. `broken_at`: numbers whose `prev` names another document
    than the one we have.
    """

    documents: list[Replayed]
    whole_to: int
    gaps: list[Gap]
    broken_at: list[int]


class TillGaps(Reply, frozen=True, kw_only=True):
    shop: str
    till: str
    whole_to: int
    highest: int
    gaps: list[Gap]


class QueueGaps(Reply, frozen=True, kw_only=True):
    tills: list[TillGaps]


class RefusedDocument(Reply, frozen=True, kw_only=True):
    shop: str
    till: str
    seq: int
    uid: UUID
    kind: str
    code: str
    at: datetime
    recorded_at: datetime


class RefusedDocuments(Reply, frozen=True, kw_only=True):
    """The newest first. `more`: there are others beyond these."""

    documents: list[RefusedDocument]
    more: bool


class BundleKey(Reply, frozen=True, kw_only=True):
    """The key that bundles are signed by, as a JWK (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"]
