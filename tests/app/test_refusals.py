"""Whoever is told no is told why, in words of their own language."""

import re

from vokrug.app.pages import every_refusal
from vokrug.kernel.refusals import DECLINED


def test_every_refusal_has_a_sentence_for_the_cashier_in_both_languages() -> None:
    silent = [
        kind.code
        for kind in every_refusal()
        if kind.cashier is DECLINED or not kind.cashier.en.strip() or not re.search("[А-Яа-я]", kind.cashier.ru)
    ]
    assert silent == []
