"""Rules over a till's exchanges. Each says where it saw its trouble; nothing is asked of the centre."""

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from vokrug.app.till_check.exchanges import Exchange
from vokrug.app.till_check.findings import KINDS, Finding

TOLERATED = Decimal("0.05")
ROUNDED = Decimal("1.00")
RETRIED_WITHIN = timedelta(minutes=15)
DROPPED_AFTER = timedelta(minutes=30)
SOON = timedelta(minutes=2)
LONGEST_WAIT_MS, SHORTEST_WAIT_MS = 5_000, 500
PERSONAL_FIELDS = {"phone", "called", "customer_token", "pin", "secret", "display_name"}
PHONE = re.compile(r"(?<!\d)(?:\+7|8|7)9\d{9}(?!\d)")
MAILBOX = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
MALFORMED = {"body_malformed", "body_invalid", "amount_malformed", "check_malformed", "media_type_unsupported"}

Rule = Callable[[Sequence[Exchange]], Iterator[Exchange]]


def judge(exchanges: Sequence[Exchange], *, is_own_log: bool = True) -> list[Finding]:
    """What is wrong, the worst first. What a till sent over our line is no log of its: it may name people."""
    found = []
    for code, rule in RULES.items():
        if code == "personal_data" and not is_own_log:
            continue
        seen = list(rule(exchanges))
        if seen:
            found.append(Finding(code, len(seen), seen[0]))
    order = ["blocker", "warning", "advice"]
    return sorted(found, key=lambda finding: order.index(finding.kind.severity))


# Documents


def by_document(exchanges: Iterable[Exchange], *verbs: str) -> dict[tuple[str, str], list[Exchange]]:
    """Exchanges of each check and return, in order."""
    found = defaultdict(list)
    for one in exchanges:
        if one.uid and (not verbs or one.verb in verbs):
            found[one.kind, one.uid].append(one)
    return found


def canonical(body: Any) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def contents(one: Exchange) -> str:
    """What a document is about, whatever its id: the printed receipt, or else what is sold or brought back."""
    if (fiscal := one.of_body("fiscal")) is not None:
        return canonical(fiscal)
    check = one.of_body("check") or one.body or {}
    about = [check.get(name) for name in ("lines", "original", "amount")]
    return canonical([*about, one.of_body("claimed")]) if any(about) else ""


def went_unheard(one: Exchange) -> bool:
    return one.status is None or one.status >= 500 or one.status == 429


def repeated_with_another_id(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    unheard: dict[str, Exchange] = {}
    for one in exchanges:
        if one.verb != "commit" or not (about := contents(one)):
            continue
        earlier = unheard.get(about)
        within = DROPPED_AFTER if one.of_body("fiscal") else SOON  # without a receipt's sign it may be the next shopper
        if earlier is not None and earlier.uid != one.uid and one.sent_at - earlier.sent_at < within:
            yield one
        elif went_unheard(one):
            unheard.setdefault(about, one)
        elif one.is_done and earlier is not None:
            del unheard[about]


def changed_bodies(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    """A commit or a return twice, otherwise. With `check` after `check_unknown` is how it should be."""
    for sent in by_document(exchanges, "commit").values():
        first = sent[0]
        for before, one in itertools.pairwise(sent):
            if before.code == "check_unknown":
                first = one
            elif before.status == 409 or before.status == 410:
                first = one  # refused before anything was printed: the next one may differ
            elif canonical(one.body) != canonical(first.body):
                yield one
        yield from (one for one in sent if one.code == "document_conflict")


def revisions_kept(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for sent in by_document(exchanges, "calculate").values():
        bodies: dict[Any, str] = {}
        for one in sent:
            if one.kind == "checks" and bodies.setdefault(one.of_body("rev"), canonical(one.body)) != canonical(
                one.body
            ):
                yield one


def calculated_after_commit(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for sent in by_document(exchanges).values():
        is_final = False
        for one in sent:
            if one.kind == "checks" and one.verb == "calculate" and is_final:
                yield one
            is_final = is_final or (one.verb == "commit" and one.is_done)


def ignored_prices(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for sent in by_document(exchanges).values():
        for before, one in itertools.pairwise(sent):
            same_sum = one.of_body("claimed", "to_pay") == before.of_body("claimed", "to_pay")
            if before.code == "price_changed" and one.verb == "commit" and same_sum:
                yield one


def unpromised(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for sent in by_document(exchanges).values():
        calculated = [one for one in sent if one.kind == "checks" and one.verb == "calculate" and one.is_done]
        for one in sent:
            is_alone = one.of_body("check") is None and one.of_body("fiscal") is None
            if one.verb == "commit" and calculated and is_alone and not calculated[-1].of_body("hold"):
                yield one
                break


def money(text: Any) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def _differences(exchanges: Sequence[Exchange]) -> Iterator[tuple[Exchange, Decimal]]:
    for sent in by_document(exchanges).values():
        promised = None
        for one in sent:
            if one.kind == "checks" and one.verb == "calculate":
                promised = money(one.of_answer("totals", "to_pay")) if one.is_done else None
            claimed = money(one.of_body("claimed", "to_pay")) if one.verb == "commit" else None
            if promised is not None and claimed is not None and claimed != promised:
                yield one, abs(claimed - promised)
                break


def rounded(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    yield from (one for one, difference in _differences(exchanges) if difference <= ROUNDED)
    for sent in by_document(exchanges).values():
        sums: dict[Any, Decimal] = {}
        for one in sent:
            if one.kind == "checks" and one.verb == "calculate" and one.is_done:
                sums = {
                    line["n"]: sum((Decimal(row["sum"]) for row in line["split"]), Decimal(0))
                    for line in one.of_answer("lines") or []
                }
            claimed = one.of_body("claimed", "lines") if one.verb == "commit" else None
            if any(line.get("n") in sums and money(line.get("sum")) != sums[line["n"]] for line in claimed or []):
                yield one
                break


def otherwise_charged(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    yield from (one for one, difference in _differences(exchanges) if difference > ROUNDED)


def too_often(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for sent in by_document(exchanges).values():
        asked = [one for one in sent if one.kind == "checks" and one.verb == "calculate" and one.is_done]
        if len(asked) > 4:
            yield asked[4]


def sourceless(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for one in exchanges:
        original = one.of_body("original")
        if one.kind == "returns" and (not isinstance(original, dict) or not any(original.values())):
            yield one


def unrepeated(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    """The log goes on for a while, and the document does not."""
    if not exchanges:
        return
    until = exchanges[-1].sent_at
    for sent in by_document(exchanges, "commit").values():
        if went_unheard(sent[-1]) and until - sent[-1].sent_at > RETRIED_WITHIN:
            yield sent[-1]


def after_never(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    refused: set[tuple[str, str]] = set()
    for one in exchanges:
        name = (one.path, canonical(one.body))
        if name in refused:
            yield one
        is_refused = one.code != "" and one.status not in (401, 429) and one.of_answer("retry") == "never"
        if is_refused and one.body:
            refused.add(name)


def hammered(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for sent in by_document(exchanges).values():
        unheard = [one for one in sent if went_unheard(one)]
        for third in range(2, len(unheard)):
            if unheard[third].sent_at - unheard[third - 2].sent_at < timedelta(seconds=1):
                yield unheard[third]


def kept_holds(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    if not exchanges:
        return
    until = exchanges[-1].sent_at
    for sent in by_document(exchanges).values():
        held = [one for one in sent if one.kind == "checks" and one.of_body("hold") and one.is_done]
        ended = any(one.verb in ("commit", "cancel") for one in sent)
        if held and not ended and until - held[-1].sent_at > DROPPED_AFTER:
            yield held[-1]


# Single exchanges


def skewed(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for one in exchanges:
        told = one.headers.get("x-clock-skew-s", "0")
        skew_s = int(told) if re.fullmatch(r"-?\d+", told) else 0
        if abs(skew_s) > 60 or one.code == "stale_signature":
            yield one


def stale(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    """Three in a row: nobody learns from the first."""
    in_a_row = 0
    for one in exchanges:
        in_a_row = in_a_row + 1 if one.code == "stale_signature" else 0
        if in_a_row >= 3:
            yield one


def unsigned(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    yield from (one for one in exchanges if one.code in ("signature_wrong", "key_missing", "key_unknown"))


def misplaced(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    wrong = ("foreign_shop", "shop_unknown", "till_unknown", "document_of_another_till")
    yield from (one for one in exchanges if one.code in wrong)


def unreadable(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    yield from (one for one in exchanges if one.code in MALFORMED)


def patient(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    for one in exchanges:
        waited = one.ms if one.status is None and not one.accident else None
        if (one.timeout_ms or waited or 0) > LONGEST_WAIT_MS:
            yield one


def hasty(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    yield from (one for one in exchanges if one.timeout_ms is not None and one.timeout_ms < SHORTEST_WAIT_MS)


def personal(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    yield from (one for one in exchanges if _names_somebody(one.body) or _names_somebody(one.answer))


def _names_somebody(told: Any, name: str = "") -> bool:
    if isinstance(told, dict):
        is_identifier = "type" in told and "value" in told
        return any(
            _names_somebody(value, "phone" if is_identifier and key == "value" else str(key))
            for key, value in told.items()
        )
    if isinstance(told, list):
        return any(_names_somebody(one, name) for one in told)
    if not isinstance(told, str) or "*" in told or not told:
        return False
    return name in PERSONAL_FIELDS or "vks_" in told or bool(PHONE.search(told) or MAILBOX.search(told))


def silent(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    is_long = bool(exchanges) and exchanges[-1].sent_at - exchanges[0].sent_at > DROPPED_AFTER
    if is_long and all(one.kind != "heartbeat" for one in exchanges):
        yield exchanges[-1]


RULES: dict[str, Rule] = {
    "repeat_with_another_id": repeated_with_another_id,
    "body_changed": changed_bodies,
    "rev_not_raised": revisions_kept,
    "price_changed_ignored": ignored_prices,
    "rounding": rounded,
    "sum_differs": otherwise_charged,
    "never_sent_again": unrepeated,
    "return_without_original": sourceless,
    "signature": unsigned,
    "stale_signatures": stale,
    "wrong_place": misplaced,
    "request_malformed": unreadable,
    "personal_data": personal,
    "calculate_after_commit": calculated_after_commit,
    "commit_without_hold": unpromised,
    "clock_skew": skewed,
    "too_many_calls": too_often,
    "timeout_too_long": patient,
    "timeout_too_short": hasty,
    "never_means_never": after_never,
    "hammering": hammered,
    "hold_kept": kept_holds,
    "no_heartbeat": silent,
}
assert RULES.keys() == KINDS.keys(), "every rule has its words"
