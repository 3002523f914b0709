"""Who meets which variant, and what the difference was worth: no I/O."""

import hashlib
import math
from collections.abc import Collection, Sequence
from statistics import NormalDist

from vokrug.promotions.errors import OfferNonsense
from vokrug.promotions.experiments.types import Arm, Effect, Experiment, Holdout, Variant

CONFIDENCE = 0.95
SLOTS = 10_000


def slot(salt: str, customer: int) -> int:
    """A place from 0 to 9,999, the same for ever. The digest, not the number, decides: numbers follow time."""
    digest = hashlib.blake2b(f"{salt}/{customer}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % SLOTS


def variant_of(experiment: Experiment, customer: int) -> Variant:
    """By weight, from one digest: a customer's variant depends on nothing else."""
    total = sum(variant.weight for variant in experiment.variants)
    digest = hashlib.blake2b(f"{experiment.key}/{customer}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest) % total
    for variant in experiment.variants:
        if place < variant.weight:
            return variant
        place -= variant.weight
    raise AssertionError("weights make the total")


def is_held_out(holdout: Holdout, customer: int) -> bool:
    return slot(holdout.salt, customer) < holdout.share_bp


def kept_from(
    experiments: Sequence[Experiment], holdout: Holdout, campaigned: Collection[int], customer: int | None
) -> set[int]:
    """The offers a customer does not get: those of other variants, and all campaigns for who is held out.
    Somebody we do not know is in no experiment, and meets the control.
    """
    kept: set[int] = set()
    for experiment in experiments:
        own = experiment.variants[0] if customer is None else variant_of(experiment, customer)
        if customer is not None and is_held_out(holdout, customer):
            own = experiment.variants[0]
        kept.update(offer for variant in experiment.variants for offer in variant.offers if offer not in own.offers)
    if customer is not None and holdout.share_bp and is_held_out(holdout, customer):
        kept.update(campaigned)
    return kept


def require_variants(variants: Sequence[Variant]) -> None:
    if len(variants) < 2:
        raise OfferNonsense(field="variants", why="less than two", why_ru="нужно не меньше двух")
    if len({variant.key for variant in variants}) < len(variants):
        raise OfferNonsense(field="variants", why="one key twice", why_ru="ключ повторяется")


def arm(key: str, customers: int, total: int, squares: float) -> Arm:
    """From sums over customers to mean and deviation."""
    mean = total / customers if customers else 0.0
    variance = max(0.0, (squares - customers * mean * mean) / (customers - 1)) if customers > 1 else 0.0
    return Arm(key, customers, mean, math.sqrt(variance))


def effect(control: Arm, arm: Arm, confidence: float = CONFIDENCE) -> Effect:
    """Welch's interval: the arms may differ in size and in spread. Spending is skewed, but the means of some
    hundreds of customers are not; with fewer the interval is wide anyway.
    """
    difference = arm.mean_minor - control.mean_minor
    if min(control.customers, arm.customers) < 2:
        return Effect(arm.key, difference, -math.inf, math.inf, confidence, False)
    a = control.deviation_minor**2 / control.customers
    b = arm.deviation_minor**2 / arm.customers
    error = math.sqrt(a + b)
    freedom = (a + b) ** 2 / (a * a / (control.customers - 1) + b * b / (arm.customers - 1)) if a + b else 1.0
    margin = student_quantile(0.5 + confidence / 2, freedom) * error
    return Effect(
        arm.key, difference, difference - margin, difference + margin, confidence, abs(difference) > margin > 0
    )


def student_quantile(p: float, freedom: float) -> float:
    """Student's t: its density summed by Simpson's rule, its point found by halving. Some 0.1 ms, and exact to
    six digits, which no report needs.
    """
    if freedom > 10_000:
        return NormalDist().inv_cdf(p)
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)

    def below(t: float) -> float:
        steps = 400
        width = t / steps
        heights = [scale * (1 + (i * width) ** 2 / freedom) ** (-(freedom + 1) / 2) for i in range(steps + 1)]
        inner = 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2])
        return float(0.5 + (heights[0] + inner + heights[-1]) * width / 3)

    low, high = 0.0, 1.0
    while below(high) < p and high < 1e4:
        low, high = high, high * 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < p else (low, middle)
    return high
