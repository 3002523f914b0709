"""Barcodes as one spelling: EAN-13, EAN-8, UPC-A, GTIN-14, marking codes, and weighed goods of a shop's own scales."""

import re
from collections.abc import Collection
from functools import lru_cache

MARKING = re.compile(r"\(?01\)?(\d{14})")  # GS1: the number of the goods leads a marking code
SHAPES = (8, 12, 13, 14)


def check_digit(body: str) -> str:
    """The last digit of a GTIN, from those before it."""
    odd, even = body[-1::-2], body[-2::-2]
    return str(-(3 * sum(map(int, odd)) + sum(map(int, even))) % 10)


def is_sound(digits: str) -> bool:
    """Is it a GTIN whose check digit is right?"""
    is_gtin = len(digits) in SHAPES and digits.isascii() and digits.isdigit()
    return is_gtin and check_digit(digits[:-1]) == digits[-1]


@lru_cache(maxsize=65_536)  # a till scans the same goods all day
def normal(text: str) -> str:
    """One spelling of a barcode. What is no GTIN stays as it is, in capitals, without spaces."""
    packed = "".join(text.split())
    if len(packed) >= 16 and (led := MARKING.match(packed)) and is_sound(led[1]):
        packed = led[1]
    digits = packed.replace("-", "")
    if not is_sound(digits):
        return packed.upper()
    if len(digits) == 14 and digits[0] == "0":
        digits = digits[1:]
    return "0" + digits if len(digits) == 12 else digits


def scale_code(barcode: str) -> str:
    """What scales print on weighed goods begins with 2, two digits of which are the shop's, and five name the goods;
    then comes the weight. Empty: not such a barcode.
    """
    return barcode[:7] if len(barcode) == 13 and barcode[0] == "2" and is_sound(barcode) else ""


def bearer_of(skus: Collection[str]) -> str | None:
    """Which of the articles that bear a barcode it means: the only one; of goods and one characteristic of theirs the
    characteristic; of goods and several the goods. Two different things are none.
    """
    found = set(skus)
    if len(found) <= 1:
        return next(iter(found), None)
    goods = {sku.partition("#")[0] for sku in found}
    if len(goods) > 1:
        return None
    characteristics = found - goods
    if len(characteristics) == 1:
        return next(iter(characteristics))
    return next(iter(goods & found), None)


def spellings(barcode: str) -> list[str]:
    """How an article may have it written down: older entries may lack the leading zero."""
    return [barcode, barcode[1:]] if len(barcode) == 13 and barcode[0] == "0" else [barcode]


def scale_spellings(code: str) -> list[str]:
    """How catalogues write a weighed article's barcode: the code alone, or with a weight of nothing."""
    empty = code + "00000"
    return [code, empty + check_digit(empty), empty + "0"]
