"""A refusal states what we decline, why, and what would help. It becomes an RFC 9457 problem document."""

from enum import StrEnum
from typing import ClassVar

from vokrug.kernel.languages import Text

DECLINED = Text(en="The request was declined.", ru="Запрос отклонён.")


class Retry(StrEnum):
    """What the caller should do with the same request."""

    NEVER = "never"  # it will be declined again
    SAME = "same"  # send the very same request again
    LATER = "later"  # something has to change first


class Refusal(Exception):
    """Base of every refusal. A subclass names its `code` (stable, for machines), its HTTP `status`,
    and what cashier and customer read; its docstring is the title. Facts fill the texts' braces and
    travel in the document's `facts`.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    retry: ClassVar[Retry] = Retry.NEVER
    cashier: ClassVar[Text] = DECLINED
    customer: ClassVar[Text | None] = None  # None: what the cashier reads will do
    challenge: ClassVar[str | None] = None  # `www-authenticate`, for whoever proves themselves by no key of ours

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code)
        self.facts = facts

    @classmethod
    def title(cls) -> str:
        return (cls.__doc__ or cls.code).strip().splitlines()[0]

    def detail(self) -> str:
        """One sentence for the log, English."""
        return self.cashier.say("en", **self.facts)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail()}"
