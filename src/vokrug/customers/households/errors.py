"""What is declined here."""

from vokrug.kernel import Refusal, Text


class HouseholdUnknown(Refusal):
    """There is no such household."""

    code, status = "household_unknown", 404
    cashier = Text(en="There is no such household.", ru="Такого домохозяйства нет.")


class HouseholdMalformed(Refusal):
    """Kinds and roles are short words in small Latin letters; a membership does not begin in the future."""

    code, status = "household_malformed", 422
    cashier = Text(en="Check the household: {problem}.", ru="Проверьте данные домохозяйства: {problem}.")


class HouseholdChangeReused(Refusal):
    """A change with this id was made before, and it was another one."""

    code, status = "household_change_reused", 409
    cashier = Text(en="This id was used for another change.", ru="Этот номер уже использован для другого изменения.")


class HouseholdChangeUnknown(Refusal):
    """There is no such change of a household."""

    code, status = "household_change_unknown", 404
    cashier = Text(en="There is no such change.", ru="Такого изменения нет.")


class HouseholdTaken(Refusal):
    """The person is in another household of this kind."""

    code, status = "household_taken", 409
    cashier = Text(
        en="The customer is in another household of this kind ({kind}).",
        ru="Покупатель уже состоит в другом домохозяйстве этого вида ({kind}).",
    )


class HouseholdNotOfThem(Refusal):
    """The person is not in this household."""

    code, status = "household_not_of_them", 404
    cashier = Text(en="The customer is not in this household.", ru="Покупатель не состоит в этом домохозяйстве.")


class HouseholdKindsDiffer(Refusal):
    """Only households of one kind are made one."""

    code, status = "household_kinds_differ", 409
    cashier = Text(
        en="These households are of different kinds.", ru="Эти домохозяйства разных видов, объединить их нельзя."
    )


class HouseholdOfItself(Refusal):
    """A household is not merged with itself."""

    code, status = "household_of_itself", 422
    cashier = Text(en="Choose two different households.", ru="Выберите два разных домохозяйства.")


class HouseholdChangeOver(Refusal):
    """Something has changed since that would be lost: undo that first."""

    code, status = "household_change_over", 409
    cashier = Text(
        en="The household has changed since then. Undo the later change first.",
        ru="С тех пор домохозяйство изменилось. Сначала отмените более позднее изменение.",
    )
