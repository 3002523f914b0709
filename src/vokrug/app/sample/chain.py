"""The invented chain «Околица»: its shops, the companies behind them, tiers and offers."""

from collections.abc import Mapping
from typing import Any, NamedTuple

CHAIN = "Околица"


class SampleShop(NamedTuple):
    code: str
    city: str
    zone: str
    legal_entity: str
    groups: tuple[str, ...]
    tills: int
    busyness: float  # how much of the chain's trade is here; 1.0 is a middling shop
    dearness: float  # goods travel far to some of them

    @property
    def name(self) -> str:
        return f"{CHAIN}, {self.city}"


OWN = "ООО «Околица»"
SHOPS = (
    SampleShop("kaliningrad-1", "Калининград, Тихий проезд", "Europe/Kaliningrad", "ООО «Янтарная лавка»",
               ("franchise", "west"), 2, 0.9, 1.06),
    SampleShop("moscow-1", "Москва, Кленовый переулок", "Europe/Moscow", OWN, ("own", "west"), 3, 1.6, 1.10),
    SampleShop("moscow-2", "Москва, Яблоневая аллея", "Europe/Moscow", OWN, ("own", "west"), 3, 1.4, 1.10),
    SampleShop("moscow-3", "Москва, Речной спуск", "Europe/Moscow", "ООО «Речной причал»",
               ("franchise", "west"), 2, 1.1, 1.10),
    SampleShop("petersburg-1", "Санкт-Петербург, Парусный переулок", "Europe/Moscow", "ООО «Белая ночь и хлеб»",
               ("franchise", "west"), 3, 1.3, 1.06),
    SampleShop("samara-1", "Самара, Волжский взвоз", "Europe/Samara", "ООО «Волжский каравай»",
               ("franchise", "middle"), 2, 0.9, 0.97),
    SampleShop("yekaterinburg-1", "Екатеринбург, Малахитовая улица", "Asia/Yekaterinburg", "ООО «Уральский порог»",
               ("franchise", "middle"), 3, 1.1, 1.0),
    SampleShop("omsk-1", "Омск, Степная улица", "Asia/Omsk", "ООО «Степь да колос»",
               ("franchise", "middle"), 2, 0.8, 0.96),
    SampleShop("novosibirsk-1", "Новосибирск, Сосновый бор", "Asia/Novosibirsk", "ООО «Кедровый дом»",
               ("franchise", "middle"), 2, 1.0, 0.99),
    SampleShop("irkutsk-1", "Иркутск, Байкальский тракт", "Asia/Irkutsk", "ООО «Омуль и компания»",
               ("franchise", "east"), 2, 0.7, 1.08),
    SampleShop("vladivostok-1", "Владивосток, Маячная улица", "Asia/Vladivostok", "ООО «Семь причалов»",
               ("franchise", "east"), 2, 0.8, 1.18),
    SampleShop("kamchatka-1", "Петропавловск-Камчатский, Вулканная улица", "Asia/Kamchatka", "ООО «Край света»",
               ("franchise", "east"), 2, 0.5, 1.32),
)  # fmt: skip

# Code, names, and the net spend that qualifies.
TIERS = (
    ("novice", "Новичок", "Newcomer", "0"),
    ("friend", "Друг", "Friend", "5000"),
    ("regular", "Свой", "Regular", "15000"),
    ("family", "Родной", "Family", "40000"),
)
EARNED_BP = {"novice": 200, "friend": 300, "regular": 400, "family": 500}

HOUSE_OWNER, MARKETING = "Программа лояльности", "Маркетинг"


class SampleOffer(NamedTuple):
    key: str
    name: str
    owner: str
    body: dict[str, Any]


def offers_of(categories: Mapping[str, int], shops: Mapping[str, int]) -> list[SampleOffer]:
    """The offers that run, in the words of the marketer; categories and shops by their codes."""

    def goods(*codes: str) -> dict[str, Any]:
        return {"categories": [categories[code] for code in codes]}

    def percent(percent_bp: int) -> dict[str, Any]:
        return {"kind": "percent", "percent_bp": percent_bp}

    members = {"members_only": True}
    programme = [
        SampleOffer("programme", "Один балл — один рубль", HOUSE_OWNER, {"kind": "point_programme"}),
        SampleOffer(
            "burn-half",
            "Баллами до половины чека, кроме алкоголя и табака",
            HOUSE_OWNER,
            {"kind": "burn_cap", "share_bp": 5_000, "closed": goods("alcohol", "tobacco")},
        ),
        *(
            SampleOffer(
                f"earn-{code}",
                f"{rate_bp // 100} % баллами, уровень «{name}»",
                HOUSE_OWNER,
                {
                    "kind": "earn",
                    "who": {"tiers": [code]},
                    "reward": {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": rate_bp}]},
                    "expires": {"kind": "days", "days": 90},
                },
            )
            for code, name, _, _ in TIERS
            for rate_bp in [EARNED_BP[code]]
        ),
    ]
    running: list[tuple[str, str, dict[str, Any]]] = [
        ("bread-evening", "Вечерний хлеб: −30 % после 20:00", {
            "kind": "item_discount", "goods": goods("bread"), "benefit": percent(3_000),
            "when": {"hours": [{"start": "20:00", "end": "24:00"}]}}),
        ("coffee-morning", "Кофе с собой до десяти утра: −20 %", {
            "kind": "item_discount", "goods": goods("coffee-to-go"), "benefit": percent(2_000),
            "when": {"hours": [{"start": "08:00", "end": "10:00"}]}}),
        ("fish-thursday", "Рыбный четверг: −15 %", {
            "kind": "item_discount", "goods": goods("fish"), "benefit": percent(1_500), "when": {"weekdays": [4]}}),
        ("pies-weekend", "Пироги по выходным: −10 % своим", {
            "kind": "item_discount", "goods": goods("pies"), "benefit": percent(1_000), "who": members,
            "when": {"weekdays": [6, 7]}}),
        ("dairy-members", "Молочное с картой: −5 %", {
            "kind": "item_discount", "goods": goods("dairy"), "benefit": percent(500), "who": members}),
        ("sweets-three", "Три и больше к чаю: −12 %", {
            "kind": "item_discount", "goods": goods("sweets"), "benefit": percent(1_200), "min_qty_milli": 3_000}),
        ("pelmeni-price", "Пельмени с картой по 249.00", {
            "kind": "item_discount", "goods": goods("dumplings"), "who": members,
            "benefit": {"kind": "fixed_price", "price_minor": 249_00}}),
        ("basket-2000", "Чек от 2000: минус 100 рублей", {
            "kind": "basket_discount", "min_minor": 2_000_00, "benefit": {"kind": "amount", "amount_minor": 100_00}}),
        ("app-5", "Заказ в приложении: −5 %, не больше 150 рублей", {
            "kind": "basket_discount", "where": {"channels": ["app"]}, "benefit": percent(500),
            "max_minor": 150_00}),
        ("kamchatka-far", "Камчатка: −7 % на овощи и фрукты", {
            "kind": "item_discount", "goods": goods("greens"), "benefit": percent(700),
            "where": {"shops": [shops["kamchatka-1"]]}}),
        ("east-fish", "Восток: рыба ещё ближе, −8 %", {
            "kind": "item_discount", "goods": goods("fish"), "benefit": percent(800),
            "where": {"shop_groups": ["east"]}}),
        ("double-greens", "Двойные баллы за овощи и фрукты", {
            "kind": "earn_multiplier", "goods": goods("greens"), "factor_bp": 20_000,
            "expires": {"kind": "days", "days": 30}}),
        ("kaliningrad-cheese", "Калининград: сыр −10 %", {
            "kind": "item_discount", "goods": goods("cheese"), "benefit": percent(1_000),
            "where": {"shops": [shops["kaliningrad-1"]]}}),
        ("ready-evening", "Ужин со скидкой: готовая еда −25 % после 21:00", {
            "kind": "item_discount", "goods": goods("ready"), "benefit": percent(2_500),
            "when": {"hours": [{"start": "21:00", "end": "24:00"}]}}),
        ("spring-code", "По слову «ОКОЛИЦА» −50 рублей от 500", {
            "kind": "basket_discount", "code": "ОКОЛИЦА", "min_minor": 500_00,
            "benefit": {"kind": "amount", "amount_minor": 50_00}}),
    ]  # fmt: skip
    return programme + [SampleOffer(key, name, MARKETING, body) for key, name, body in running]
