"""Words in columns: for a receipt printer, a customer's display, a cashier's line. One letter is one column, so what
has no width or more than one is left out.
"""

import unicodedata

CASHIER_COLUMNS = 30
COLUMNS = (32, 42, 48)
NARROW = 32


def row(label: str, value: str, columns: int = NARROW) -> str:
    """Words left, number right; the number is whole whatever becomes of the words."""
    if len(label) + len(value) >= columns:
        label = label[: max(0, columns - len(value) - 1)]
    return f"{label}{value.rjust(columns - len(label))}"[-columns:]


def wrap(text: str, columns: int = NARROW) -> list[str]:
    """Words in rows; a word that is wider than a row goes on in the next."""
    rows = [""]
    for word in text.split():
        while len(word) > columns:
            rows, word = [*rows, word[:columns]], word[columns:]
        if rows[-1] and len(rows[-1]) + 1 + len(word) > columns:
            rows.append(word)
        else:
            rows[-1] = f"{rows[-1]} {word}".strip()
    return [line for line in rows if line]


def centred(text: str, columns: int = NARROW) -> list[str]:
    return [line.center(columns).rstrip() for line in wrap(text, columns)]


def plain(text: str) -> str:
    """Without soft hyphens, marks that float over letters, pictures: what a printer would stumble over."""
    kept = [letter for letter in unicodedata.normalize("NFC", text) if _is_plain(letter)]
    return " ".join("".join(kept).split())


def _is_plain(letter: str) -> bool:
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return False
    return letter == "\n" or (unicodedata.category(letter)[0] in "LNPSZ" and ord(letter) < 0x1F000)
