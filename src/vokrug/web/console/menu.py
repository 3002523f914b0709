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


MENU = (
    Place("/console", Text(en="Today", ru="Сегодня")),
    Place("/console/customers", Text(en="Customers", ru="Клиенты"), (Duty.SUPPORT, Duty.MANAGER, Duty.STEWARD)),
    Place("/console/offers", Text(en="Offers", ru="Акции"), (Duty.MARKETER, Duty.ANALYST, Duty.MANAGER)),
    Place(
        "/console/reports",
        Text(en="Reports", ru="Отчёты"),
        (Duty.ANALYST, Duty.MARKETER, Duty.MANAGER, Duty.FRANCHISEE),
    ),
    Place("/console/shops", Text(en="Shops and tills", ru="Магазины и кассы")),
    Place(
        "/console/returns",
        Text(en="Returns that wait", ru="Ждущие возвраты"),
        (Duty.MANAGER, Duty.SUPPORT, Duty.FRANCHISEE),
    ),
    Place("/console/deviations", Text(en="Deviations", ru="Отклонения"), (Duty.MANAGER, Duty.ANALYST, Duty.FRANCHISEE)),
    Place("/console/merges", Text(en="One person?", ru="Один человек?"), (Duty.STEWARD,)),
    Place(
        "/console/gift-cards", Text(en="Gift cards", ru="Подарочные карты"), (Duty.MANAGER, Duty.MARKETER, Duty.ANALYST)
    ),
    Place("/console/audit", Text(en="Who did what", ru="Кто что сделал"), (Duty.STEWARD, Duty.ANALYST)),
    Place("/console/jobs", Text(en="Schedules and jobs", ru="Расписания и задачи"), (Duty.MANAGER,)),
    Place("/console/staff", Text(en="Staff", ru="Сотрудники"), (Duty.OWNER,)),
    Place("/console/keys", Text(en="Keys", ru="Ключи"), (Duty.OWNER,)),
    Place("/console/messages", Text(en="Messages to send", ru="Исходящие сообщения"), (Duty.OWNER,)),
    Place("/events/catalogue", Text(en="Catalogue of facts", ru="Каталог событий")),
)
