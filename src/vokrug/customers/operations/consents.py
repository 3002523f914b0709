"""What customers agreed to. Words are only added: the latest on a purpose holds."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug import events
from vokrug.customers import rules, store
from vokrug.customers.facts import ConsentGiven, ConsentWithdrawn
from vokrug.customers.operations.people import person_to_change
from vokrug.customers.types import Consent, Source
from vokrug.runtime.database import Tx


async def give_consent(
    tx: Tx, customer_id: UUID, purpose: str, document_version: str, *, source: Source, now: datetime
) -> None:
    await state_consents(tx, customer_id, [Consent(purpose, document_version, True)], source=source, now=now)


async def withdraw_consent(
    tx: Tx, customer_id: UUID, purpose: str, document_version: str, *, source: Source, now: datetime
) -> None:
    await state_consents(tx, customer_id, [Consent(purpose, document_version, False)], source=source, now=now)


async def state_consents(
    tx: Tx, customer_id: UUID, consents: Sequence[Consent], *, source: Source, now: datetime
) -> None:
    """Write down what the customer said on each purpose. Saying the same again adds nothing."""
    rules.require_plain(consents)
    person = await person_to_change(tx, customer_id)
    latest = {state.purpose: state for state in await store.consents(tx, person.number)}
    news = [
        consent
        for consent in consents
        if (said := latest.get(consent.purpose)) is None
        or (said.given, said.document_version) != (consent.given, consent.document_version)
    ]
    await write_consents(tx, person.number, person.id, news, source, now)


async def write_consents(
    tx: Tx, number: int, customer_id: UUID, consents: Sequence[Consent], source: Source, now: datetime
) -> None:
    """For stories that have already made sure of the customer."""
    for consent in consents:
        await store.insert_consent(tx, number, consent, source, now)
        fact = (ConsentGiven if consent.given else ConsentWithdrawn)(
            customer_id=customer_id,
            purpose=consent.purpose,
            document_version=consent.document_version,
            source=source,
        )
        await events.publish(tx, fact, key=number, subject=str(customer_id), at=now)
