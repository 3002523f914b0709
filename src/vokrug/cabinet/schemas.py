"""Bodies of requests and answers, for apps. Points and money are decimal texts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from vokrug.cabinet.types import Balance, HistoryPage, Line, LineKind
from vokrug.customers import ConsentState, Contact, Customer, Strength
from vokrug.kernel import format_minor

Moment = Annotated[datetime, Meta(tz=True)]


class LapsingPoints(Struct):
    points: str
    at: Moment


class BalanceCard(Struct):
    """Points: to spend now, not yet active, set aside for a check, owed; and what lapses next."""

    available: str
    pending: str
    held: str
    debt: str
    lapsing: Sequence[LapsingPoints]

    @classmethod
    def of(cls, found: Balance) -> "BalanceCard":
        return cls(
            available=format_minor(found.available_minor),
            pending=format_minor(found.pending_minor),
            held=format_minor(found.held_minor),
            debt=format_minor(found.debt_minor),
            lapsing=[LapsingPoints(format_minor(one.points_minor), one.at) for one in found.lapsing],
        )


class HistoryLine(Struct, omit_defaults=True):
    at: Moment
    kind: LineKind
    points_received: str
    points_given: str
    money: str | None = None
    currency: str | None = None
    shop: str | None = None

    @classmethod
    def of(cls, line: Line) -> "HistoryLine":
        return cls(
            at=line.at,
            kind=line.kind,
            points_received=format_minor(line.received_minor),
            points_given=format_minor(line.given_minor),
            money=None if line.money_minor is None else format_minor(line.money_minor),
            currency=line.currency,
            shop=line.shop,
        )


class HistoryCard(Struct):
    """The newest lines. `older`: pass it as `before` for the next page."""

    lines: Sequence[HistoryLine]
    older: Moment | None

    @classmethod
    def of(cls, found: HistoryPage) -> "HistoryCard":
        return cls([HistoryLine.of(line) for line in found.lines], found.older)


Points = Annotated[str, Meta(pattern=r"^[0-9]{1,10}(\.[0-9]{1,2})?$", description="decimal, two digits")]


class ShownCard(Struct):
    """`token` is the text of the QR, good until `until`; `points`: what it lets one check burn, if anything."""

    token: str
    until: Moment
    may_spend: bool
    points: str | None


class BurnCode(Struct):
    code: str
    until: Moment


class ChosenPin(Struct, forbid_unknown_fields=True):
    pin: Annotated[str, Meta(pattern="^[0-9]{4,8}$")]


class PinSet(Struct):
    is_set: bool


class ContactCard(Struct):
    type: str
    value: str
    is_proved: bool


class ProfileCard(Struct):
    """Contacts are those whose scopes the person granted."""

    called: str
    language: str
    contacts: Sequence[ContactCard]

    @classmethod
    def of(cls, person: Customer, contacts: Sequence[Contact]) -> "ProfileCard":
        shown = [ContactCard(one.type, one.value, one.strength is Strength.VERIFIED) for one in contacts]
        return cls(person.called, person.language, shown)


class CallMe(Struct, forbid_unknown_fields=True):
    """How to call the person, and in which language to speak."""

    called: Annotated[str, Meta(min_length=1, max_length=60)]
    language: Literal["ru", "en"]


class ConsentCard(Struct):
    purpose: str
    document_version: str
    given: bool
    at: Moment

    @classmethod
    def of(cls, one: ConsentState) -> "ConsentCard":
        return cls(one.purpose, one.document_version, one.given, one.at)


class ConsentCards(Struct):
    consents: Sequence[ConsentCard]


class ChangeConsent(Struct, forbid_unknown_fields=True):
    """A word on a purpose that the person was asked for before."""

    purpose: Annotated[str, Meta(min_length=1, max_length=64)]
    given: bool
