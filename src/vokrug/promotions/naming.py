"""Bodies of offers in files: shops by their codes, articles by their skus, categories by their codes.

A number means something in one database only. In a file a name stands in its place; a number that nobody has a
name for stays what it is.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from vokrug.promotions.errors import OfferNonsense
from vokrug.promotions.outside import Chain, NameOf
from vokrug.promotions.types import OfferRecord
from vokrug.runtime.database import Tx

FIELDS: dict[str, NameOf] = {
    "shops": "shop",
    "except_shops": "shop",
    "articles": "article",
    "except_articles": "article",
    "categories": "category",
    "except_categories": "category",
}


class NameUnknown(Exception):
    """Nothing has this name."""

    def __init__(self, path: str, name: str) -> None:
        super().__init__(path, name)
        self.path, self.name = path, name


class Names:
    """Looks names and numbers up once each, many at a time."""

    def __init__(self, tx: Tx, chain: Chain) -> None:
        self.tx, self.chain = tx, chain
        self._names: dict[tuple[NameOf, int], str] = {}
        self._numbers: dict[tuple[NameOf, str], int] = {}

    async def named(self, bodies: Iterable[Any]) -> list[Any]:
        """Bodies with names for numbers."""
        found = list(bodies)
        for kind, numbers in _by_kind(found, int).items():
            known = await self.chain.names(self.tx, kind, sorted(numbers))
            self._names |= {(kind, number): name for number, name in known.items()}
        return [_replaced(body, "", lambda kind, path, each: self._names.get((kind, each), each)) for body in found]

    async def numbered(self, body: Any) -> Any:
        """A body with numbers for names. A name that nobody knows is an error with its path."""
        for kind, names in _by_kind([body], str).items():
            unknown = sorted(name for name in names if (kind, name) not in self._numbers)
            if unknown:
                known = await self.chain.numbers(self.tx, kind, unknown)
                self._numbers |= {(kind, name): number for name, number in known.items()}
        return _replaced(body, "body", self._number)

    def _number(self, kind: NameOf, path: str, each: Any) -> Any:
        if not isinstance(each, str):
            return each
        if (kind, each) not in self._numbers:
            raise NameUnknown(path, each)
        return self._numbers[kind, each]


def _by_kind(bodies: Iterable[Any], type_: type) -> dict[NameOf, set[Any]]:
    found: dict[NameOf, set[Any]] = {}
    for body in bodies:
        for kind, values in _lists(body):
            found.setdefault(kind, set()).update(each for each in values if isinstance(each, type_))
    return {kind: values for kind, values in found.items() if values}


def _lists(value: Any) -> Iterator[tuple[NameOf, list[Any]]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in FIELDS and isinstance(inner, (list, tuple)):
                yield FIELDS[name], list(inner)
            else:
                yield from _lists(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _lists(inner)


def _replaced(value: Any, path: str, lookup: Callable[[NameOf, str, Any], Any]) -> Any:
    if isinstance(value, dict):
        return {
            name: [lookup(FIELDS[name], f"{path}.{name}", each) for each in inner]
            if name in FIELDS and isinstance(inner, (list, tuple))
            else _replaced(inner, f"{path}.{name}", lookup)
            for name, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_replaced(inner, f"{path}[{at}]", lookup) for at, inner in enumerate(value)]
    return value


async def numbered(tx: Tx, records: Iterable[OfferRecord], chain: Chain) -> list[OfferRecord]:
    """Records of a file with numbers for names, to be tried without being written down."""
    names = Names(tx, chain)
    found = []
    for record in records:
        try:
            found.append(msgspec.structs.replace(record, body=await names.numbered(record.body)))
        except NameUnknown as error:
            why, why_ru = f"nothing is called “{error.name}”", f"нет ничего с именем «{error.name}»"
            raise OfferNonsense(field=f"{record.key}: {error.path}", why=why, why_ru=why_ru) from None
    return found
