"""The sample chain's shoppers: whom to call how, where they buy, what they like."""

from dataclasses import dataclass
from random import Random
from uuid import UUID

from vokrug.app.sample.chain import SHOPS
from vokrug.app.sample.goods import SHELVES

NAMES = (
    "Александра Алёна Алиса Алла Анастасия Анна Антонина Валентина Валерия Варвара Вера Вероника Виктория Галина "
    "Дарья Диана Ева Евгения Екатерина Елена Елизавета Жанна Зинаида Зоя Инна Ирина Карина Кира Клавдия Ксения "
    "Лариса Лидия Любовь Людмила Маргарита Марина Мария Мила Надежда Наталья Нина Оксана Ольга Полина Раиса Светлана "
    "София Тамара Татьяна Ульяна Юлия Яна Алмаз Айрат Айгуль Александр Алексей Анатолий Андрей Антон Аркадий Артём "
    "Борис Вадим Валерий Василий Виктор Виталий Владимир Вячеслав Георгий Глеб Григорий Даниил Денис Дмитрий Егор "
    "Захар Иван Игорь Илья Кирилл Константин Лев Леонид Максим Марат Матвей Михаил Никита Николай Олег Павел Пётр "
    "Роман Руслан Савелий Семён Сергей Станислав Степан Тимур Фёдор Юрий Ярослав Саша Баира Сайана Нюргуяна Батыр"
)
INITIALS = "АБВГДЕЗИКЛМНОПРСТУФХЧШ"


@dataclass(frozen=True, slots=True)
class SampleShopper:
    phone: str
    called: str
    language: str
    home: int  # the place of their shop in SHOPS
    weight: float  # how often they come, next to others
    likes: tuple[str, ...]  # shelves
    spends_points: float  # how often they pay with points
    uses_app: bool
    since: float  # the part of the history that had passed when they joined
    request_id: UUID


def shoppers(count: int) -> list[SampleShopper]:
    """The same people on every machine, and the first of them however many there are."""
    rng, names = Random("shoppers"), NAMES.split()
    shelves, popularity = [shelf.code for shelf in SHELVES], [shelf.popularity for shelf in SHELVES]
    busyness = [shop.busyness for shop in SHOPS]
    return [
        SampleShopper(
            phone=f"+7900{3_000_000 + number * 7 + rng.randrange(7)}",
            called=rng.choice(names) + (f" {rng.choice(INITIALS)}." if rng.random() < 0.25 else ""),
            language="en" if rng.random() < 0.02 else "ru",
            home=rng.choices(range(len(SHOPS)), busyness)[0],
            weight=min(4.0, rng.lognormvariate(0, 0.6)),
            likes=tuple(rng.choices(shelves, popularity, k=9)),
            spends_points=rng.choice((0.02, 0.05, 0.1, 0.25)),
            uses_app=rng.random() < 0.12,
            since=0.0 if rng.random() < 0.55 else rng.random() * 0.9,
            request_id=UUID(int=rng.getrandbits(128), version=4),
        )
        for number in range(count)
    ]
