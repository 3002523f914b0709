"""What is declined here."""

from vokrug.kernel import Refusal, Text


class RetentionMalformed(Refusal):
    """A rule names something that is there, and a period of days."""

    code, status = "retention_malformed", 422
    cashier = Text(en="Check the retention rule: {problem}.", ru="Проверьте правило хранения: {problem}.")


class RetentionUnknown(Refusal):
    """There is no such rule."""

    code, status = "retention_unknown", 404
    cashier = Text(en="There is no such retention rule.", ru="Такого правила хранения нет.")
