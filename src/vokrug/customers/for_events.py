"""What the stream of facts may ask of us: whose key seals a fact, and who is meant by an identifier. Nothing else."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from vokrug import events
from vokrug.customers import store
from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    IdentifierBlocked,
    IdentifierMalformed,
    IdentifierTypeUnknown,
    PhoneMalformed,
)
from vokrug.customers.types import Identifier
from vokrug.runtime.database import Tx

CUSTOMER_ID = "id"
NOBODY = (IdentifierTypeUnknown, IdentifierMalformed, PhoneMalformed, IdentifierBlocked)


class People:
    """Serves `events.PersonalKeys` and `events.CustomerFinder`."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def people(self, tx: Tx, ids: Collection[UUID]) -> Mapping[UUID, events.Person]:
        """By the very id a fact was told under, also of a customer merged away. Who was erased has no key."""
        return {
            one.id: events.Person(self._directory.vault.person_key(one.id, one.wrapped), frozenset(one.declined))
            for one in await store.keys_of(tx, ids)
        }

    async def find(self, tx: Tx, wanted: Sequence[tuple[str, str]]) -> list[events.Found | None]:
        """Who is behind each (type, value); nobody, too, behind what is no identifier at all."""
        await self._directory.meet(tx, {code for code, _ in wanted if code != CUSTOMER_ID})
        ids, identifiers = {}, {}
        for i, (code, value) in enumerate(wanted):
            if code == CUSTOMER_ID:
                ids[i] = _uuid(value)
            else:
                identifiers[i] = self._identify(code, value)
        known = {i: each for i, each in identifiers.items() if each is not None}
        people = await store.resolve(tx, list(known.values())) if known else {}
        found = {i: events.Found(people[n].number, people[n].id) for n, i in enumerate(known) if n in people}
        by_id = await store.numbers_of(tx, {id for id in ids.values() if id is not None}) if ids else {}
        found |= {i: events.Found(*by_id[id]) for i, id in ids.items() if id in by_id}
        return [found.get(i) for i in range(len(wanted))]

    def _identify(self, code: str, value: str) -> Identifier | None:
        try:
            return self._directory.identify(code, value)
        except NOBODY:
            return None


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
