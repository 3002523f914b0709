"""What a process keeps at hand to find people: the keys, and the types of identifiers and attributes."""

from collections.abc import Iterable

from vokrug.customers import store
from vokrug.customers.errors import AttributeUnknown, IdentifierTypeUnknown
from vokrug.customers.normalisers import normalise
from vokrug.customers.types import AttributeType, Identifier, IdentifierType
from vokrug.customers.vault import Vault
from vokrug.runtime.database import Tx


class Directory:
    """Loaded at start, refreshed after a definition changed: here by the edge that changed it, in
    other processes by whoever hears of it. A code met for the first time makes it look once more.
    """

    def __init__(
        self, vault: Vault, identifiers: Iterable[IdentifierType], attributes: Iterable[AttributeType] = ()
    ) -> None:
        self.vault = vault
        self._keep(identifiers, attributes)

    def _keep(self, identifiers: Iterable[IdentifierType], attributes: Iterable[AttributeType]) -> None:
        self._identifiers = {kind.code: kind for kind in identifiers}
        self._identifiers_by_id = {kind.id: kind for kind in self._identifiers.values()}
        self._attributes = {kind.code: kind for kind in attributes}

    @classmethod
    async def load(cls, tx: Tx, vault: Vault) -> "Directory":
        directory = cls(vault, ())
        await directory.refresh(tx)
        return directory

    async def refresh(self, tx: Tx) -> None:
        self._keep(await store.identifier_types(tx), await store.attribute_types(tx))

    async def meet(self, tx: Tx, codes: Iterable[str]) -> None:
        """Look once more if a code is new: it may have been defined a moment ago elsewhere."""
        if any(code not in self._identifiers for code in codes):
            await self.refresh(tx)

    async def meet_ids(self, tx: Tx, type_ids: Iterable[int]) -> None:
        if any(type_id not in self._identifiers_by_id for type_id in type_ids):
            await self.refresh(tx)

    async def meet_attributes(self, tx: Tx, codes: Iterable[str]) -> None:
        if any(code not in self._attributes for code in codes):
            await self.refresh(tx)

    def identifier_type(self, code: str) -> IdentifierType:
        if (kind := self._identifiers.get(code)) is None:
            raise IdentifierTypeUnknown
        return kind

    def identifier_type_by_id(self, type_id: int) -> IdentifierType:
        return self._identifiers_by_id[type_id]

    def attribute_type(self, code: str) -> AttributeType:
        if (kind := self._attributes.get(code)) is None:
            raise AttributeUnknown(code=code[:64])
        return kind

    def identifier_types(self) -> list[IdentifierType]:
        return sorted(self._identifiers.values(), key=lambda kind: kind.id)

    def attribute_types(self) -> list[AttributeType]:
        return sorted(self._attributes.values(), key=lambda kind: kind.code)

    def identify(self, code: str, value: str) -> Identifier:
        """Normalise and hash. `.type.id` and `.hash` are what `customers_resolve` takes. No I/O."""
        kind = self.identifier_type(code)
        normalised = normalise(kind, value)
        return Identifier(kind, normalised, self.vault.lookup_hash(kind.code, normalised))
