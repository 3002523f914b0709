"""What is declined here."""

from vokrug.kernel import Refusal, Text


class JoinUnknown(Refusal):
    """There is no such join of wallets."""

    code, status = "wallet_join_unknown", 404
    cashier = Text(en="There is no such joining of wallets.", ru="Такого объединения кошельков нет.")


class JoinDecided(Refusal):
    """It was decided otherwise."""

    code, status = "wallet_join_decided", 409
    cashier = Text(en="This was decided already: {state}.", ru="Это уже решено: {state}.")


class NotOnePerson(Refusal):
    """Only wallets of one person are joined."""

    code, status = "wallets_of_two_people", 409
    cashier = Text(
        en="These wallets belong to two people: merge the customers first.",
        ru="Это кошельки двух разных людей: сначала объедините покупателей.",
    )
