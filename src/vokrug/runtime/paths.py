"""From a path to an endpoint: one dict for plain paths, a short list of patterns for the rest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

KINDS = {
    "str": r"[^/]+",
    "int": r"[0-9]{1,18}",
    "uuid": r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
    "path": r".+",
}
PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class PathParameter:
    name: str
    kind: str


def parameters_of(template: str) -> list[PathParameter]:
    """The parameters of a path template, in order."""
    return [PathParameter(name, kind or "str") for name, kind in PARAMETER.findall(template)]


def without_kinds(template: str) -> str:
    """`/checks/{uid:uuid}:commit` as OpenAPI writes it: `/checks/{uid}:commit`."""
    return PARAMETER.sub(r"{\1}", template)


def _pattern(template: str) -> re.Pattern[str]:
    parts, at = [], 0
    for found in PARAMETER.finditer(template):
        parts += [re.escape(template[at : found.start()]), f"(?P<{found[1]}>{KINDS[found[2] or 'str']})"]
        at = found.end()
    return re.compile("".join([*parts, re.escape(template[at:])]))


@dataclass(slots=True)
class _Place(Generic[T]):
    template: str
    pattern: re.Pattern[str]
    by_method: dict[str, T]


class PathTable(Generic[T]):
    """Endpoints by path and method.

    Patterns are kept by what stands before their first parameter, so a thousand endpoints cost a request
    no more than the few that share its beginning. The one with the most plain text is tried first:
    `/keys/{id}:revoke` before `/keys/{id}`.
    """

    def __init__(self) -> None:
        self._plain: dict[str, dict[str, T]] = {}
        self._places: dict[str, list[_Place[T]]] = {}

    def add(self, method: str, template: str, endpoint: T) -> None:
        by_method = self._methods_at(template)
        if method in by_method:
            raise ValueError(f"{method} {template} is declared twice")
        by_method[method] = endpoint

    def _methods_at(self, template: str) -> dict[str, T]:
        if "{" not in template:
            return self._plain.setdefault(template, {})
        beginning = template[: template.index("{")]
        places = self._places.setdefault(beginning[: beginning.rindex("/") + 1], [])
        pattern = _pattern(template)
        for place in places:
            if place.pattern == pattern:
                return place.by_method
        places.append(_Place(template, pattern, {}))
        places.sort(key=lambda place: -len(PARAMETER.sub("", place.template)))
        return places[[place.pattern for place in places].index(pattern)].by_method

    def find(self, path: str) -> tuple[dict[str, T], Mapping[str, str]] | None:
        """The endpoints at this path by method, with the path's parameters. None when nothing is there."""
        plain = self._plain.get(path)
        if plain is not None:
            return plain, NOTHING
        cut = len(path)
        while (cut := path.rfind("/", 0, cut)) >= 0:
            for place in self._places.get(path[: cut + 1], ()):
                if found := place.pattern.fullmatch(path):
                    return place.by_method, found.groupdict()
        return None
