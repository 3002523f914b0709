"""The way to the next tier, and what keeps this one, in the customer's words."""

from datetime import date

from vokrug.kernel import Text, format_minor
from vokrug.promotions.tiers import rules
from vokrug.promotions.tiers.types import Done, Metric, Programme, Tier

PATH = Text(en='{missing} to "{tier}"', ru="До уровня «{tier}» осталось {missing}")
PATH_UNTIL = Text(en='{missing} to "{tier}" by {until}', ru="До уровня «{tier}» осталось {missing} до {until}")
KEEP = Text(en='To keep "{tier}": {missing}', ru="Чтобы сохранить уровень «{tier}»: {missing}")
KEEP_UNTIL = Text(
    en='To keep "{tier}": {missing} by {until}', ru="Чтобы сохранить уровень «{tier}»: {missing} до {until}"
)
KEPT = Text(en='"{tier}" is kept for the next period', ru="Уровень «{tier}» сохраняется на следующий период")
TOP = Text(en="The highest level is reached", ru="Достигнут высший уровень")
AND = Text(en=" and ", ru=" и ")

# one, few (2–4), many
_VISITS = ("покупка", "покупки", "покупок")
_CATEGORIES = ("категория", "категории", "категорий")
_POINTS = ("балл", "балла", "баллов")


def plural(count: int, forms: tuple[str, str, str]) -> str:
    """The Russian form that goes with a number."""
    if count % 100 in (11, 12, 13, 14):
        return forms[2]
    return forms[0] if count % 10 == 1 else forms[1] if count % 10 in (2, 3, 4) else forms[2]


def path(
    programme: Programme, done: Done, tier: Tier | None, language: str, today: date | None, currency: str = "RUB"
) -> str:
    """What is missing to the next rung."""
    if not programme.tiers:
        return ""
    following = rules.next_tier(programme, tier)
    if following is None:
        return TOP.say(language)
    lacks = rules.missing(following.needs, done, programme.match)
    words = AND.say(language).join(said(metric, amount, language, currency) for metric, amount in lacks.items())
    until = None if today is None else rules.window_end(programme, today)
    if until is None:
        return PATH.say(language, missing=words, tier=following.name(language))
    return PATH_UNTIL.say(language, missing=words, tier=following.name(language), until=dated(until, language))


def keep(programme: Programme, done: Done, tier: Tier | None, language: str, today: date, currency: str = "RUB") -> str:
    """What is missing to keep this rung at the next review; nothing where tiers are not reviewed."""
    if tier is None or programme.down == "at_once" or rules.meets(tier.needs, Done(), programme.match):
        return ""
    needs = rules.kept_on(tier)
    if rules.meets(needs, done, programme.match):
        return KEPT.say(language, tier=tier.name(language))
    lacks = rules.missing(needs, done, programme.match)
    words = AND.say(language).join(said(metric, amount, language, currency) for metric, amount in lacks.items())
    until = rules.window_end(programme, today)
    if until is None:
        return KEEP.say(language, tier=tier.name(language), missing=words)
    return KEEP_UNTIL.say(language, tier=tier.name(language), missing=words, until=dated(until, language))


def said(metric: Metric, amount: int, language: str, currency: str = "RUB") -> str:
    is_russian = language == "ru"
    match metric:
        case "spend":
            return money(amount, currency, language)
        case "points":
            whole = format_minor(amount).removesuffix(".00")
            return f"{whole} {plural(amount // 100, _POINTS)}" if is_russian else f"{whole} points"
        case "visits":
            return f"{amount} {plural(amount, _VISITS)}" if is_russian else f"{amount} more visits"
        case "categories":
            return f"{amount} {plural(amount, _CATEGORIES)}" if is_russian else f"{amount} more categories"


_SIGNS = {"RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "BYN": "Br"}


def money(minor: int, currency: str, language: str) -> str:
    """As people write it: 1 250 ₽, 0,50 ₽; ₽1,250 in English."""
    whole, _, part = format_minor(minor).partition(".")
    grouped = f"{int(whole):,}"
    sign = _SIGNS.get(currency, currency)
    if language != "ru":
        return f"{sign}{grouped}" + (f".{part}" if part != "00" else "")
    return grouped.replace(",", " ") + (f",{part}" if part != "00" else "") + f" {sign}"


def dated(day: date, language: str) -> str:
    return f"{day:%d.%m}" if language == "ru" else f"{day.day} {day:%B}"
