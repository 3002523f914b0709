"""What a till is told no for."""

from vokrug.kernel import Refusal, Retry, Text


class ShopUnknown(Refusal):
    """There is no such shop."""

    code, status = "shop_unknown", 404
    cashier = Text(en="Shop {shop} is not known to the centre.", ru="Магазин {shop} не известен центру.")


class TillUnknown(Refusal):
    """There is no such till in this shop."""

    code, status = "till_unknown", 404
    cashier = Text(en="Till {till} is not known in this shop.", ru="Касса {till} не известна в этом магазине.")


class ForeignShop(Refusal):
    """The key belongs to another shop or till."""

    code, status = "foreign_shop", 403
    cashier = Text(en="This key belongs to another shop or till.", ru="Ключ принадлежит другому магазину или кассе.")


class CustomerUnknown(Refusal):
    """Nobody is registered under this identifier."""

    code, status, retry = "customer_unknown", 404, Retry.LATER
    cashier = Text(
        en="Nobody is registered under this number. Offer to register.",
        ru="Покупатель не найден. Предложите регистрацию.",
    )


class CardBlocked(Refusal):
    """The card was shut: it identifies nobody, and its customer has other ways to be known."""

    code, status = "card_blocked", 403
    cashier = Text(
        en="This card is blocked. Ask for the phone number instead.",
        ru="Карта заблокирована. Спросите номер телефона.",
    )


class TokenStale(Refusal):
    """The customer's token has run out or is not ours."""

    code, status, retry = "customer_token_stale", 401, Retry.LATER
    cashier = Text(en="Please identify the customer again.", ru="Определите покупателя ещё раз.")


class AmountMalformed(Refusal):
    """An amount or a quantity is not a plain decimal within bounds."""

    code, status = "amount_malformed", 422
    cashier = Text(en="{field}: {reason}.", ru="{field}: неверное число ({reason}).")


class CheckMalformed(Refusal):
    """The check contradicts itself."""

    code, status = "check_malformed", 422
    cashier = Text(en="{reason}.", ru="Чек составлен неверно: {reason}.")


class DocumentConflict(Refusal):
    """The same document and revision came with other contents."""

    code, status = "document_conflict", 409
    cashier = Text(
        en="This check was sent before with other contents; send a higher revision.",
        ru="Этот чек уже присылали с другим содержанием; нужна новая ревизия.",
    )


class RevisionStale(Refusal):
    """A later revision of the check is known."""

    code, status = "revision_stale", 409
    cashier = Text(en="Revision {known} of this check is known already.", ru="Уже известна ревизия {known} этого чека.")


class DocumentOfAnotherTill(Refusal):
    """The document belongs to another till."""

    code, status = "document_of_another_till", 403
    cashier = Text(en="This check was opened at another till.", ru="Этот чек открыт на другой кассе.")


class CheckUnknown(Refusal):
    """No price was asked for this check."""

    code, status, retry = "check_unknown", 404, Retry.LATER
    cashier = Text(
        en="The centre has not priced this check: calculate first, or send it whole with the commit.",
        ru="Чек не рассчитан в центре: сначала расчёт, или пришлите чек целиком.",
    )


class AlreadyCommitted(Refusal):
    """The sale is final."""

    code, status = "already_committed", 409
    cashier = Text(en="The sale is final; use a return.", ru="Продажа уже завершена; оформите возврат.")


class PriceChanged(Refusal):
    """The till's sums differ from the centre's by more than is tolerated."""

    code, status, retry = "price_changed", 409, Retry.LATER
    cashier = Text(
        en="The sum differs: the centre says {expected}, the till {claimed}.",
        ru="Сумма отличается: в центре {expected}, на кассе {claimed}.",
    )


class QuoteExpired(Refusal):
    """The price was promised for a time that has passed."""

    code, status, retry = "quote_expired", 409, Retry.LATER
    cashier = Text(en="The price has run out, calculate again.", ru="Расчёт устарел, повторите его.")


class HoldLost(Refusal):
    """The points set aside are no longer there."""

    code, status, retry = "hold_lost", 410, Retry.LATER
    cashier = Text(
        en="The points are no longer set aside; {available} could be used now.",
        ru="Баллы больше не удерживаются; сейчас доступно {available}.",
    )


class ReturnExceeds(Refusal):
    """More is returned than was sold."""

    code, status = "qty_exceeds", 409
    cashier = Text(en="Line {n}: {left} can still be returned.", ru="Строка {n}: вернуть можно ещё {left}.")


class ReturnLineUnknown(Refusal):
    """The sale has no such line."""

    code, status = "return_line_unknown", 422
    cashier = Text(en="The sale has no line {n}.", ru="В продаже нет строки {n}.")


class OriginalUnknown(Refusal):
    """No sale bears this fiscal sign yet."""

    code, status, retry = "original_unknown", 404, Retry.LATER
    cashier = Text(
        en="The sale is not known yet. The return may be sent all the same: it waits for the sale.",
        ru="Продажа ещё не известна. Возврат можно отправить: он дождётся продажи.",
    )


class ReturnEmpty(Refusal):
    """Nothing is returned."""

    code, status = "return_empty", 422
    cashier = Text(en="Nothing is returned.", ru="Нет возвращаемых товаров.")


class ReturnGoodsUnknown(Refusal):
    """The sale has no such goods, or no more of them."""

    code, status = "return_goods_unknown", 409
    cashier = Text(
        en="Of {sku} this sale has {left} left to return.", ru="Товар {sku}: по этому чеку можно вернуть ещё {left}."
    )


class ReceiptWanted(Refusal):
    """Goods are not taken back without a receipt here."""

    code, status = "receipt_wanted", 409
    cashier = Text(en="A receipt is needed for this return.", ru="Для возврата нужен чек.")


class PriceUnknown(Refusal):
    """Nothing like it was sold of late: nobody knows what it is worth."""

    code, status = "price_unknown", 409
    cashier = Text(
        en="{sku} was not sold lately: its price is not known.", ru="Товар {sku} давно не продавался: цена неизвестна."
    )


class RefundExceeds(Refusal):
    """More money is to go back than was paid and has not gone back yet."""

    code, status = "refund_exceeds", 409
    cashier = Text(en="{left} can still be refunded.", ru="Вернуть можно ещё {left}.")


class CurrencyUnknown(Refusal):
    """No unit of money has this code, or nobody has told what a point is worth in it."""

    code, status = "currency_unknown", 422
    cashier = Text(
        en="The currency {currency} is not known, or has no rate for points.",
        ru="Валюта {currency} не заведена, или для неё нет курса баллов.",
    )


class ZoneUnknown(Refusal):
    """There is no such time zone."""

    code, status = "zone_unknown", 422
    cashier = Text(en="There is no time zone {zone}.", ru="Часового пояса {zone} нет.")
