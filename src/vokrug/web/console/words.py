"""What the console says of things that are codes elsewhere."""

from collections.abc import Mapping

from vokrug.kernel import Text

IDENTIFIERS: Mapping[str, Text] = {
    "phone": Text(en="Phone", ru="Телефон"),
    "card": Text(en="Card", ru="Карта"),
    "email": Text(en="E-mail", ru="Почта"),
    "telegram": Text(en="Telegram", ru="Телеграм"),
}
STRENGTHS: Mapping[str, Text] = {
    "observed": Text(en="seen", ru="замечен"),
    "claimed": Text(en="said", ru="назван"),
    "verified": Text(en="verified", ru="подтверждён"),
}
LINES: Mapping[str, Text] = {
    "sale": Text(en="Purchase", ru="Покупка"),
    "return": Text(en="Return", ru="Возврат"),
    "gift": Text(en="Points given", ru="Начислены баллы"),
    "lapsed": Text(en="Points lapsed", ru="Баллы сгорели"),
    "other": Text(en="Correction", ru="Корректировка"),
}
MOVES: Mapping[str, Text] = {
    "burned": Text(en="spent", ru="потрачено"),
    "restored": Text(en="given back by a return", ru="возвращено при возврате"),
    "taken_back": Text(en="taken back by a return", ru="снято при возврате"),
    "lapsed": Text(en="lapsed", ru="сгорело"),
    "debt": Text(en="paid a debt", ru="погасило долг"),
    "other": Text(en="corrected", ru="корректировка"),
}


def said(of: Mapping[str, Text], code: str, language: str) -> str:
    known = of.get(code)
    return code if known is None else known.say(language)
