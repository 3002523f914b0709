"""Amounts, rates of tax, units and moments as files of goods write them."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

MOST_MINOR = 10**13
NOT_A_NUMBER = re.compile(r"(?:руб\.?|р\.|rub|₽|\s|\u00a0|\u202f)", re.IGNORECASE)
CURRENCIES = {"руб": "RUB", "руб.": "RUB", "р.": "RUB", "rur": "RUB", "643": "RUB", "810": "RUB", "₽": "RUB",
              "грн": "UAH", "тг": "KZT", "тенге": "KZT", "usd": "USD", "eur": "EUR", "840": "USD", "978": "EUR",
              "398": "KZT", "933": "BYN"}  # fmt: skip
UNITS = {"796": "шт", "166": "кг", "163": "г", "112": "л", "111": "мл", "006": "м", "055": "м2", "778": "упак",
         "168": "т", "715": "пар", "839": "компл", "736": "рул"}  # fmt: skip
WEIGHED = {"кг", "г", "kg", "g", "kgm", "grm", "килограмм", "грамм", "166", "163"}


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes numbers: «ЧЦ=18; ЧДЦ=2; ЧРД=.; ЧРГ=' '». None: not said."""

    point: str | None = None
    groups: str | None = None

    @classmethod
    def told(cls, text: str) -> "Style":
        parts = dict(re.findall(r"(ЧРД|ЧРГ)\s*=\s*('[^']*'|\"[^\"]*\"|[^;]*)", text))
        point, groups = (value.strip("'\" ") if value else None for value in (parts.get("ЧРД"), parts.get("ЧРГ")))
        return cls(point or None, groups or None)


def minor_of(text: str, style: Style = Style()) -> int:
    """An amount in minor units; half a minor unit goes up. Raises ValueError for anything else."""
    plain = NOT_A_NUMBER.sub("", text)
    if style.groups:
        plain = plain.replace(style.groups, "")
    if style.point and style.point != ".":
        plain = plain.replace(style.point, ".")
    elif "," in plain:
        plain = (
            plain.replace(".", "").replace(",", ".") if plain.rfind(",") > plain.rfind(".") else plain.replace(",", "")
        )
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{0,10})?|\.[0-9]{1,10}", plain):
        raise ValueError(text)
    try:
        minor = int((Decimal(plain) * 100).to_integral_value(ROUND_HALF_UP))
    except InvalidOperation:
        raise ValueError(text) from None
    if minor > MOST_MINOR:
        raise ValueError(text)
    return minor


def currency_of(text: str) -> str:
    plain = text.strip()
    return CURRENCIES.get(plain.lower(), plain.upper())[:8]


def vat_of(text: str) -> str | None:
    """`20`, `10/110`, `none`; a rate of other years as it was."""
    plain = text.strip().lower().replace("ндс", "").replace("%", "").strip()
    if not plain:
        return None
    if "без" in plain or plain in ("none", "no"):
        return "none"
    plain = plain.replace(",", ".")
    if re.fullmatch(r"[0-9]{1,2}\.0+", plain):
        plain = plain.partition(".")[0]
    return plain[:16]


def unit_of(*names: str) -> tuple[str | None, bool | None]:
    """The first name that says something, and whether such things are weighed. Codes of the classifier have names."""
    told = [name.strip() for name in names if name.strip()]
    if not told:
        return None, None
    known = [UNITS.get(name.zfill(3), "") if name.isdigit() else name for name in told]
    unit = next((name for name in known if name), told[0])
    return unit[:32], any(name.lower().rstrip(".") in WEIGHED for name in told)


LETTERS = {"г": "y", "y": "y", "М": "M", "M": "M", "д": "d", "d": "d", "ч": "H", "Ч": "H", "H": "H", "h": "H",
           "м": "m", "m": "m", "с": "s", "s": "s"}  # fmt: skip


def moment_of(text: str, date_style: str = "") -> str:
    """A file's own moment as ISO text, without a zone, which it does not tell. Not understood: as written."""
    found = re.search(r"ДФ\s*=\s*['\"]?([^;'\"]+)", date_style)
    pattern = (found[1].strip() if found else "") or "yyyy-MM-dd"
    names = "".join(LETTERS.get(letter, letter) for letter in pattern)
    shape = re.sub(
        r"(y+|M+|d+)",
        lambda run: f"(?P<{run[1][0]}>\\d{{{1 if len(run[1]) < 2 else 2},4}})",
        re.escape(names).replace("\\-", "-"),
    )
    day = re.match(shape, text.strip())
    if day is None:
        day = re.match(r"(?P<y>\d{4})-(?P<M>\d{2})-(?P<d>\d{2})", text.strip()) or re.match(
            r"(?P<d>\d{1,2})\.(?P<M>\d{1,2})\.(?P<y>\d{4})", text.strip()
        )
    if day is None or not {"y", "M", "d"} <= day.groupdict().keys():
        return text.strip()[:40]
    clock = re.search(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text[day.end() :])
    told = f"{int(day['y']):04d}-{int(day['M']):02d}-{int(day['d']):02d}"
    return told if clock is None else f"{told}T{int(clock[1]):02d}:{clock[2]}:{clock[3] or '00'}"
