"""What this domain tells the others. Ids only: a phone is named by its identifier's id."""

from datetime import UTC, datetime
from uuid import UUID

from vokrug.events import Event, event, exemplify


@event("customers.registered.v1", owner="customers", key="customer")
class CustomerRegistered(Event, frozen=True):
    """Somebody new has a customer ID."""

    customer_id: UUID
    source: str
    language: str
    shop_id: int | None


@event("customers.identifier_attached.v1", owner="customers", key="customer")
class IdentifierAttached(Event, frozen=True):
    """An identifier leads to the customer, or is now better proven to."""

    customer_id: UUID
    identifier_id: int
    identifier_type: str
    source: str
    strength: str


@event("customers.identifier_detached.v1", owner="customers", key="customer")
class IdentifierDetached(Event, frozen=True):
    """An identifier no longer leads to the customer."""

    customer_id: UUID
    identifier_id: int
    identifier_type: str
    source: str


@event("customers.identifier_state_changed.v1", owner="customers", key="customer")
class IdentifierStateChanged(Event, frozen=True):
    """A card, or another identifier, was shut or opened while its customer goes on."""

    customer_id: UUID
    identifier_id: int
    identifier_type: str
    state: str
    source: str


@event("customers.identifier_quarantined.v1", owner="customers", key="identifier")
class IdentifierQuarantined(Event, frozen=True):
    """Too many people came by this value: it leads to nobody until somebody has looked at it."""

    identifier_id: int
    identifier_type: str
    people: int


@event("customers.identifier_released.v1", owner="customers", key="identifier")
class IdentifierReleased(Event, frozen=True):
    """A value that was set aside leads again to whom it led before."""

    identifier_id: int
    identifier_type: str


@event("customers.household_changed.v1", owner="customers", key="household")
class HouseholdChanged(Event, frozen=True):
    """Who is in a household has changed: it was created, joined, left, merged, split, or a change was undone."""

    household_id: UUID
    kind: str
    change: str
    customer_ids: list[UUID]


@event("customers.segment_entered.v1", owner="customers", key="customer")
class SegmentEntered(Event, frozen=True):
    """The customer is in a segment from now on."""

    customer_id: UUID
    segment: str


@event("customers.segment_left.v1", owner="customers", key="customer")
class SegmentLeft(Event, frozen=True):
    """The customer is in a segment no longer."""

    customer_id: UUID
    segment: str


@event("customers.attribute_changed.v1", owner="customers", key="customer")
class AttributeChanged(Event, frozen=True):
    """A newer value of an attribute is known. Ask the profile for it, if you may."""

    customer_id: UUID
    code: str
    source: str
    observed_at: datetime


@event("customers.consent_given.v1", owner="customers", key="customer")
class ConsentGiven(Event, frozen=True):
    """The customer agreed to a purpose, in the words of this version of the document."""

    customer_id: UUID
    purpose: str
    document_version: str
    source: str


@event("customers.consent_withdrawn.v1", owner="customers", key="customer")
class ConsentWithdrawn(Event, frozen=True):
    """The customer declined a purpose or took an earlier consent back."""

    customer_id: UUID
    purpose: str
    document_version: str
    source: str


@event("customers.erased.v1", owner="customers", key="customer", acknowledge_days=30)
class CustomerErased(Event, frozen=True):
    """The customer's personal data can no longer be read. Delete the copies you hold, and acknowledge."""

    customer_id: UUID
    source: str


@event("customers.merged.v1", owner="customers", key="customer", acknowledge_days=30)
class CustomersMerged(Event, frozen=True):
    """Two customers are one person by now. Whoever held `merged_id` finds them under `customer_id`."""

    customer_id: UUID
    merged_id: UUID
    merge_id: int
    rule: str
    source: str


@event("customers.unmerged.v1", owner="customers", key="customer", acknowledge_days=30)
class CustomersUnmerged(Event, frozen=True):
    """A merge was undone: everybody in `separated_ids` is found under `separated_id` again, and not under
    `customer_id`. Told to both, under both keys.
    """

    customer_id: UUID
    separated_id: UUID
    separated_ids: list[UUID]
    merge_id: int
    rule: str
    source: str


SOMEBODY = UUID("01900000-0000-7000-8000-000000000001")
ANOTHER = UUID("01900000-0000-7000-8000-000000000002")

exemplify(
    CustomerRegistered(customer_id=SOMEBODY, source="till", language="ru", shop_id=12),
    IdentifierAttached(
        customer_id=SOMEBODY, identifier_id=7, identifier_type="card", source="app", strength="observed"
    ),
    IdentifierDetached(customer_id=SOMEBODY, identifier_id=7, identifier_type="card", source="staff"),
    IdentifierQuarantined(identifier_id=7, identifier_type="phone", people=10),
    IdentifierReleased(identifier_id=7, identifier_type="phone"),
    HouseholdChanged(household_id=ANOTHER, kind="home", change="joined", customer_ids=[SOMEBODY]),
    SegmentEntered(customer_id=SOMEBODY, segment="pet_owners"),
    SegmentLeft(customer_id=SOMEBODY, segment="pet_owners"),
    AttributeChanged(
        customer_id=SOMEBODY, code="pets", source="site", observed_at=datetime(2026, 11, 23, 12, tzinfo=UTC)
    ),
    ConsentGiven(customer_id=SOMEBODY, purpose="marketing", document_version="2026-09", source="till"),
    ConsentWithdrawn(customer_id=SOMEBODY, purpose="marketing", document_version="2026-09", source="app"),
    CustomerErased(customer_id=SOMEBODY, source="staff"),
    CustomersMerged(customer_id=SOMEBODY, merged_id=ANOTHER, merge_id=4, rule="by_hand", source="staff"),
    CustomersUnmerged(
        customer_id=SOMEBODY,
        separated_id=ANOTHER,
        separated_ids=[ANOTHER],
        merge_id=4,
        rule="by_hand",
        source="staff",
    ),
)
