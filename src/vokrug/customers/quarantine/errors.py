"""What is declined here."""

from vokrug.kernel import Refusal, Text


class QuarantineUnknown(Refusal):
    """There is no such quarantine."""

    code, status = "quarantine_unknown", 404
    cashier = Text(en="There is no such quarantine.", ru="Такого карантина нет.")


class QuarantineDecided(Refusal):
    """There is nothing to decide, or it was decided otherwise."""

    code, status = "quarantine_decided", 409
    cashier = Text(en="There is nothing to decide here: {state}.", ru="Решать здесь нечего: {state}.")
