"""A till: three calls a sale, and a queue that brings home what the line broke."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from vokrug_till.checks import Check
from vokrug_till.contract import (
    BurnAsked,
    Calculated,
    Cancel,
    Commit,
    Committed,
    ConsentGiven,
    Enrol,
    Fiscal,
    Heartbeat,
    HeartbeatHeard,
    Identified,
    Identify,
    Original,
    Return,
    Returned,
    ReturnLine,
    Tender,
)
from vokrug_till.keys import KeptKey
from vokrug_till.line import Line, Refused, Unreachable, encode
from vokrug_till.queue import Queue

Declined = Callable[[str, Refused], None]


class Till:
    """Nothing here raises because of the line: what cannot be told now is told later. A refusal of a price raises
    Refused, with words for the cashier.
    """

    def __init__(
        self,
        url: str,
        key_id: str,
        secret: str,
        *,
        shop: str,
        till: str,
        folder: str | Path,
        software: str = "vokrug-till 0.1",
        log: str | Path | None = None,
        on_declined: Declined = lambda id, refused: None,
    ) -> None:
        self.keys = KeptKey(Path(folder) / "vokrug-key.json", key_id, secret)
        self.line = Line(url, *self.keys.current, log=None if log is None else Path(log))
        self.queue = Queue(Path(folder) / "vokrug-queue.sqlite")
        self.shop, self.till, self.software = shop, till, software
        self.on_declined = on_declined

    def now(self) -> str:
        return datetime.fromtimestamp(self.line.now_s(), UTC).isoformat()

    # A sale

    def new_check(self) -> Check:
        return Check()

    def identify(self, check: Check, type: str, value: str) -> Identified | None:
        """Who buys: phone, card, email. None without a line: the centre will find them when the check comes."""
        body: Identify = {"shop": self.shop, "till": self.till, "identifier": {"type": type, "value": value}}
        found = self._now(check, "pos_post_identify", body)
        check.identifier = {"type": type, "value": value}
        return None if found is None else self._known(check, cast(Identified, found))

    def register(
        self, check: Check, phone: str, called: str, consents: Sequence[ConsentGiven] = ()
    ) -> Identified | None:
        """Register at the till; sent again it registers nobody twice."""
        body: Enrol = {
            "shop": self.shop,
            "till": self.till,
            "request_id": check.uid,
            "phone": phone,
            "called": called,
            "consents": list(consents),
        }
        found = self._now(check, "pos_post_customer", body)
        check.identifier = {"type": "phone", "value": phone}
        return None if found is None else self._known(check, cast(Identified, found))

    def _known(self, check: Check, found: Identified) -> Identified:
        check.customer_token, check.customer_name = found["customer_token"], found["display_name"]
        return found

    def calculate(self, check: Check, burn: str = "none") -> Calculated | None:
        """Prices promised, points set aside. `burn`: none, max, or how many points. Each time a new revision."""
        asked: BurnAsked
        match burn:
            case "none":
                asked = {"mode": "none"}
            case "max":
                asked = {"mode": "max"}
            case points:
                asked = {"mode": "points", "points": points}
        check.answer = None
        check.rev += 1
        check.asked = check.body(self.shop, self.till, asked, self.now())
        try:
            found = self._now(check, "pos_post_calculate", check.asked, check_uid=check.uid)
        except Refused as refused:
            if refused.code != "customer_token_stale" or not check.customer_token:
                raise
            check.customer_token = ""
            return self.calculate(check, burn)
        check.answer = None if found is None else cast(Calculated, found)
        return check.answer

    def commit(self, check: Check, tenders: Sequence[Tender], fiscal: Fiscal) -> Committed | None:
        """The receipt is printed. Queued first, then sent: None means that the centre will hear of it later."""
        if check.asked is None:
            check.asked = check.body(self.shop, self.till, {"mode": "none"}, self.now())
        body: Commit = {
            "rev": check.rev,
            "shop": self.shop,
            "till": self.till,
            "claimed": {"to_pay": check.to_pay},
            "tenders": list(tenders),
            "fiscal": fiscal,
        }
        if check.answer is not None:
            body["calc_id"] = check.answer["calc_id"]
        whole: Commit = {**body, "check": check.asked}
        if check.answer is None:
            found = self._queued("commit", "pos_post_commit", check.uid, encode(whole))
        else:
            found = self._queued("commit", "pos_post_commit", check.uid, encode(body), encode(whole))
        return cast(Committed | None, found)

    def cancel(self, check: Check) -> None:
        """The shopper has left: what was set aside comes free."""
        body: Cancel = {"shop": self.shop, "till": self.till}
        self._queued("cancel", "pos_post_cancel", check.uid, encode(body))

    # Returns

    def return_body(self, original: Original, lines: Sequence[ReturnLine] = (), reason: str = "") -> Return:
        """The sale by its check or its fiscal sign; no lines are all of it."""
        return {
            "shop": self.shop,
            "till": self.till,
            "original": original,
            "lines": list(lines),
            "reason": reason,
            "at": self.now(),
        }

    def price_return(self, uid: str, body: Return) -> Returned | None:
        """What a return would bring; nothing changes."""
        return cast(Returned | None, self._now(None, "pos_post_return_calculate", body, return_uid=uid))

    def take_back(self, body: Return, uid: str | None = None) -> Returned | None:
        """The goods are back and the money is out. Queued like a sale."""
        return cast(Returned | None, self._queued("return", "pos_post_return", uid or str(uuid4()), encode(body)))

    # Keeping up

    def heartbeat(self) -> HeartbeatHeard | None:
        """Say how we fare, do what we are told."""
        body: Heartbeat = {
            "shop": self.shop,
            "till": self.till,
            "at": self.now(),
            "software": self.software,
            "queue_length": len(self.queue),
            "declined": len(self.queue.waiting(declined=True)),
            "calls": len(self.line.times_ms),
            "unanswered": self.line.times_ms.count(None),
        }
        if self.line.times_ms.count(None) < len(self.line.times_ms):
            body["p95_ms"] = self.p95_ms()
        try:
            heard = cast(HeartbeatHeard, self.line.send("pos_post_heartbeat", body).body)
        except (Unreachable, Refused):
            return None
        self.line.times_ms.clear()
        if "rotate_key" in heard["commands"]:
            self.change_key()
        if "send_queue" in heard["commands"]:
            self.send_queue(now=True)
        return heard

    def change_key(self) -> bool:
        """Fetch the new key with the old one, keep it, work with it from now on."""
        try:
            found = self.line.send("integrations_claim_key", {"shop": self.shop, "till": self.till}).body
        except (Unreachable, Refused):
            return False
        self.keys.keep(found["key_id"], found["secret"])
        self.line.key_id, self.line.secret = self.keys.current
        return self.heartbeat() is not None  # the centre hears that the new one works

    def send_queue(self, *, now: bool = False) -> int:
        """Send what is due; call it every minute. Says how many documents still wait."""
        for document in self.queue.waiting():
            if now or document.not_before_s <= self.line.now_s():
                try:
                    self._send(document.id)
                except Unreachable:
                    break  # no line: the others wait as well
        return len(self.queue)

    def p95_ms(self) -> int:
        """How long the centre took of late, as the till sees it."""
        times = sorted(time for time in self.line.times_ms if time is not None)
        return times[ceil(len(times) * 0.95) - 1] if times else 0

    def close(self) -> None:
        self.line.hang_up()
        self.queue.close()

    # Inside

    def _now(self, check: Check | None, operation: str, body: Mapping[str, Any], **parts: str) -> Any:
        """An answer, or None when there is nobody to answer."""
        try:
            found = self.line.send(operation, body, **parts).body
        except Unreachable:
            found = None
        except Refused as refused:
            if check is not None:
                check.cashier_text = refused.cashier_text
            if not refused.is_busy:
                raise
            found = None
        if check is not None:
            check.is_offline = found is None
        return found

    def _queued(self, kind: str, operation: str, uid: str, body: bytes, whole: bytes | None = None) -> Any:
        id = f"{kind}:{uid}"
        self.queue.put(id, operation, uid, body, whole)
        try:
            return self._send(id)
        except Unreachable:
            return None

    def _send(self, id: str) -> Any:
        """The centre's answer; None if it wants the document later or never. Raises Unreachable."""
        document = self.queue.find(id)
        if document is None:
            return None
        parts = {"return_uid" if document.operation == "pos_post_return" else "check_uid": document.uid}
        try:
            answer = self.line.send(document.operation, document.body, **parts).body
        except Unreachable as error:
            self.queue.later(id, document.tries, self.line.now_s(), str(error))
            raise
        except Refused as refused:
            if refused.code == "check_unknown" and document.whole is not None:
                # Never taken, so another body contradicts nothing.
                self.queue.goes_whole(id)
                return self._send(id)
            if refused.retry == "never" and refused.status != 401 and not refused.is_busy:
                self.queue.declined(id, str(refused))
                self.on_declined(id, refused)
            else:
                self.queue.later(id, document.tries, self.line.now_s(), str(refused))
            return None
        self.queue.sent(id)
        return answer
