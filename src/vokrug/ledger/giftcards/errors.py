"""What is declined of gift cards. Facts never carry a whole number."""

from vokrug.kernel import Refusal, Retry, Text


class GiftCardUnknown(Refusal):
    """No card bears this number, or the PIN is not its."""

    code, status = "gift_card_unknown", 404
    cashier = Text(en="There is no such gift card: check the number.", ru="Карта не найдена, проверьте номер.")


class GiftCardMalformed(Refusal):
    """The number cannot be a card's: its check digit is wrong."""

    code, status = "gift_card_malformed", 422
    cashier = Text(en="Check the gift card's number.", ru="Проверьте номер подарочной карты.")


class GiftCardNotForSale(Refusal):
    """The card was activated before, is blocked, or is sold for another sum."""

    code, status = "gift_card_not_for_sale", 409
    cashier = Text(en="Card {mask} cannot be sold: {why}.", ru="Карту {mask} продать нельзя: {why_ru}.")


class GiftCardBlocked(Refusal):
    """The card is blocked, has run out, or was not activated."""

    code, status = "gift_card_blocked", 409
    cashier = Text(en="Card {mask} cannot be used: {why}.", ru="Карта {mask} недоступна: {why_ru}.")


class GiftCardShort(Refusal):
    """The card has less than it was to pay."""

    code, status, retry = "gift_card_short", 409, Retry.LATER
    cashier = Text(en="Card {mask} has only {available} left.", ru="На карте {mask} осталось только {available}.")


class GiftCardUsed(Refusal):
    """A card that paid for something is not taken back."""

    code, status = "gift_card_used", 409
    cashier = Text(
        en="Card {mask} was used: its purchase cannot be returned.",
        ru="Карта {mask} уже использована: её покупку не вернуть.",
    )


class BatchIdReused(Refusal):
    """The id was used before for another batch."""

    code, status = "gift_batch_id_reused", 409
    cashier = Text(en="This id belongs to another batch.", ru="Этот номер занят другой партией карт.")


class BatchUnknown(Refusal):
    """There is no such batch."""

    code, status = "gift_batch_unknown", 404
    cashier = Text(en="There is no such batch of cards.", ru="Такой партии карт нет.")


class BatchNonsense(Refusal):
    """The terms of the batch contradict themselves."""

    code, status = "gift_batch_nonsense", 422
    cashier = Text(en="The batch cannot be printed: {why}.", ru="Партию напечатать нельзя: {why_ru}.")
