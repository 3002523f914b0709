"""What the sample chain sells: a tree of categories and some four hundred invented articles."""

from dataclasses import dataclass
from random import Random

# code, name, parent; parents first.
CATEGORIES = (
    ("food", "Продукты", None), ("bakery", "Хлеб и выпечка", "food"), ("dairy", "Молочное", "food"),
    ("greens", "Овощи и фрукты", "food"), ("meat", "Мясо и птица", "food"), ("fish", "Рыба", "food"),
    ("grocery", "Бакалея", "food"), ("sweets", "К чаю", "food"), ("drinks", "Напитки", "food"),
    ("frozen", "Заморозка", "food"), ("ready", "Готовая еда", "food"), ("excise", "Подакцизное", None),
    ("home", "Для дома", None),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category at the bottom of the tree: makers and things, each maker's price a little different."""

    code: str
    name: str
    parent: str
    makers: str
    things: str  # "name price, name price"
    is_weighed: bool = False
    popularity: float = 1.0
    is_excise: bool = False


SHELVES = (
    Shelf("bread", "Хлеб", "bakery", "Околица, Мельница",
          "Хлеб ржаной 52, Хлеб пшеничный 46, Батон нарезной 49, Лаваш тонкий 62, Багет 68, Хлеб зерновой 88",
          popularity=3.2),
    Shelf("pies", "Пироги и булочки", "bakery", "Околица",
          "Пирожок с капустой 45, Пирожок с мясом 65, Ватрушка 55, Булочка с маком 48, Курник 189, Шаньга 52, "
          "Слойка с вишней 69, Расстегай с рыбой 119", popularity=2.0),
    Shelf("milk", "Молоко и кефир", "dairy", "Заливной луг, Бурёнкин двор",
          "Молоко 2.5 % 0.9 л 89, Молоко 3.2 % 0.9 л 96, Кефир 1 % 0.9 л 84, Ряженка 0.5 л 72, Простокваша 0.5 л 69, "
          "Сливки 10 % 0.2 л 79", popularity=3.0),
    Shelf("yoghurt", "Йогурт и творог", "dairy", "Заливной луг, Бурёнкин двор",
          "Йогурт густой 68, Йогурт с ягодами 54, Творог 5 % 200 г 119, Творог 9 % 200 г 129, Сырок глазированный 42, "
          "Сметана 15 % 300 г 112", popularity=2.2),
    Shelf("cheese", "Сыр", "dairy", "Горный хутор, Заливной луг",
          "Сыр полутвёрдый 890, Сыр твёрдый 1190, Сыр молодой 760, Брынза 690, Сыр копчёный 820", is_weighed=True,
          popularity=1.4),
    Shelf("eggs-butter", "Яйца и масло", "dairy", "Заливной луг, Птичий хутор",
          "Яйца С1 10 шт. 109, Яйца С0 10 шт. 129, Масло 82.5 % 180 г 219, Масло 72.5 % 180 г 189", popularity=1.8),
    Shelf("vegetables", "Овощи", "greens", "Огород",
          "Картофель 49, Морковь 59, Лук репчатый 45, Капуста 42, Свёкла 52, Огурцы 219, Томаты 239, "
          "Перец сладкий 289, Баклажаны 259, Кабачки 149, Чеснок 349, Тыква 69", is_weighed=True, popularity=3.0),
    Shelf("fruit", "Фрукты", "greens", "Сад",
          "Яблоки 139, Груши 229, Бананы 149, Апельсины 179, Мандарины 199, Лимоны 189, Виноград 299, Гранаты 279, "
          "Сливы 219, Хурма 249", is_weighed=True, popularity=2.8),
    Shelf("herbs", "Зелень и грибы", "greens", "Огород",
          "Укроп 50 г 49, Петрушка 50 г 49, Салат в горшке 89, Руккола 125 г 119, Шампиньоны 300 г 159, "
          "Лук зелёный 50 г 45", popularity=1.3),
    Shelf("poultry", "Птица", "meat", "Птичий хутор, Околица",
          "Цыплёнок 239, Филе куриное 429, Голень куриная 259, Фарш куриный 349, Индейка филе 589", is_weighed=True,
          popularity=1.9),
    Shelf("fresh-meat", "Мясо", "meat", "Степной двор, Околица",
          "Свинина шея 529, Говядина тазобедренная 749, Фарш домашний 489, Баранина 829, Рёбра свиные 419",
          is_weighed=True, popularity=1.4),
    Shelf("sausage", "Колбаса и ветчина", "meat", "Степной двор, Купеческий погреб",
          "Колбаса варёная 400 г 269, Сосиски 400 г 249, Ветчина 300 г 299, Колбаса копчёная 300 г 359, "
          "Сервелат 350 г 339", popularity=1.8),
    Shelf("fresh-fish", "Рыба свежая", "fish", "Северный причал",
          "Горбуша 449, Сёмга 1590, Треска 589, Скумбрия 379, Камбала 329, Минтай 249, Омуль 890", is_weighed=True,
          popularity=0.9),
    Shelf("fish-preserved", "Рыба солёная и консервы", "fish", "Северный причал, Семь ветров",
          "Сельдь 250 г 219, Шпроты 160 г 189, Тунец 185 г 229, Сайра 240 г 209, Икра лососёвая 95 г 690",
          popularity=0.8),
    Shelf("cereals", "Крупы", "grocery", "Золотая нива, Мельница",
          "Гречка 800 г 98, Рис круглый 800 г 112, Рис длинный 800 г 124, Овсянка 400 г 69, Пшено 700 г 64, "
          "Булгур 500 г 99, Горох 800 г 62", popularity=1.4),
    Shelf("pasta", "Макароны", "grocery", "Золотая нива, Паста Нова",
          "Спагетти 450 г 89, Перья 450 г 84, Рожки 450 г 79, Лапша яичная 250 г 74, Вермишель 400 г 72",
          popularity=1.3),
    Shelf("oil-sauces", "Масло и соусы", "grocery", "Золотая нива, Купеческий погреб",
          "Масло подсолнечное 0.9 л 129, Масло оливковое 0.5 л 749, Майонез 400 мл 119, Кетчуп 350 г 109, "
          "Горчица 190 г 69, Аджика 190 г 99", popularity=1.1),
    Shelf("flour-sugar", "Мука, сахар, соль", "grocery", "Мельница, Золотая нива",
          "Мука 2 кг 119, Сахар 1 кг 79, Соль 1 кг 29, Сода 500 г 42, Крахмал 200 г 59", popularity=1.0),
    Shelf("preserves", "Соленья и консервы", "grocery", "Бабушкин погреб, Огород",
          "Огурцы солёные 680 г 189, Томаты в соку 680 г 179, Горошек 400 г 89, Кукуруза 340 г 99, Фасоль 400 г 95, "
          "Икра кабачковая 500 г 119", popularity=0.9),
    Shelf("tea", "Чай", "sweets", "Самовар, Иван да чай",
          "Чай чёрный 100 г 149, Чай зелёный 100 г 169, Иван-чай 75 г 229, Чай с чабрецом 100 г 179", popularity=0.9),
    Shelf("coffee", "Кофе", "sweets", "Корабль, Утро",
          "Кофе молотый 250 г 449, Кофе в зёрнах 250 г 499, Кофе растворимый 95 г 389", popularity=0.8),
    Shelf("chocolate", "Шоколад и конфеты", "sweets", "Сладкий дворик, Ладушки",
          "Шоколад тёмный 90 г 119, Шоколад молочный 90 г 109, Конфеты с орехом 200 г 189, Мармелад 250 г 139, "
          "Зефир 250 г 149, Пастила 150 г 159", popularity=1.7),
    Shelf("biscuits", "Печенье и пряники", "sweets", "Сладкий дворик, Околица",
          "Печенье овсяное 300 г 99, Печенье сахарное 300 г 84, Пряники 350 г 109, Вафли 220 г 95, Сушки 300 г 72, "
          "Кекс 300 г 159", popularity=1.4),
    Shelf("jam-honey", "Мёд и варенье", "sweets", "Бабушкин погреб, Пасека",
          "Мёд цветочный 350 г 329, Мёд липовый 350 г 389, Варенье малиновое 320 г 219, Варенье вишнёвое 320 г 209",
          popularity=0.6),
    Shelf("water", "Вода", "drinks", "Родник, Ключевая",
          "Вода 1.5 л 54, Вода 5 л 99, Вода газированная 1.5 л 57, Вода минеральная 0.5 л 64", popularity=1.6),
    Shelf("juice", "Соки и квас", "drinks", "Сад, Бочка",
          "Сок яблочный 1 л 129, Сок томатный 1 л 119, Морс клюквенный 1 л 139, Квас 1 л 99, Компот 1 л 109",
          popularity=1.3),
    Shelf("soda", "Лимонады", "drinks", "Колокольчик, Бочка",
          "Лимонад 0.5 л 79, Тархун 0.5 л 79, Дюшес 0.5 л 79, Кола 1 л 109", popularity=1.2),
    Shelf("coffee-to-go", "Кофе с собой", "drinks", "Околица",
          "Капучино 0.3 л 159, Латте 0.3 л 169, Американо 0.25 л 119, Раф 0.3 л 199, Чай в стакане 69", popularity=1.6),
    Shelf("dumplings", "Пельмени и вареники", "frozen", "Уральский дом, Околица",
          "Пельмени домашние 800 г 299, Пельмени из оленины 700 г 459, Вареники с картофелем 700 г 269, "
          "Вареники с вишней 700 г 289", popularity=1.2),
    Shelf("ice-cream", "Мороженое", "frozen", "Снежный дворик, Ладушки",
          "Пломбир 80 г 69, Эскимо 70 г 89, Рожок 100 г 99, Сорбет 300 г 249", popularity=1.1),
    Shelf("frozen-greens", "Ягоды и овощи", "frozen", "Огород, Тайга",
          "Клюква 300 г 189, Брусника 300 г 199, Смесь овощная 400 г 139, Облепиха 300 г 219, Брокколи 400 г 169",
          popularity=0.6),
    Shelf("salads", "Салаты", "ready", "Околица",
          "Винегрет 159, Оливье 199, Сельдь под шубой 219, Салат из капусты 119, Салат греческий 249, Мимоза 209",
          popularity=1.2),
    Shelf("hot-meals", "Горячее", "ready", "Околица",
          "Борщ 169, Плов 229, Котлета с пюре 219, Сырники 189, Блины с мясом 199, Гречка с грибами 149, Солянка 199",
          popularity=1.5),
    Shelf("beer", "Пиво", "alcohol", "Бочка, Хмельной двор",
          "Пиво светлое 0.45 л 89, Пиво тёмное 0.45 л 99, Пиво пшеничное 0.45 л 109", popularity=0.9, is_excise=True),
    Shelf("wine", "Вино", "alcohol", "Тихая бухта, Долина",
          "Вино красное 0.75 л 589, Вино белое 0.75 л 549, Вино игристое 0.75 л 629", popularity=0.5, is_excise=True),
    Shelf("spirits", "Крепкое", "alcohol", "Купеческий погреб, Тайга",
          "Водка 0.5 л 449, Настойка 0.5 л 529, Коньяк 0.5 л 899", popularity=0.3, is_excise=True),
    Shelf("cigarettes", "Сигареты", "tobacco", "Дымок",
          "Сигареты тонкие 219, Сигареты крепкие 199, Сигареты лёгкие 209", popularity=0.5, is_excise=True),
    Shelf("cleaning", "Уборка и стирка", "home", "Чистый дом, Белый парус",
          "Порошок 2 кг 349, Средство для посуды 450 мл 129, Губки 5 шт. 89, Мешки для мусора 99, Мыло 90 г 59, "
          "Средство для стёкол 500 мл 149", popularity=0.6),
    Shelf("paper", "Бумага и салфетки", "home", "Белый парус, Берёзка",
          "Бумага 4 рулона 129, Полотенца 2 рулона 119, Салфетки 100 шт. 69, Пакет 9, Платочки 10 шт. 59",
          popularity=1.0),
    Shelf("pets", "Для питомцев", "home", "Усы и хвост, Добрый двор",
          "Корм кошачий 85 г 42, Корм кошачий 1.5 кг 549, Корм собачий 400 г 119, Корм собачий 2 кг 649",
          popularity=0.5),
)  # fmt: skip
EXCISE_GROUPS = (("alcohol", "Алкоголь", "excise"), ("tobacco", "Табак", "excise"))


@dataclass(frozen=True, slots=True)
class SampleArticle:
    sku: str
    name: str
    category: str
    maker: str
    barcode: str
    price_minor: int
    is_weighed: bool
    is_excise: bool


def categories() -> list[tuple[str, str, str | None]]:
    """Code, name and parent of every category, parents first."""
    return [*CATEGORIES, *EXCISE_GROUPS, *((shelf.code, shelf.name, shelf.parent) for shelf in SHELVES)]


def articles() -> dict[str, list[SampleArticle]]:
    """The articles of each shelf. Codes and prices are the same on every machine."""
    rng, found, number = Random("goods"), dict[str, list[SampleArticle]](), 0
    for shelf in SHELVES:
        for maker in shelf.makers.split(", "):
            for thing in shelf.things.split(", "):
                name, _, roubles = thing.rpartition(" ")
                number += 1
                price_minor = round(int(roubles) * rng.uniform(0.94, 1.08)) * 100 - (1 if rng.random() < 0.3 else 10)
                found.setdefault(shelf.code, []).append(
                    SampleArticle(
                        sku=f"A{number:04}",
                        name=f"{name} «{maker}»",
                        category=shelf.code,
                        maker=maker,
                        barcode=ean13(f"{'22' if shelf.is_weighed else '20'}{number:010}"),
                        price_minor=price_minor,
                        is_weighed=shelf.is_weighed,
                        is_excise=shelf.is_excise,
                    )
                )
    return found


def ean13(digits: str) -> str:
    """Twelve digits with their check digit. Codes that begin with 2 are a shop's own: they meet nobody else's."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-weighted % 10)
