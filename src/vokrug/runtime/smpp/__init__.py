"""SMPP 3.4, as much of it as sending short messages takes: a codec, texts in parts, and a session that stays up.

Ours, and small, because what it carries are codes: the libraries there are log messages, or know no window. Both its
ends are judged in tests by libraries of others (docs/decisions/0041).
"""

from vokrug.runtime.smpp.pdu import Command, Malformed, Pdu, Short, Status, read_pdu
from vokrug.runtime.smpp.session import Lost, Receipt, Refused, Session
from vokrug.runtime.smpp.texts import Parts, in_parts, said

__all__ = [
    "Command",
    "Lost",
    "Malformed",
    "Parts",
    "Pdu",
    "Receipt",
    "Refused",
    "Session",
    "Short",
    "Status",
    "in_parts",
    "read_pdu",
    "said",
]
