"""Texts as phones take them: in the plain alphabet if that will do, else in UCS2; the long ones in parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

PLAIN, UCS2 = 0, 8
# Of the default alphabet only what every operator writes the same way: ASCII but for the marks it moves about.
SAME_EVERYWHERE = frozenset(map(chr, range(32, 127))) - set("@$[\\]^_`{|}~") | {"\n", "\r"}
HEADER = b"\x05\x00\x03"  # five octets of header; parts of one message, with a number of one octet


@dataclass(frozen=True, slots=True)
class Parts:
    """A message for the air. Its repr hides what it says."""

    coding: int
    texts: Sequence[bytes] = field(repr=False)

    @property
    def are_joined(self) -> bool:
        return len(self.texts) > 1


def in_parts(text: str, reference: int) -> Parts:
    """160 plain letters or 70 others fit; longer texts go in parts that the phone joins by `reference`."""
    if set(text) <= SAME_EVERYWHERE:
        return Parts(PLAIN, joined([one.encode() for one in cut(text, 160, 153)], reference))
    return Parts(UCS2, joined([one.encode("utf-16-be") for one in cut(text, 70, 67)], reference))


def cut(text: str, alone: int, part: int) -> list[str]:
    """Pieces of so many units of UTF-16; a letter of two units stays whole."""
    if units(text) <= alone:
        return [text]
    pieces, piece, length = [], "", 0
    for letter in text:
        if length + units(letter) > part:
            pieces.append(piece)
            piece, length = "", 0
        piece, length = piece + letter, length + units(letter)
    return [*pieces, piece]


def units(text: str) -> int:
    return len(text.encode("utf-16-be")) // 2


def joined(pieces: Sequence[bytes], reference: int) -> list[bytes]:
    if len(pieces) == 1:
        return list(pieces)
    if len(pieces) > 255:
        raise ValueError("a message has 255 parts at the most")
    return [HEADER + bytes((reference % 256, len(pieces), n)) + piece for n, piece in enumerate(pieces, 1)]


def said(text: bytes, coding: int, *, has_header: bool) -> tuple[str, tuple[int, int, int] | None]:
    """What a part says, and of which message it is which of how many."""
    place = None
    if has_header and text:
        length = text[0] + 1
        header, text = text[1:length], text[length:]
        if header[:2] == b"\x00\x03" and len(header) == 5:
            place = (header[2], header[4], header[3])
    if coding == UCS2:
        return text.decode("utf-16-be", "replace"), place
    return text.decode("latin-1"), place
