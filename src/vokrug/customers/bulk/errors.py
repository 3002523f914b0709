"""What is declined here."""

from vokrug.kernel import Refusal, Text


class PurposeMalformed(Refusal):
    """A purpose is named by small Latin letters, digits, dots, dashes and underscores."""

    code, status = "purpose_malformed", 422
    cashier = Text(en="Check the purpose's name.", ru="Проверьте название цели.")
