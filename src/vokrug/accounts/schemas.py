"""Bodies of requests and answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from vokrug.accounts import rules
from vokrug.accounts.types import Client, Scope
from vokrug.kernel import Text

Uri = Annotated[str, Meta(min_length=8, max_length=500)]
Alg = Literal["RS256", "ES256"]


class Words(Struct):
    """The same in both languages."""

    en: Annotated[str, Meta(min_length=1, max_length=100)]
    ru: Annotated[str, Meta(min_length=1, max_length=100)]


class ClientTerms(Struct, kw_only=True):
    """What may be changed later. Addresses are compared letter by letter."""

    name: Words
    redirect_uris: Sequence[Uri]
    post_logout_uris: Sequence[Uri] = ()
    backchannel_logout_uri: Uri | None = None
    scopes: Sequence[Scope] = (Scope.OPENID, Scope.PROFILE)
    id_token_alg: Alg = "RS256"
    is_trusted: bool = False
    needs_par: bool = False
    may_introspect: bool = False
    allows_password: bool = False


class RegisterClient(ClientTerms, kw_only=True):
    """A product. `public`: an app or a page that cannot keep a secret. Clients of one `sector` see one subject."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.-]{1,47}$")]
    public: bool = False
    sector: Annotated[str, Meta(pattern=r"^[a-z0-9.-]{1,100}$")] | None = None


class ClientCard(ClientTerms, kw_only=True):
    """A product as it is registered. The secret is shown when it is made, and never again."""

    id: str
    public: bool
    sector: str
    created_at: datetime
    disabled_at: datetime | None
    secret: str | None = None

    @classmethod
    def of(cls, client: Client, secret: str | None = None) -> "ClientCard":
        return cls(
            id=client.id,
            public=client.is_public,
            sector=client.sector,
            created_at=client.created_at,
            disabled_at=client.disabled_at,
            secret=secret,
            name=Words(client.name.en, client.name.ru),
            redirect_uris=client.redirect_uris,
            post_logout_uris=client.post_logout_uris,
            backchannel_logout_uri=client.backchannel_logout_uri,
            scopes=[Scope(scope) for scope in client.scopes],
            id_token_alg="ES256" if client.id_token_alg == "ES256" else "RS256",
            is_trusted=client.is_trusted,
            needs_par=client.needs_par,
            may_introspect=client.may_introspect,
            allows_password=client.allows_password,
        )


class ClientCards(Struct):
    clients: Sequence[ClientCard]


class NewSecret(Struct):
    secret: str


class ConsoleMessage(Struct):
    """Words that would have gone to a phone or a mailbox."""

    channel: str
    address: str
    text: str


class ConsoleMessageCards(Struct):
    messages: Sequence[ConsoleMessage]


def client_of(id: str, terms: ClientTerms, sector: str | None, now: datetime) -> Client:
    first = terms.redirect_uris[:1]
    return Client(
        id=id,
        name=Text(en=terms.name.en, ru=terms.name.ru),
        redirect_uris=list(terms.redirect_uris),
        post_logout_uris=list(terms.post_logout_uris),
        backchannel_logout_uri=terms.backchannel_logout_uri,
        scopes=[scope.value for scope in terms.scopes],
        sector=sector or (rules.default_sector(first) if first else "none"),
        id_token_alg=terms.id_token_alg,
        is_trusted=terms.is_trusted,
        needs_par=terms.needs_par,
        may_introspect=terms.may_introspect,
        allows_password=terms.allows_password,
        created_at=now,
    )
