"""Experiments: who meets what, and what it was worth."""

import random
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from vokrug.promotions.errors import OfferNonsense
from vokrug.promotions.experiments import rules
from vokrug.promotions.experiments.operations import weigh
from vokrug.promotions.experiments.types import Experiment, Holdout, Variant

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AB = (Variant("control", 1), Variant("ten", 3, (7,)), Variant("twenty", 1, (8,)))


def experiment(*variants: Variant) -> Experiment:
    return Experiment(1, uuid4(), "autumn", "Autumn", variants or AB, "running", NOW, None)


def test_everybody_always_meets_the_same_variant_by_weight() -> None:
    one = experiment()
    met = [rules.variant_of(one, customer).key for customer in range(10_000)]
    assert met == [rules.variant_of(one, customer).key for customer in range(10_000)]
    shares = {key: met.count(key) / 10_000 for key in ("control", "ten", "twenty")}
    assert shares == pytest.approx({"control": 0.2, "ten": 0.6, "twenty": 0.2}, abs=0.02)


def test_a_customer_gets_no_other_variants_offers_and_a_stranger_is_in_none() -> None:
    one = experiment()
    for customer in range(100):
        own = set(rules.variant_of(one, customer).offers)
        assert rules.kept_from([one], Holdout(), (), customer) == {7, 8} - own
    assert rules.kept_from([one], Holdout(), (), None) == {7, 8}


def test_who_is_held_out_goes_without_campaigns() -> None:
    holdout = Holdout(share_bp=1000)
    out = [customer for customer in range(10_000) if rules.is_held_out(holdout, customer)]
    assert len(out) == pytest.approx(1000, abs=100)
    assert rules.kept_from([experiment()], holdout, {5}, out[0]) == {5, 7, 8}
    assert rules.kept_from([], holdout, {5}, next(c for c in range(100) if c not in out)) == set()
    other = Holdout(share_bp=1000, salt="next year")
    assert {c for c in range(10_000) if rules.is_held_out(other, c)} != set(out)


@pytest.mark.parametrize(
    ("p", "freedom", "expected"), [(0.975, 1, 12.7062), (0.975, 5, 2.5706), (0.975, 30, 2.0423), (0.95, 10, 1.8125)]
)
def test_students_quantile_is_that_of_the_tables(p: float, freedom: float, expected: float) -> None:
    assert rules.student_quantile(p, freedom) == pytest.approx(expected, abs=1e-3)


def test_welchs_interval_is_that_of_a_textbook() -> None:
    """Two samples with known sums: 27.5 and 20.0 in mean, unlike in size and spread."""
    a = [30, 25, 28, 27, 26, 29]
    b = [20, 18, 24, 15, 23, 20, 22, 18]
    arms = [rules.arm("x", len(s), sum(s), sum(v * v for v in s)) for s in (b, a)]
    found = rules.effect(arms[0], arms[1])
    assert found.is_significant
    assert found.mean_minor == pytest.approx(7.5)
    assert [found.low_minor, found.high_minor] == pytest.approx([4.6605, 10.3395], abs=1e-3)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    draw = random.Random(7)
    holds = 0
    for round in range(200):
        one = experiment(Variant("control", 1), Variant("ten", 1, (7,)))
        margins = []
        for customer in range(round * 300, round * 300 + 300):
            lift = 150 if rules.variant_of(one, customer).key == "ten" else 0
            margins.append((customer, int(draw.expovariate(1 / 1000)) + lift))
        (effect,) = weigh(one, Holdout(), margins, NOW).effects
        holds += effect.low_minor <= 150 <= effect.high_minor
    assert 180 <= holds <= 199


def test_less_than_two_variants_are_refused() -> None:
    with pytest.raises(OfferNonsense):
        rules.require_variants(AB[:1])
    with pytest.raises(OfferNonsense):
        rules.require_variants((AB[0], AB[0]))
