"""What linking declines, by name."""

from vokrug.kernel import Refusal, Retry, Text


class PeerMalformed(Refusal):
    """A product with logins of its own cannot be declared so."""

    code, status = "linked_product_malformed", 422
    cashier = Text(en="The product's declaration is wrong: {problem}.", ru="Продукт описан с ошибкой: {problem}.")


class PeerUnknown(Refusal):
    """No such product with logins of its own, or it is paused."""

    code, status = "linked_product_unknown", 404
    cashier = Text(en="There is no such product.", ru="Такого продукта нет.")


class PeerInUse(Refusal):
    """Somebody has linked a login of this product: it may be paused, not deleted or made another."""

    code, status = "linked_product_in_use", 409
    cashier = Text(
        en="Somebody has linked this product. Pause it instead.",
        ru="Этот продукт уже кем-то привязан. Его можно только приостановить.",
    )


class PeerSilent(Refusal):
    """The other product does not answer, or not as agreed. Nothing was done."""

    code, status = "linked_product_silent", 503
    retry = Retry.LATER
    cashier = Text(
        en="The other service does not answer. Nothing was changed; please try later.",
        ru="Другой сервис не отвечает. Ничего не изменилось; попробуйте позже.",
    )


class ProofRefused(Refusal):
    """What came back from the other product proves nothing."""

    code, status = "link_proof_refused", 422
    retry = Retry.LATER
    cashier = Text(
        en="The other service did not confirm that it is you. Please start again.",
        ru="Другой сервис не подтвердил, что это вы. Начните заново.",
    )


class LinkUnknown(Refusal):
    """There is no such link in this account, or it took too long."""

    code, status = "link_unknown", 404
    retry = Retry.LATER
    cashier = Text(
        en="This took too long or was begun elsewhere. Please start again.",
        ru="Прошло слишком много времени, или привязка начата в другом месте. Начните заново.",
    )


class LinkTaken(Refusal):
    """This login of the other product leads to somebody else here."""

    code, status = "link_taken", 409
    cashier = Text(
        en="This login is linked to another account. Unlink it there first.",
        ru="Этот логин уже привязан к другой учётной записи. Сначала отвяжите его там.",
    )


class NotLinked(Refusal):
    """Whoever proved a login elsewhere has not linked it to an account here."""

    code, status = "login_not_linked", 409
    retry = Retry.LATER
    cashier = Text(
        en="This login is not linked yet. Sign in by phone, then link it in your account.",
        ru="Этот логин ещё не привязан. Войдите по телефону и привяжите его в личном кабинете.",
    )
