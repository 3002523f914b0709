"""What is declined of a policy."""

from vokrug.kernel import Refusal, Retry, Text


class PolicyNonsense(Refusal):
    """The policy contradicts itself or the offers that run. `field` says where."""

    code, status = "policy_nonsense", 422
    cashier = Text(en="The policy cannot be used: {field}: {why}.", ru="Политику нельзя применить: {field}: {why_ru}.")


class PolicyMoved(Refusal):
    """Somebody wrote another policy since this one was read."""

    code, status, retry = "policy_moved", 409, Retry.LATER
    cashier = Text(
        en="The policy was changed meanwhile: version {current} is in force.",
        ru="Политику уже изменили: действует версия {current}.",
    )


class CalendarNonsense(Refusal):
    """The calendar's key is no short word."""

    code, status = "calendar_nonsense", 422
    cashier = Text(en="The calendar cannot be used: {why}.", ru="Календарь нельзя использовать: {why_ru}.")
