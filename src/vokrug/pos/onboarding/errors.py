"""What is declined when tills are connected."""

from vokrug.kernel import Refusal, Retry, Text


class IntegrationUnknown(Refusal):
    """There is no such integration within reach."""

    code, status = "integration_unknown", 404
    cashier = Text(en="There is no such integration.", ru="Такого подключения нет.")


class IntegrationConflict(Refusal):
    """The integration's id was used for something else."""

    code, status = "integration_conflict", 409
    cashier = Text(en="This id was used for another integration.", ru="Этот идентификатор занят другим подключением.")


class IntegrationState(Refusal):
    """The integration is not where this can be done."""

    code, status = "integration_state", 409
    cashier = Text(
        en="The integration is {state}: this cannot be done now.", ru="Подключение в состоянии {state}: сейчас нельзя."
    )


class KitNotPassed(Refusal):
    """The till did not pass its check, and nobody said why it should go live all the same."""

    code, status = "kit_not_passed", 409
    cashier = Text(
        en="The till has not passed its check. Send a report that passed, or force it with a reason.",
        ru="Касса не прошла проверку. Пришлите пройденный отчёт или включите с указанием причины.",
    )


class ReasonNeeded(Refusal):
    """Somebody will want to know why."""

    code, status = "reason_needed", 422
    cashier = Text(en="Say why.", ru="Укажите причину.")


class InvitationUnknown(Refusal):
    """There is no such invitation, or its time is over."""

    code, status = "invitation_unknown", 404
    cashier = Text(
        en="This code is not known or has run out. Ask for another.",
        ru="Код не известен или истёк. Попросите новый.",
    )


class InvitationUsed(Refusal):
    """The keys of this invitation were taken."""

    code, status = "invitation_used", 410
    cashier = Text(
        en="The keys were taken with this code. If it was not you, tell the centre at once.",
        ru="Ключи по этому коду уже получены. Если это были не вы, сразу сообщите в центр.",
    )


class ClaimsTooMany(Refusal):
    """Too many wrong codes came from there."""

    code, status, retry = "claims_too_many", 429, Retry.LATER
    cashier = Text(en="Too many tries. Wait a minute.", ru="Слишком много попыток. Подождите минуту.")
