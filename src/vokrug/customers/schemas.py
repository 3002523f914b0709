"""Bodies of requests and answers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct, field

from vokrug.customers.types import (
    AttributeType,
    Birthday,
    Consent,
    Customer,
    Erasure,
    ErasureState,
    Ground,
    IdentifierState,
    IdentifierType,
    Profile,
    Proposal,
    ProposalState,
    Rung,
    Sensitivity,
    Source,
    Strength,
    Survives,
)
from vokrug.kernel import Text

Value = Annotated[str, Meta(min_length=1, max_length=320)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]


class BirthdayBody(Struct, kw_only=True):
    """Day and month; the year only if the customer likes to tell it."""

    month: int
    day: int
    year: int | None = None

    def to_birthday(self) -> Birthday:
        return Birthday(month=self.month, day=self.day, year=self.year)


class ConsentBody(Struct, kw_only=True):
    purpose: Code
    document_version: Code
    given: bool
    proof: dict[str, Any] = field(default_factory=dict)

    def to_consent(self) -> Consent:
        return Consent(self.purpose, self.document_version, self.given, self.proof)


class IdentifierValue(Struct, kw_only=True):
    type: Code
    value: Value


class Register(Struct, kw_only=True):
    """A phone and "how shall we call you". There is no field for a full name on purpose.

    Staff and partners may name, instead of the phone, the number that another system (`ext:…`) knows
    the customer by.
    """

    request_id: UUID
    called: Annotated[str, Meta(max_length=100)]
    phone: Value | None = None
    identifier: IdentifierValue | None = None
    id: UUID | None = None
    language: str | None = None
    birthday: BirthdayBody | None = None
    card: Value | None = None
    shop: int | None = None
    consents: Annotated[list[ConsentBody], Meta(max_length=20)] = field(default_factory=list)


class CustomerBrief(Struct, kw_only=True):
    """What a till's screen shows. `called` is absent where it is not needed."""

    id: UUID
    state: str
    language: str
    called: str | None = None

    @classmethod
    def of(cls, customer: Customer, *, is_named: bool = True) -> "CustomerBrief":
        return cls(
            id=customer.id,
            state=customer.state,
            language=customer.language,
            called=customer.called if is_named else None,
        )


class RegisteredBody(Struct, kw_only=True):
    customer: CustomerBrief
    created: bool


class Resolve(Struct, kw_only=True):
    identifiers: Annotated[list[IdentifierValue], Meta(min_length=1, max_length=100)]


class Resolved(Struct, kw_only=True):
    """In the order asked; null where nobody is known by that identifier."""

    customers: list[CustomerBrief | None]


class Attach(Struct, kw_only=True):
    type: Code
    value: Value
    strength: Strength = Strength.CLAIMED
    evidence: dict[str, Any] = field(default_factory=dict)


class Attached(Struct, kw_only=True):
    identifier_id: int


class IdentifierCard(Struct, kw_only=True):
    id: int
    type: str
    masked: str
    strength: Strength
    sources: Sequence[Source]
    since: datetime
    state: IdentifierState
    is_aside: bool


class SetIdentifierState(Struct, kw_only=True, forbid_unknown_fields=True):
    """`blocked` identifies nobody at a till; `not_activated` earns and does not burn."""

    state: IdentifierState


class AttributeCard(Struct, kw_only=True):
    code: str
    value: Any
    source: Source
    observed_at: datetime
    provenance: Mapping[str, Any]


class ConsentCard(Struct, kw_only=True):
    purpose: str
    document_version: str
    given: bool
    at: datetime
    source: Source


class CustomerCard(Struct, kw_only=True):
    """The whole card, for staff. Every answer with it is recorded."""

    birthday: BirthdayBody | None
    registered_shop: int | None
    registered_on: date
    identifiers: list[IdentifierCard]
    attributes: list[AttributeCard]
    consents: list[ConsentCard]

    @classmethod
    def of(cls, profile: Profile) -> "CustomerCard":
        born = profile.birthday
        return cls(
            birthday=BirthdayBody(month=born.month, day=born.day, year=born.year) if born else None,
            registered_shop=profile.registered_shop,
            registered_on=profile.created_at.date(),
            identifiers=[
                IdentifierCard(
                    id=one.id,
                    type=one.type,
                    masked=one.masked,
                    strength=one.strength,
                    sources=one.sources,
                    since=one.since,
                    state=one.state,
                    is_aside=one.is_aside,
                )
                for one in profile.identifiers
            ],
            attributes=[
                AttributeCard(
                    code=one.code,
                    value=one.value,
                    source=one.source,
                    observed_at=one.observed_at,
                    provenance=one.provenance,
                )
                for one in profile.attributes
            ],
            consents=[
                ConsentCard(
                    purpose=one.purpose,
                    document_version=one.document_version,
                    given=one.given,
                    at=one.at,
                    source=one.source,
                )
                for one in profile.consents
            ],
        )


class CustomerBody(Struct, kw_only=True):
    """A customer, as far as the caller may look."""

    customer: CustomerBrief
    card: CustomerCard | None = None


class PutAttributes(Struct, kw_only=True):
    """`observed_at` is when the values were true, not when they are sent; absent, it is now."""

    values: Annotated[dict[str, Any], Meta(min_length=1, max_length=100)]
    observed_at: Annotated[datetime, Meta(tz=True)] | None = None
    provenance: dict[str, Any] = field(default_factory=dict)


class AttributesPut(Struct, kw_only=True):
    """`late` lists those that were kept while another value stands by the attribute's rule."""

    taken: Sequence[str]
    late: Sequence[str]


class PutConsents(Struct, kw_only=True):
    consents: Annotated[list[ConsentBody], Meta(min_length=1, max_length=20)]


class PutIdentifierType(Struct, kw_only=True):
    """The rules of a type. Absent ones are those of an external system's own id.

    `max_new` within `new_days`, and `crowd` of people within `crowd_days`, mean no limit when 0. `ladder` says what
    speaks for one of two who want the same identifier, the first that tells them apart.
    """

    normaliser: str = "opaque"
    is_unique: bool = True
    is_immutable: bool = False
    max_per_customer: int = 1
    priority: int = 50
    min_joining_strength: Strength = Strength.VERIFIED
    sensitivity: Sensitivity = Sensitivity.PERSONAL
    attach_sources: list[Source] = field(default_factory=lambda: [Source.STAFF, Source.PARTNER, Source.IMPORT])
    blocked: Annotated[list[Value], Meta(max_length=1000)] = field(default_factory=list)
    max_new: int = 0
    new_days: int = 30
    crowd: int = 0
    crowd_days: int = 7
    ladder: list[Rung] = field(default_factory=lambda: list(Rung))

    def to_type(self, code: str) -> IdentifierType:
        return IdentifierType(
            id=0,
            code=code,
            normaliser=self.normaliser,
            is_unique=self.is_unique,
            is_immutable=self.is_immutable,
            max_per_customer=self.max_per_customer,
            priority=self.priority,
            min_joining_strength=self.min_joining_strength,
            sensitivity=self.sensitivity,
            attach_sources=frozenset(self.attach_sources),
            blocked=frozenset(self.blocked),
            max_new=self.max_new,
            new_days=self.new_days,
            crowd=self.crowd,
            crowd_days=self.crowd_days,
            ladder=tuple(self.ladder),
        )


class IdentifierTypeCard(PutIdentifierType, kw_only=True):
    code: str

    @classmethod
    def of(cls, kind: IdentifierType) -> "IdentifierTypeCard":
        return cls(
            code=kind.code,
            normaliser=kind.normaliser,
            is_unique=kind.is_unique,
            is_immutable=kind.is_immutable,
            max_per_customer=kind.max_per_customer,
            priority=kind.priority,
            min_joining_strength=kind.min_joining_strength,
            sensitivity=kind.sensitivity,
            attach_sources=sorted(kind.attach_sources),
            blocked=sorted(kind.blocked),
            max_new=kind.max_new,
            new_days=kind.new_days,
            crowd=kind.crowd,
            crowd_days=kind.crowd_days,
            ladder=list(kind.ladder),
        )


class IdentifierTypeCards(Struct, kw_only=True):
    types: list[IdentifierTypeCard]


class Words(Struct, kw_only=True):
    en: str
    ru: str


class PutAttributeType(Struct, kw_only=True):
    """A JSON Schema for the value, and what screens call it; which of several observed values survives, whom to trust
    most first, and after how many days an observation counts no more.
    """

    schema: dict[str, Any]
    words: Words
    survives: Survives = Survives.NEWEST
    trust: list[Source] = field(default_factory=list)
    fresh_days: int | None = None

    def to_type(self, code: str) -> AttributeType:
        return AttributeType(
            code=code,
            schema=self.schema,
            words=Text(en=self.words.en, ru=self.words.ru),
            survives=self.survives,
            trust=tuple(self.trust),
            fresh_days=self.fresh_days,
        )


class AttributeTypeCard(PutAttributeType, kw_only=True):
    code: str
    version: int

    @classmethod
    def of(cls, kind: AttributeType) -> "AttributeTypeCard":
        words = Words(en=kind.words.en, ru=kind.words.ru)
        return cls(
            code=kind.code,
            version=kind.version,
            schema=dict(kind.schema),
            words=words,
            survives=kind.survives,
            trust=list(kind.trust),
            fresh_days=kind.fresh_days,
        )


class AttributeTypeCards(Struct, kw_only=True):
    types: list[AttributeTypeCard]


class ProposeMerge(Struct, kw_only=True):
    """Two customers who are one person, by their ids. The proposal's id is the caller's: send it again freely."""

    id: UUID
    one: UUID
    other: UUID
    reasons: dict[str, Any] = field(default_factory=dict)


class ProposalCard(Struct, kw_only=True):
    id: UUID
    one: UUID
    other: UUID
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    rule: str
    probability: float | None
    reasons: Mapping[str, Any]
    decided_by: str | None
    decided_at: datetime | None
    merge_id: int | None

    @classmethod
    def of(cls, proposal: Proposal) -> "ProposalCard":
        return cls(
            id=proposal.id,
            one=proposal.one_id,
            other=proposal.other_id,
            state=proposal.state,
            proposed_by=proposal.proposed_by,
            proposed_at=proposal.proposed_at,
            rule=proposal.rule,
            probability=proposal.probability,
            reasons=proposal.reasons,
            decided_by=proposal.decided_by,
            decided_at=proposal.decided_at,
            merge_id=proposal.merge_id,
        )


class ProposalCards(Struct):
    merges: Sequence[ProposalCard]


class MergesByRule(Struct, kw_only=True):
    """Merges that a rule made in [since, until)."""

    rule: Code
    since: Annotated[datetime, Meta(tz=True)]
    until: Annotated[datetime, Meta(tz=True)]
    dry_run: bool = True


class MergeCard(Struct):
    id: int
    rule: str
    made_at: datetime


class UndoneByRule(Struct):
    merges: Sequence[MergeCard]


class KeepApart(Struct, kw_only=True):
    one: UUID
    other: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=200)] = "decided by staff"
    allow: bool = False


class SeenIdentifier(IdentifierValue, kw_only=True):
    strength: Strength


class SeeTogether(Struct, kw_only=True):
    identifiers: Annotated[list[SeenIdentifier], Meta(min_length=1, max_length=20)]


class SeenTogether(Struct, kw_only=True):
    """Who it is; nobody, when none of them is known."""

    customer: UUID | None
    merges: Sequence[int]
    contested: Sequence[int]


class AskErasure(Struct, kw_only=True):
    """Whom to forget and why. The id is the caller's: send it again freely."""

    id: UUID
    customer: UUID
    ground: Ground
    note: Annotated[str, Meta(max_length=500)] = ""


class ErasureCard(Struct, kw_only=True):
    id: UUID
    customer: UUID
    ground: Ground
    note: str
    state: ErasureState
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    destroyed: Mapping[str, int]
    journal: Sequence[Mapping[str, Any]]
    event_id: UUID | None

    @classmethod
    def of(cls, erasure: Erasure) -> "ErasureCard":
        return cls(
            id=erasure.id,
            customer=erasure.customer_id,
            ground=erasure.ground,
            note=erasure.note,
            state=erasure.state,
            asked_by=erasure.asked_by,
            asked_at=erasure.asked_at,
            decided_by=erasure.decided_by,
            decided_at=erasure.decided_at,
            destroyed=erasure.destroyed,
            journal=erasure.journal,
            event_id=erasure.event_id,
        )


class ErasureCards(Struct):
    erasures: Sequence[ErasureCard]
