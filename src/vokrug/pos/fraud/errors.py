"""What a reviewer is told no for."""

from vokrug.kernel import Refusal, Text


class SuspicionUnknown(Refusal):
    """There is no such suspicion."""

    code, status = "suspicion_unknown", 404
    cashier = Text(en="There is no such suspicion.", ru="Такого подозрения нет.")


class SuspicionDecidedAlready(Refusal):
    """Somebody has decided otherwise before."""

    code, status = "suspicion_decided", 409
    cashier = Text(en="It was decided before: {state}.", ru="Решение уже принято: {state}.")


class FraudRuleUnknown(Refusal):
    """There is no such rule."""

    code, status = "fraud_rule_unknown", 404
    cashier = Text(en="There is no rule {rule}.", ru="Правила {rule} нет.")
