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


class TooManyTries(Refusal):
    """Somebody tries too often: codes asked for, or guesses made."""

    code, status = "too_many_tries", 429
    retry = Retry.LATER
    cashier = Text(
        en="Too many tries. Please wait {minutes} min and try again.",
        ru="Слишком много попыток. Подождите {minutes} мин. и попробуйте снова.",
    )


class PhoneNotServed(Refusal):
    """We send no messages to numbers of this country."""

    code, status = "phone_not_served", 422
    cashier = Text(
        en="We cannot send a code to this number. Please use another one.",
        ru="На этот номер мы не можем отправить код. Укажите другой.",
    )


class AttemptOver(Refusal):
    """The attempt to sign in expired, was finished, or was begun in another browser."""

    code, status = "attempt_over", 410
    retry = Retry.LATER
    cashier = Text(
        en="This code or link does not work here any more. Please start again in this browser.",
        ru="Код или ссылка здесь больше не действуют. Начните заново в этом же браузере.",
    )


class FreshSignInNeeded(Refusal):
    """What is asked for changes how one signs in, and the sign-in was too long ago."""

    code, status = "fresh_sign_in_needed", 403
    retry = Retry.LATER
    cashier = Text(
        en="Please sign in once more: this changes how you sign in.",
        ru="Войдите ещё раз: это меняет способ входа.",
    )


class AccessTokenWanted(Refusal):
    """The call needs a good access token of a person, borne as RFC 6750 has it."""

    code, status, challenge = "access_token_wanted", 401, 'Bearer error="invalid_token"'
    retry = Retry.LATER
    cashier = Text(en="Please sign in again in the app.", ru="Войдите в приложение заново.")


class ScopeNotGranted(Refusal):
    """The person has not let this product do that."""

    code, status, challenge = "scope_not_granted", 403, 'Bearer error="insufficient_scope"'
    cashier = Text(
        en="You have not allowed this app to do that ({scope}).",
        ru="Вы не разрешали этому приложению такого ({scope}).",
    )


class ProductUnknown(Refusal):
    """The person has not entered such a product."""

    code, status = "product_unknown", 404
    cashier = Text(en="There is no such service in your account.", ru="Такого сервиса в вашей учётной записи нет.")


class CodeWrong(Refusal):
    """The code is not the one that was expected."""

    code, status = "code_wrong", 422
    retry = Retry.LATER
    cashier = Text(en="The code is not right.", ru="Неверный код.")


class PasskeyRefused(Refusal):
    """The passkey's answer does not verify."""

    code, status = "passkey_refused", 422
    retry = Retry.LATER
    cashier = Text(
        en="The passkey did not work. Please try another way.",
        ru="Ключ доступа не сработал. Войдите другим способом.",
    )


class PasswordWeak(Refusal):
    """The password is too short, or the first one that anybody would try."""

    code, status = "password_weak", 422
    cashier = Text(
        en="Choose a longer or less common password: at least {shortest} characters.",
        ru="Придумайте пароль длиннее или необычнее: не меньше {shortest} знаков.",
    )


class EmailHeld(Refusal):
    """Somebody else has proved that this e-mail address is theirs."""

    code, status = "email_held", 409
    cashier = Text(
        en="This address belongs to another account.", ru="Этот адрес уже подтверждён в другой учётной записи."
    )


class StaffPostMalformed(Refusal):
    """Roles and shops do not fit: an owner reaches all shops, a franchisee some."""

    code, status = "staff_post_malformed", 422
    cashier = Text(
        en="These roles and shops do not fit: an owner reaches every shop, a franchisee is given shops.",
        ru="Роли и магазины не сочетаются: владельцу доступны все магазины, франчайзи — только указанные.",
    )


class StaffUnknown(Refusal):
    """There is no such member of staff."""

    code, status = "staff_unknown", 404
    cashier = Text(en="There is no such member of staff.", ru="Такого сотрудника нет.")


class StaffIdReused(Refusal):
    """The id of the request was used for something else."""

    code, status = "staff_id_reused", 409
    cashier = Text(en="This request was made before, for something else.", ru="Такой запрос уже был, и о другом.")


class OwnPost(Refusal):
    """Nobody gives themselves a role, or takes one from themselves."""

    code, status = "own_post", 403
    cashier = Text(
        en="Another owner has to change what you are here for.", ru="Ваши роли меняет только другой владелец."
    )


class LastOwner(Refusal):
    """The only owner would be none any more."""

    code, status = "last_owner", 409
    cashier = Text(
        en="This is the last owner. Make somebody else an owner first.",
        ru="Это последний владелец. Сначала назначьте другого.",
    )


class InvitationOver(Refusal):
    """The invitation was used, withdrawn, or is too old; or there was none."""

    code, status = "invitation_over", 410
    cashier = Text(
        en="This invitation is not good any more. Ask for another one.",
        ru="Приглашение больше не действует. Попросите новое.",
    )


class InvitationUnknown(Refusal):
    """There is no such invitation, or somebody has joined by it."""

    code, status = "invitation_unknown", 404
    cashier = Text(en="There is no such invitation.", ru="Такого приглашения нет.")


class InvitationNotYours(Refusal):
    """The invitation went to another phone than the one that signed in."""

    code, status = "invitation_not_yours", 403
    cashier = Text(
        en="This invitation is for another phone. Sign in with the one that received it.",
        ru="Приглашение отправлено на другой телефон. Войдите с тем номером, на который оно пришло.",
    )


class AlreadyStaff(Refusal):
    """Whoever signed in is of the staff already: their roles are changed, not given once more."""

    code, status = "already_staff", 409
    cashier = Text(en="You are of the staff already.", ru="Вы уже сотрудник.")
