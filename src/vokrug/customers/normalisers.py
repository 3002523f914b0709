"""One writing for every value, so that equal identifiers have equal hashes.

A type names its normaliser with parameters after a colon: `phone:RU`, `digits:4-32`, `email`,
`document`, `opaque`. Each is idempotent: a normalised value normalises to itself.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

import idna
import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from vokrug.customers.errors import IdentifierBlocked, IdentifierMalformed, PhoneMalformed
from vokrug.customers.types import IdentifierType

LONGEST_VALUE = 320  # an e-mail address at its longest

# Words that programs and tired people write where an identifier should be.
STOPGAPS = frozenset(
    {"null", "none", "nil", "nan", "undefined", "unknown", "anonymous", "guest", "n/a", "na", "test", "-1"}
    | {"нет", "неизвестно", "аноним", "гость", "тест", "отсутствует"}
)
ONLY_ZEROS_AND_DASHES = re.compile(r"[0\s.+_-]+")
SAME_DIGIT = re.compile(r"(\d)\1{3,}")

# Nearly every value at a Russian till is a mobile number; phonenumbers would take some 25 µs for it.
RUSSIAN_MOBILE = re.compile(r"(?:\+?7|8)?(9\d{9})", re.ASCII)
SEPARATORS = str.maketrans("", "", " ()-.\u00a0\u2010\u2011\u2012\u2013")

# Nobody's own: a company pays for the call, or the caller does.
NOT_A_PERSONS = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
LOCAL_PART = re.compile(r'[^\s@"(),:;<>\[\]\\]{1,64}')


def normalise(kind: IdentifierType, value: str) -> str:
    """The one writing of this value, or a refusal. The value itself is never in the refusal."""
    if len(value) > LONGEST_VALUE:
        raise IdentifierMalformed(type=kind.code)
    written = _one_width(value)
    is_stopgap = written.lower() in STOPGAPS or ONLY_ZEROS_AND_DASHES.fullmatch(written)
    if is_stopgap or written in kind.blocked:
        raise IdentifierBlocked(type=kind.code)
    normalised = _normalised(kind.normaliser, kind.code, written)
    if normalised in kind.blocked:
        raise IdentifierBlocked(type=kind.code)
    return normalised


def is_known(normaliser: str) -> bool:
    """May a type name this normaliser?"""
    name, _, parameter = normaliser.partition(":")
    match name:
        case "phone":
            return parameter in phonenumbers.SUPPORTED_REGIONS
        case "digits":
            shortest, _, longest = parameter.partition("-")
            in_order = shortest.isdecimal() and longest.isdecimal() and int(shortest) <= int(longest)
            return in_order and int(shortest) >= 1 and int(longest) <= 64
        case _:
            return name in NORMALISERS and not parameter


def mask(kind: IdentifierType, normalised: str) -> str:
    """Enough for a person to recognise their own, too little for anyone else to use it."""
    name = kind.normaliser.partition(":")[0]
    if kind.sensitivity == "secret":
        return "····"
    if name == "phone":
        country = phonenumbers.parse(normalised).country_code
        return f"+{country} ··· ··· {normalised[-4:-2]} {normalised[-2:]}"
    if name == "email":
        local, _, domain = normalised.rpartition("@")
        return f"{local[0]}···@{idna.decode(domain)}"
    return "···· " + normalised[-4:] if len(normalised) >= 8 else "····"


def _one_width(value: str) -> str:
    """Full-width digits, ligatures, odd spaces and the like become plain; a № says nothing."""
    return value.strip() if value.isascii() else unicodedata.normalize("NFKC", value.replace("№", " ")).strip()


def _normalised(normaliser: str, code: str, written: str) -> str:
    name, _, parameter = normaliser.partition(":")
    if not written or not written.isprintable():
        raise PhoneMalformed(type=code) if name == "phone" else IdentifierMalformed(type=code)
    return NORMALISERS[name](written, parameter, code)


def _phone(written: str, region: str, code: str) -> str:
    if region == "RU" and (mobile := RUSSIAN_MOBILE.fullmatch(written.translate(SEPARATORS))):
        return "+7" + mobile[1]
    if (number := _any_phone(written, region)) is None:
        raise PhoneMalformed(type=code)
    return number


@lru_cache(maxsize=4096)
def _any_phone(written: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    # An extension means an office: it would join all who work there.
    if number.extension or phonenumbers.number_type(number) in NOT_A_PERSONS:
        return None
    written = str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    # Operators open new ranges faster than libraries hear of them, so a mobile needs the length only.
    is_valid = RUSSIAN_MOBILE.fullmatch(written) or phonenumbers.is_valid_number(number)
    return written if is_valid else None


def _email(written: str, _parameter: str, code: str) -> str:
    """Lower case and an ASCII domain. Dots and tags stay: whose they are only their mail server knows."""
    local, at, domain = written.rpartition("@")
    local = unicodedata.normalize("NFKC", local.lower())
    try:
        domain = idna.encode(domain.lower(), uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise IdentifierMalformed(type=code) from None
    dots_astray = local.startswith(".") or local.endswith(".") or ".." in local
    if not at or not LOCAL_PART.fullmatch(local) or dots_astray or "." not in domain.strip("."):
        raise IdentifierMalformed(type=code)
    return f"{local}@{domain.rstrip('.')}"


def _digits(written: str, parameter: str, code: str) -> str:
    shortest, _, longest = parameter.partition("-")
    digits = written.translate(SEPARATORS)
    if not (digits.isascii() and digits.isdigit() and int(shortest) <= len(digits) <= int(longest)):
        raise IdentifierMalformed(type=code)
    if SAME_DIGIT.fullmatch(digits):
        raise IdentifierBlocked(type=code)
    return digits


def _document(written: str, _parameter: str, code: str) -> str:
    number = written.upper().translate(SEPARATORS).replace("/", "")
    if not (6 <= len(number) <= 20 and number.isalnum() and any(c.isdigit() for c in number)):
        raise IdentifierMalformed(type=code)
    return number


def _opaque(written: str, _parameter: str, code: str) -> str:
    """Another system's own id: its letters and their case are its business."""
    if len(written) > 200:
        raise IdentifierMalformed(type=code)
    return written


NORMALISERS: dict[str, Callable[[str, str, str], str]] = {
    "phone": _phone,
    "email": _email,
    "digits": _digits,
    "document": _document,
    "opaque": _opaque,
}
