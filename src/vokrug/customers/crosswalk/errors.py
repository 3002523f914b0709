"""What is declined here."""

from vokrug.kernel import Refusal, Text


class CrosswalkNotYours(Refusal):
    """Staff have not granted this key these types of identifiers."""

    code, status = "crosswalk_not_yours", 403
    cashier = Text(
        en="This key may not see identifiers of this type ({type}).",
        ru="Этому ключу нельзя видеть идентификаторы такого вида ({type}).",
    )


class CrosswalkTypeSecret(Refusal):
    """Identifiers of this type are shown to nobody."""

    code, status = "crosswalk_type_secret", 422
    cashier = Text(en="This type ({type}) is shown to nobody.", ru="Идентификаторы этого вида ({type}) не показывают.")


class CrosswalkForOneself(Refusal):
    """Nobody grants rights to the key they hold."""

    code, status = "crosswalk_for_oneself", 403
    cashier = Text(en="Somebody else has to grant it to you.", ru="Право вам должен дать другой сотрудник.")


class CrosswalkCursorMalformed(Refusal):
    """A cursor is a place that an earlier answer gave."""

    code, status = "crosswalk_cursor_malformed", 422
    cashier = Text(en="Check the cursor.", ru="Проверьте указатель места.")
