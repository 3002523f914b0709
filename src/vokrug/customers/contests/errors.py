"""What is declined here."""

from vokrug.kernel import Refusal, Text


class ContestUnknown(Refusal):
    """There is no such contest."""

    code, status = "contest_unknown", 404
    cashier = Text(en="There is no such contest.", ru="Такого спора нет.")


class ContestDecided(Refusal):
    """Somebody has decided it otherwise."""

    code, status = "contest_decided", 409
    cashier = Text(en="This was decided already: {state}.", ru="Это уже решено: {state}.")


class ContestOver(Refusal):
    """The identifier has moved on since: there is nothing left to decide, or to take back."""

    code, status = "contest_over", 409
    cashier = Text(
        en="The identifier has changed hands since then.",
        ru="С тех пор идентификатор уже перешёл к другому покупателю.",
    )
