"""What the pages say of things that are codes elsewhere."""

from collections.abc import Mapping

from vokrug.cabinet.types import LineKind
from vokrug.kernel import Text

LINES: Mapping[LineKind, Text] = {
    LineKind.SALE: Text(en="Purchase", ru="Покупка"),
    LineKind.RETURN: Text(en="Return", ru="Возврат"),
    LineKind.GIFT: Text(en="Points for you", ru="Начисление баллов"),
    LineKind.LAPSED: Text(en="Points lapsed", ru="Баллы сгорели"),
    LineKind.OTHER: Text(en="Correction", ru="Корректировка"),
}

# What an installation asks for has a code of its own; the usual ones have words, others show their code.
PURPOSES: Mapping[str, Text] = {
    "offers": Text(en="Offers and discounts for you", ru="Предложения и скидки для вас"),
    "marketing": Text(en="Advertising and news", ru="Реклама и новости"),
    "sms": Text(en="Messages by SMS", ru="Сообщения по SMS"),
    "email": Text(en="Letters by e-mail", ru="Письма на электронную почту"),
    "calls": Text(en="Calls with offers", ru="Звонки с предложениями"),
    "profiling": Text(en="Recommendations by your purchases", ru="Рекомендации по вашим покупкам"),
}


def purpose_said(purpose: str, language: str) -> str:
    known = PURPOSES.get(purpose)
    return purpose if known is None else known.say(language)
