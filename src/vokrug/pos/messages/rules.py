"""Which messages go with a document. A document names the version that was in force, so its answer stays the same."""

from collections.abc import Sequence

from vokrug import promotions
from vokrug.pos.document import Document, moment
from vokrug.pos.errors import CheckMalformed
from vokrug.pos.messages.schemas import ReceiptMessage
from vokrug.pos.printing import CASHIER_COLUMNS, plain, wrap


def require_printable(messages: Sequence[ReceiptMessage]) -> None:
    """What cannot be printed is refused when it is declared, not at a till."""
    if len({message.key for message in messages}) < len(messages):
        raise CheckMalformed(reason="two messages have one key")
    for message in messages:
        for text in (message.ru, message.en):
            if not plain(text) or plain(text) != " ".join(text.split()):
                raise CheckMalformed(reason=f"{message.key}: not everything in it can be printed")
            if message.place == "cashier" and len(text) > CASHIER_COLUMNS:
                raise CheckMalformed(reason=f"{message.key}: a cashier's line has {CASHIER_COLUMNS} letters")
        if message.tiers and message.to != "members":
            raise CheckMalformed(reason=f"{message.key}: tiers are of members")


def chosen(
    messages: Sequence[ReceiptMessage],
    document: Document,
    shop: str,
    programme: promotions.Programme,
    *,
    with_: str,
) -> list[tuple[str, list[str]]]:
    """Place and lines, in the order of declaration."""
    at = moment(document.at_us)
    found: list[tuple[str, list[str]]] = []
    for message in messages:
        if message.with_ != with_ or (message.shops and shop not in message.shops):
            continue
        if (message.from_at and at < message.from_at) or (message.until_at and at >= message.until_at):
            continue
        if message.to != "all" and (message.to == "members") != (document.customer_id is not None):
            continue
        if message.tiers and tier_of(document, programme) not in message.tiers:
            continue
        text = message.ru if document.language == "ru" else message.en
        columns = CASHIER_COLUMNS if message.place == "cashier" else document.columns
        found.append((message.place, wrap(text, columns)))
    return found


def tier_of(document: Document, programme: promotions.Programme) -> str | None:
    tier = promotions.standing(programme, promotions.Done(*document.metrics[:4]), document.tier)
    return None if tier is None else tier.code
