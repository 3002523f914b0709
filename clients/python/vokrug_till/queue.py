"""Documents that the centre has not taken yet, in a file that outlives a power cut."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

FIRST_PAUSE_S, LONGEST_PAUSE_S = 5, 600


@dataclass(frozen=True)
class Waiting:
    """A document. `whole` is what to send should the centre not know the check; `trouble` is what it said last."""

    id: str
    operation: str
    uid: str
    body: bytes
    whole: bytes | None
    tries: int
    not_before_s: float
    is_declined: bool
    trouble: str


CREATE = """
    create table if not exists queue (
        place integer primary key, id text not null unique, operation text not null, uid text not null,
        body blob not null, whole blob, tries integer not null default 0, not_before_s real not null default 0,
        is_declined integer not null default 0, trouble text not null default '')
"""
WAITING = """
    select id, operation, uid, body, whole, tries, not_before_s, is_declined, trouble
      from queue where is_declined = ? order by place
"""


class Queue:
    """A document is put here before it is sent, and goes when the centre has it. Its body never changes."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma synchronous = full")
        self._db.execute(CREATE)

    def put(self, id: str, operation: str, uid: str, body: bytes, whole: bytes | None = None) -> None:
        """Once: the same id again changes nothing."""
        self._db.execute(
            "insert into queue (id, operation, uid, body, whole) values (?, ?, ?, ?, ?) on conflict do nothing",
            [id, operation, uid, body, whole],
        )

    def waiting(self, *, declined: bool = False) -> list[Waiting]:
        """Oldest first; the declined wait for a person."""
        rows = self._db.execute(WAITING, [declined])
        return [Waiting(*row) for row in rows]

    def find(self, id: str) -> Waiting | None:
        return next((one for one in self.waiting() if one.id == id), None)

    def sent(self, id: str) -> None:
        self._db.execute("delete from queue where id = ?", [id])

    def goes_whole(self, id: str) -> None:
        self._db.execute("update queue set body = whole, whole = null where id = ? and whole is not null", [id])

    def declined(self, id: str, trouble: str) -> None:
        self._db.execute("update queue set is_declined = 1, trouble = ? where id = ?", [trouble, id])

    def later(self, id: str, tries: int, now_s: float, trouble: str) -> None:
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**tries)
        self._db.execute(
            "update queue set tries = ?, not_before_s = ?, trouble = ? where id = ?",
            [tries + 1, now_s + pause_s, trouble, id],
        )

    def __len__(self) -> int:
        count: int = self._db.execute("select count(*) from queue where is_declined = 0").fetchone()[0]
        return count

    def close(self) -> None:
        self._db.close()
