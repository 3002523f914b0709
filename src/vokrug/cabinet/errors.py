"""What this domain declines, by name."""

from vokrug.kernel import Refusal, Retry, Text


class SecondProofNeeded(Refusal):
    """What is asked for gives everything out or ends everything, and the person has a second proof."""

    code, status = "second_proof_needed", 403
    retry = Retry.LATER
    cashier = Text(
        en="Please sign in once more with your second proof.", ru="Войдите ещё раз и подтвердите вход вторым способом."
    )


class ConsentNotYours(Refusal):
    """The person was never asked for this, or it is taken back in another way."""

    code, status = "consent_not_yours", 422
    cashier = Text(en="This cannot be changed here.", ru="Это нельзя изменить здесь.")
