"""Each fact once, in its order, whatever the way here repeats."""

import sqlite3
from collections.abc import Callable
from typing import Protocol

from vokrug_consumer.facts import Fact


class GapFound(Exception):
    """A fact follows one that we never saw: the topic forgot it, or somebody skipped it."""


class Inbox(Protocol):
    """What was handled, in the store of your effects, and in the transaction of the effect."""

    def seen(self, stream: str, sequence: int | None, name: tuple[str, str]) -> tuple[int | None, bool]:
        """The last sequence of a stream, and whether a fact of this name was handled."""

    def note(self, stream: str, sequence: int | None, name: tuple[str, str]) -> None: ...


class Once:
    """Lets a fact through to its effect if it is new.

    By its sequence where it has one (a partition of the topic: what is not past the last one is known), by
    its name (source, id) otherwise.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def take(self, fact: Fact, effect: Callable[[Fact], None], *, stream: str = "") -> bool:
        """Handle a fact inside your transaction; False when it had been before."""
        last, is_known = self._inbox.seen(stream, fact.sequence, fact.name)
        if is_known or (fact.sequence is not None and last is not None and fact.sequence <= last):
            return False
        if fact.after is not None and last is not None and fact.after > last:
            raise GapFound(f"{stream}: after {last} comes {fact.sequence}, which follows {fact.after}")
        effect(fact)
        self._inbox.note(stream, fact.sequence, fact.name)
        return True


class SqliteInbox:
    """An inbox in SQLite, for examples and small services. Yours has the same two tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("create table if not exists inbox_place (stream text primary key, sequence integer)")
        connection.execute("create table if not exists inbox_name (source text, id text, primary key (source, id))")

    def seen(self, stream: str, sequence: int | None, name: tuple[str, str]) -> tuple[int | None, bool]:
        if sequence is None:
            known = "select 1 from inbox_name where source = ? and id = ?"
            return None, self._connection.execute(known, name).fetchone() is not None
        place = self._connection.execute("select sequence from inbox_place where stream = ?", [stream]).fetchone()
        return (place[0] if place else None), False

    def note(self, stream: str, sequence: int | None, name: tuple[str, str]) -> None:
        if sequence is None:
            self._connection.execute("insert into inbox_name values (?, ?)", name)
        else:
            self._connection.execute("insert or replace into inbox_place values (?, ?)", [stream, sequence])
