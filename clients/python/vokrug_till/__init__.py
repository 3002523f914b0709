"""A till's side of Vokrug: identify, calculate, commit, cancel, return; and a queue for when the line breaks.

    till = Till("https://loyalty.example.ru", key_id, secret, shop="S1", till="T1", folder="/var/lib/till")
    check = till.new_check()
    till.identify(check, "phone", "+79160000000")
    check.add("coffee", "1", "149.90")
    till.calculate(check, burn="max")           # prices promised, points set aside
    ...                                          # money taken, receipt printed
    till.commit(check, [{"type": "card", "amount": check.to_pay}], {"fn": "…", "fd": "…", "fp": "…"})

No line is no error: `check.is_offline` says that the till sells at its own prices. No dependencies.
"""

from vokrug_till.checks import Check
from vokrug_till.line import Answered, Line, Refused, Unreachable
from vokrug_till.queue import Queue, Waiting
from vokrug_till.signing import authorization, sign
from vokrug_till.till import Till

__all__ = ["Answered", "Check", "Line", "Queue", "Refused", "Till", "Unreachable", "Waiting", "authorization", "sign"]
