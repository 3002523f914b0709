"""All that a file says, whatever kind it is, some of it at a time: another thread reads while tills are served."""

import asyncio
import itertools
from collections.abc import Iterator

from vokrug.pos.goods import commerceml, delimited
from vokrug.pos.goods.elements import Head, Item
from vokrug.pos.goods.errors import GoodsFileUnreadable
from vokrug.pos.goods.files import HEAD, Source, is_xml

AT_ONCE = 500


class Reading:
    """One file, from its first item to its last."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.heads: list[Head] = []
        self._items = self._all()

    async def next(self) -> list[Item]:
        """The next items; none at the end."""
        return await asyncio.to_thread(self._some)

    def _some(self) -> list[Item]:
        return list(itertools.islice(self._items, AT_ONCE))

    def _all(self) -> Iterator[Item]:
        for name, part in self.source.parts():
            head = Head()
            self.heads.append(head)
            start = bytearray()
            while len(start) < HEAD and (piece := part.read(HEAD - len(start))):
                start += piece
            if not start.strip(b"\xef\xbb\xbf \t\r\n"):
                raise GoodsFileUnreadable(why="it is empty", why_ru="он пуст")
            reader = commerceml if is_xml(bytes(start)) else delimited
            yield from reader.read(part, name, head, bytes(start))
