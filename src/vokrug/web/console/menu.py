"""Where one may go from every page of the console."""

from dataclasses import dataclass

from vokrug.kernel import Text
from vokrug.web.console.staff import Duty

EVERYBODY = tuple(Duty)


@dataclass(frozen=True, slots=True)
class Place:
    path: str
    words: Text
    duties: tuple[Duty, ...] = EVERYBODY


MENU = (Place("/console", Text(en="Today", ru="Сегодня")),)
