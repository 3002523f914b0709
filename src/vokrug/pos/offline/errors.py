"""What a till that was without a line is told no for."""

from vokrug.kernel import Refusal, Text


class SequenceReused(Refusal):
    """Another document was sent under this number of the till's count."""

    code, status = "sequence_reused", 409
    cashier = Text(
        en="Number {seq} of the queue was another document. Tell your support.",
        ru="Под номером {seq} очереди был другой документ. Сообщите в поддержку.",
    )


class SaleNotPrinted(Refusal):
    """A sale of a till without a line is known by its printed receipt."""

    code, status = "sale_not_printed", 422
    cashier = Text(
        en="A sale from the queue needs its fiscal sign and the whole check.",
        ru="Продаже из очереди нужны фискальный признак и чек целиком.",
    )
