"""The nouns of the domain. Frozen: an operation answers with new ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from vokrug.kernel import Text


class Source(StrEnum):
    """Where a statement about a customer came from."""

    TILL = "till"
    SITE = "site"
    APP = "app"
    BOT = "bot"
    CALL = "call"
    PARTNER = "partner"
    STAFF = "staff"
    IMPORT = "import"


class Strength(StrEnum):
    """How well an identifier is known to be the customer's."""

    OBSERVED = "observed"  # seen together with the customer
    CLAIMED = "claimed"  # the customer said so
    VERIFIED = "verified"  # a code was sent there and came back

    @property
    def rank(self) -> int:
        return list(Strength).index(self)


class Sensitivity(StrEnum):
    """How much an identifier tells about a person. A secret one is never shown, even in part."""

    PLAIN = "plain"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105, a level and not a password


class State(StrEnum):
    ACTIVE = "active"
    MERGED = "merged"
    ERASED = "erased"


class IdentifierState(StrEnum):
    """A card can be shut while its customer goes on."""

    ACTIVE = "active"
    NOT_ACTIVATED = "not_activated"  # earns, does not burn
    BLOCKED = "blocked"  # lost or stolen: identifies nobody at a till


class Rung(StrEnum):
    """What speaks for one of two who want an identifier, the first that tells them apart."""

    ACCOUNT_BY_THIS = "account_by_this"  # signs in, and has proven this very identifier
    PROVEN_THIS = "proven_this"
    ACCOUNT_BY_ANY = "account_by_any"  # signs in by whatever else
    HOLDS_VALUE = "holds_value"  # points, or something else of worth
    PROVEN_ANY = "proven_any"
    LATEST_WORD = "latest_word"  # was heard of last


@dataclass(frozen=True, slots=True)
class IdentifierType:
    """The rules of one kind of identifier. Data: a new external system is a row, not a release."""

    id: int  # 0 until it is stored
    code: str
    normaliser: str
    is_unique: bool = True
    is_immutable: bool = False
    max_per_customer: int = 1
    priority: int = 50
    min_joining_strength: Strength = Strength.VERIFIED
    sensitivity: Sensitivity = Sensitivity.PERSONAL
    attach_sources: frozenset[Source] = frozenset({Source.STAFF, Source.PARTNER, Source.IMPORT})
    blocked: frozenset[str] = frozenset()
    max_new: int = 0  # within `new_days`; 0: as many as one may hold
    new_days: int = 30
    crowd: int = 0  # this many people within `crowd_days` set a value aside; 0: never
    crowd_days: int = 7
    ladder: tuple[Rung, ...] = tuple(Rung)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A normalised value on its way to being looked up. Its repr hides the value: logs are read."""

    type: IdentifierType
    value: str = field(repr=False)
    hash: bytes


@dataclass(frozen=True, slots=True)
class Birthday:
    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Words of a document, agreed to or not. `proof` says how: a till's receipt, a tick on a page."""

    purpose: str
    document_version: str
    given: bool
    proof: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConsentState:
    """The latest word of a customer on one purpose."""

    purpose: str
    document_version: str
    given: bool
    at: datetime
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a newcomer is asked: a phone and how to call them. Nothing else is compulsory.

    Whom another system knows by its own number may come without a phone: `external` is (type, value).
    """

    request_id: UUID
    phone: str | None = field(default=None, repr=False)
    called: str = field(repr=False)
    source: Source
    external: tuple[str, str] | None = field(default=None, repr=False)
    consents: Sequence[Consent] = ()
    language: str = "ru"
    birthday: Birthday | None = None
    card: str | None = None
    shop: int | None = None
    phone_strength: Strength = Strength.CLAIMED
    id: UUID | None = None  # None: we make one


@dataclass(frozen=True, slots=True)
class Contact:
    """A value in the clear, for the person it belongs to. Its repr hides it: logs are read."""

    identifier_id: int
    type: str
    value: str = field(repr=False)
    strength: Strength


@dataclass(frozen=True, slots=True)
class Customer:
    """Who somebody turned out to be, redirects followed."""

    number: int
    id: UUID
    state: State
    language: str
    called: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Registered:
    customer: Customer
    created: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """Under which id the person is found, and the merge that says so."""

    customer_id: UUID
    merge_id: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Unmerged:
    """Under which ids the two are found; the same id, if another merge still holds them together."""

    one_id: UUID
    other_id: UUID


class ProposalState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A merge that somebody proposed. Reasons of a matching are by column; `probability` only a matching has."""

    id: UUID
    one_id: UUID
    other_id: UUID
    proposed_by: str
    proposed_at: datetime
    rule: str
    probability: float | None
    reasons: Mapping[str, Any]
    state: ProposalState
    decided_by: str | None
    decided_at: datetime | None
    merge_id: int | None


class Ground(StrEnum):
    """Why a person is forgotten."""

    REQUEST = "request"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    PURPOSE_REACHED = "purpose_reached"
    UNLAWFUL = "unlawful"
    RETENTION = "retention"


class ErasureState(StrEnum):
    ASKED = "asked"
    DONE = "done"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person who was, or is to be, forgotten. `destroyed` counts by kind; the journal has no data."""

    id: UUID
    customer_id: UUID
    ground: Ground
    note: str
    asked_by: str
    asked_at: datetime
    state: ErasureState
    decided_by: str | None = None
    decided_at: datetime | None = None
    customer_ids: tuple[UUID, ...] = ()
    destroyed: Mapping[str, int] = field(default_factory=dict)
    journal: Sequence[Mapping[str, Any]] = ()
    event_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CardRead:
    """Somebody of the staff looked at a customer's card."""

    reader: str
    at: datetime
    customer_id: UUID


@dataclass(frozen=True, slots=True)
class MergeSeen:
    """A merge that stands between two customers of one person."""

    id: int
    one_id: UUID
    other_id: UUID
    rule: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ShownIdentifier:
    """An identifier as a screen may show it."""

    id: int
    type: str
    masked: str
    strength: Strength
    sources: tuple[Source, ...]
    since: datetime
    state: IdentifierState = IdentifierState.ACTIVE
    is_aside: bool = False  # leads to nobody until somebody has looked


@dataclass(frozen=True, slots=True)
class Attribute:
    code: str
    value: Any
    source: Source
    observed_at: datetime
    provenance: Mapping[str, Any]
    stale_at: datetime | None = None


class Survives(StrEnum):
    """Which of several observed values a person has."""

    NEWEST = "newest"
    OLDEST = "oldest"
    MOST_TRUSTED_SOURCE = "most_trusted_source"
    MOST_FREQUENT = "most_frequent"  # what most sources say by now
    LONGEST = "longest"
    MAX = "max"
    MIN = "min"
    UNION = "union"  # of lists


@dataclass(frozen=True, slots=True)
class AttributeType:
    """A property of customers that an installation made up, with its JSON Schema and its words.

    `trust` names sources, the most trusted first. Observations older than `fresh_days` count no more.
    """

    code: str
    schema: Mapping[str, Any]
    words: Text
    version: int = 1
    survives: Survives = Survives.NEWEST
    trust: tuple[Source, ...] = ()
    fresh_days: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """A value that a source said of a customer, from its first word of it to its last."""

    customer_number: int
    source: Source
    value: Any
    first_at: datetime
    last_at: datetime
    provenance: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AttributesSet:
    """Which values the person has by now, and which were kept while another one stands: they came late, or from a
    source that is trusted less.
    """

    taken: tuple[str, ...]
    late: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """All that may be shown of a customer."""

    customer: Customer
    birthday: Birthday | None
    registered_shop: int | None
    created_at: datetime
    identifiers: tuple[ShownIdentifier, ...]
    attributes: tuple[Attribute, ...]
    consents: tuple[ConsentState, ...]
