"""What is declined about proofs. Facts never carry a code: refusals are logged."""

from vokrug.kernel import Refusal, Retry, Text


class BurnNotAuthorised(Refusal):
    """So many points burn with the shopper's word only, and it was not given."""

    code, status, retry = "burn_not_authorised", 403, Retry.LATER
    cashier = Text(
        en="Burning {points} points needs the shopper's code. Ask for it, or pay without points.",
        ru="Для списания {points} баллов нужен код покупателя. Запросите код или пробейте без баллов.",
    )


class BurnCodeWrong(Refusal):
    """The code is not the one."""

    code, status, retry = "burn_code_wrong", 403, Retry.LATER
    cashier = Text(en="Wrong code. Tries left: {left}.", ru="Неверный код. Осталось попыток: {left}.")


class BurnCodeOver(Refusal):
    """The code has run out, was never asked for, or was guessed at too often."""

    code, status, retry = "burn_code_over", 410, Retry.LATER
    cashier = Text(
        en="This code does not work any more. Ask for a new one.",
        ru="Код больше не действует. Запросите новый.",
    )


class BurnCodeForLess(Refusal):
    """The code was asked for when fewer points were to burn."""

    code, status, retry = "burn_code_for_less", 409, Retry.LATER
    cashier = Text(
        en="The code was for {points} points. Ask for a new one.",
        ru="Код был на {points} баллов. Запросите новый.",
    )


class ResendTooSoon(Refusal):
    """Another code was sent a moment ago."""

    code, status, retry = "resend_too_soon", 429, Retry.LATER
    cashier = Text(
        en="A code was just sent. Another one in {seconds} s.",
        ru="Код только что отправлен. Новый можно через {seconds} с.",
    )


class MethodNotOffered(Refusal):
    """This way of giving one's word is not offered, or not to this shopper."""

    code, status = "method_not_offered", 409
    cashier = Text(en="This way is not available. Choose another.", ru="Этот способ недоступен. Выберите другой.")


class ReasonWanted(Refusal):
    """Whoever answers for others says why."""

    code, status, retry = "reason_wanted", 422, Retry.LATER
    cashier = Text(en="Please give a reason.", ru="Укажите причину.")


class SupervisorTaken(Refusal):
    """Somebody else has this card or code."""

    code, status = "supervisor_taken", 409
    cashier = Text(en="Somebody else has this card or code.", ru="Эта карта или код уже у другого сотрудника.")


class SecretWanted(Refusal):
    """A new supervisor needs a card or a code."""

    code, status = "secret_wanted", 422
    cashier = Text(en="A new supervisor needs a card or a code.", ru="Новому администратору нужна карта или код.")


class PinTooSimple(Refusal):
    """A PIN that anybody would try first."""

    code, status = "pin_too_simple", 422
    cashier = Text(en="This PIN is too easy to guess.", ru="Такой ПИН-код слишком легко угадать.")


class CardStale(Refusal):
    """The code on the shopper's screen has run out, or is not ours."""

    code, status, retry = "card_stale", 410, Retry.LATER
    cashier = Text(
        en="The code on the screen has run out. Ask the shopper to renew it.",
        ru="Код на экране устарел. Попросите покупателя обновить его.",
    )
