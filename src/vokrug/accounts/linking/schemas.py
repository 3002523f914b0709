"""Bodies of requests and answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.accounts.linking.types import Link, Peer, PeerKind
from vokrug.accounts.schemas import Uri, Words
from vokrug.kernel import Text

Moment = Annotated[datetime, Meta(tz=True)]


class DeclarePeer(Struct, forbid_unknown_fields=True, kw_only=True):
    """`address`: the issuer of an `oidc` one; where a `legacy` one checks a login and a password."""

    kind: Literal["oidc", "legacy"]
    name: Words
    address: Uri
    client_id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    secret: Annotated[str, Meta(min_length=8, max_length=500)]
    scopes: Annotated[Sequence[Annotated[str, Meta(max_length=64)]], Meta(max_length=20)] = ("openid",)
    document_version: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$")]

    def to_peer(self, code: str, sealed: bytes, now: datetime) -> Peer:
        kind = PeerKind(self.kind)
        return Peer(
            code=code,
            kind=kind,
            name=Text(en=self.name.en, ru=self.name.ru),
            address=self.address,
            client_id=self.client_id,
            secret_sealed=sealed,
            scopes=list(self.scopes) if kind is PeerKind.OIDC else [],
            document_version=self.document_version,
            declared_at=now,
        )


class PeerCard(Struct, kw_only=True):
    code: str
    kind: Literal["oidc", "legacy"]
    name: Words
    address: str
    client_id: str | None
    scopes: Sequence[str]
    document_version: str
    declared_at: Moment
    paused_at: Moment | None

    @classmethod
    def of(cls, peer: Peer) -> "PeerCard":
        return cls(
            code=peer.code,
            kind="oidc" if peer.kind is PeerKind.OIDC else "legacy",
            name=Words(peer.name.en, peer.name.ru),
            address=peer.address,
            client_id=peer.client_id,
            scopes=peer.scopes,
            document_version=peer.document_version,
            declared_at=peer.declared_at,
            paused_at=peer.paused_at,
        )


class PeerCards(Struct):
    products: Sequence[PeerCard]


class LinkCard(Struct):
    id: UUID
    product: str
    state: str
    linked_at: Moment | None
    unlinked_at: Moment | None

    @classmethod
    def of(cls, link: Link) -> "LinkCard":
        return cls(link.id, link.peer, link.state.value, link.linked_at, link.unlinked_at)


class LinkCards(Struct):
    links: Sequence[LinkCard]
