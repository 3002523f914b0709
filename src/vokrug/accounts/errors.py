"""What this domain declines, by name. Facts never carry a value: refusals are logged."""

from vokrug.kernel import Refusal, Retry, Text


class ClientMalformed(Refusal):
    """A client of sign-on cannot be registered so."""

    code, status = "client_malformed", 422
    cashier = Text(en="The product's registration is wrong: {problem}.", ru="Продукт описан с ошибкой: {problem}.")


class ClientIdTaken(Refusal):
    """Another client of sign-on has this id."""

    code, status = "client_id_taken", 409
    cashier = Text(en="A product with this code is there already.", ru="Продукт с таким кодом уже есть.")


class ClientUnknown(Refusal):
    """There is no such client of sign-on."""

    code, status = "client_unknown", 404
    cashier = Text(en="There is no such product.", ru="Такого продукта нет.")


class SecretNotWanted(Refusal):
    """A public client keeps no secret."""

    code, status = "secret_not_wanted", 409
    cashier = Text(en="A public client has no secret.", ru="У публичного клиента нет секрета.")


class FormStale(Refusal):
    """A form did not come from our own page in the same browser."""

    code, status = "form_stale", 403
    retry = Retry.LATER
    cashier = Text(
        en="This page is out of date. Please open it again.",
        ru="Страница устарела. Откройте её заново.",
    )


class SignInNeeded(Refusal):
    """Nobody is signed in on this device."""

    code, status = "sign_in_needed", 401
    retry = Retry.LATER
    cashier = Text(en="Please sign in.", ru="Войдите, пожалуйста.")


class SignInExpired(Refusal):
    """The sign-in took too long, or was finished elsewhere."""

    code, status = "sign_in_expired", 410
    cashier = Text(
        en="This took too long. Please start again from the site you came from.",
        ru="Прошло слишком много времени. Начните заново с того сайта, откуда вы пришли.",
    )


class SessionUnknown(Refusal):
    """The person is not signed in on such a device."""

    code, status = "session_unknown", 404
    cashier = Text(en="There is no such device.", ru="Такого устройства нет.")


class AuthorizationRefused(Refusal):
    """A product's request to sign somebody in is not sound, and nobody is sent back to it."""

    code, status = "authorization_refused", 400
    cashier = Text(
        en="The site that sent you here made a mistake ({problem}). Please tell its support.",
        ru="Сайт, с которого вы пришли, прислал неверный запрос ({problem}). Сообщите в его поддержку.",
    )


class FormMalformed(Refusal):
    """A form cannot be read, or says the same field twice."""

    code, status = "form_malformed", 400
    cashier = Text(en="The form could not be read.", ru="Форму не удалось прочитать.")
