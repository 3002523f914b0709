"""A file of goods as it comes: plain, packed with gzip, or several in a zip. Read in pieces, never as a whole."""

import gzip
import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from vokrug.pos.goods.errors import GoodsFileUnreadable

PIECE = 64 * 1024
HEAD = 64 * 1024
MOST_BYTES = 8 * 1024**3  # unpacked: a bomb is no catalogue
DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
NAMED = (".xml", ".csv", ".txt", ".tsv")
# The commonest letters of Russian: text read with a wrong code page has few of them.
COMMON = frozenset("оеаинтсрвл")


# What the libraries say of packed files that are not what they claim; a sealed one is a RuntimeError.
DAMAGED = (
    OSError, EOFError, zipfile.BadZipFile, zlib.error, ValueError, KeyError, struct.error, RuntimeError,
)  # fmt: skip


@dataclass(slots=True)
class Gauge:
    """How far reading is, in bytes of the file as it lies on the disk."""

    total: int = 0
    done: int = 0


@dataclass(slots=True)
class Source:
    """A file, or the bytes of one."""

    name: str
    place: Path | bytes
    gauge: Gauge = field(default_factory=Gauge)

    def __post_init__(self) -> None:
        self.gauge.total = len(self.place) if isinstance(self.place, bytes) else self.place.stat().st_size

    def hash(self) -> bytes:
        """What tells this file from another."""
        mark = hashlib.sha256()
        with self._open() as raw:
            while piece := raw.read(1 << 20):
                mark.update(piece)
        return mark.digest()

    def parts(self) -> Iterator[tuple[str, BinaryIO]]:
        """The files in it by name, each to be read before the next one is asked for."""
        with self._open() as raw:
            start = raw.read(4)
            raw.seek(0)
            watched = Watched(raw, self.gauge)
            if start[:2] == b"\x1f\x8b":
                yield self.name.removesuffix(".gz"), Bounded(gzip.GzipFile(fileobj=watched))  # type: ignore[arg-type,misc]
            elif start == b"PK\x03\x04":
                yield from self._zipped(raw)
            else:
                yield self.name, watched  # type: ignore[misc]

    def _zipped(self, raw: BinaryIO) -> Iterator[tuple[str, BinaryIO]]:
        try:
            with zipfile.ZipFile(raw) as archive:
                names = sorted(name for name in archive.namelist() if name.lower().endswith(NAMED))
                if not names:
                    raise GoodsFileUnreadable(why="the archive holds no XML or CSV", why_ru="в архиве нет XML или CSV")
                for name in names:
                    with archive.open(name) as part:
                        yield name, Bounded(Watched(part, self.gauge))  # type: ignore[arg-type,misc]
        except DAMAGED as error:
            why, why_ru = "the archive is damaged or sealed", "архив повреждён или закрыт паролем"
            raise GoodsFileUnreadable(why=why, why_ru=why_ru) from error

    @contextmanager
    def _open(self) -> Iterator[BinaryIO]:
        if isinstance(self.place, bytes):
            yield io.BytesIO(self.place)
        else:
            with self.place.open("rb") as raw:
                yield raw


class Watched(io.RawIOBase):
    """Counts what is read."""

    def __init__(self, inner: BinaryIO, gauge: Gauge) -> None:
        self.inner, self.gauge = inner, gauge

    def read(self, size: int = -1) -> bytes:
        piece = self.inner.read(size)
        self.gauge.done = min(self.gauge.total, self.gauge.done + len(piece))
        return piece

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


class Bounded(io.RawIOBase):
    """What is unpacked, up to a bound. A packed file that is damaged is told of as such."""

    def __init__(self, inner: BinaryIO) -> None:
        self.inner, self.left = inner, MOST_BYTES

    def read(self, size: int = -1) -> bytes:
        try:
            piece = self.inner.read(size)
        except DAMAGED as error:
            raise GoodsFileUnreadable(why="the packed file is damaged", why_ru="сжатый файл повреждён") from error
        self.left -= len(piece)
        if self.left < 0:
            raise GoodsFileUnreadable(why="it unpacks to more than 8 GB", why_ru="в распакованном виде больше 8 ГБ")
        return piece

    def readable(self) -> bool:
        return True


def is_xml(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    return start[:1] == b"<"


def is_utf8(head: bytes) -> bool:
    """The last character may be cut."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) >= HEAD and error.start > len(head) - 4
    return True


def encoding_of(head: bytes) -> str:
    """By mark, by declaration, else by looking. What declares UTF-8 and is not is taken for what 1C writes then."""
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    declared = DECLARED.search(head[:400])
    if declared is not None and declared[1].lower() not in (b"utf-8", b"utf8"):
        return declared[1].decode().lower()
    if is_utf8(head):
        return "utf-8"
    return max(("windows-1251", "cp866", "koi8-r"), key=lambda page: share_of_common(head, page))


def share_of_common(head: bytes, page: str) -> int:
    return sum(letter in COMMON for letter in head.decode(page, errors="replace"))
