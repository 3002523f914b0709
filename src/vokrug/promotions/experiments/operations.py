"""Experiments: begun, ended, read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug.promotions import store as offers
from vokrug.promotions.errors import ExperimentUnknown, OfferIdReused, OfferKeyTaken, OfferNonsense, OfferUnknown
from vokrug.promotions.experiments import rules, store
from vokrug.promotions.experiments.types import Arm, Experiment, Holdout, Report, Variant
from vokrug.runtime.database import Tx


async def begin_experiment(
    tx: Tx,
    id: UUID,
    *,
    key: str,
    name: str,
    variants: Sequence[Variant],
    until: datetime | None,
    by: str,
    now: datetime,
) -> Experiment:
    """Share customers out to variants from now on. Safe to repeat with the same id and words."""
    rules.require_variants(variants)
    if until is not None and until <= now and await store.find(tx, id) is None:
        raise OfferNonsense(field="until_at", why="it lies in the past", why_ru="этот момент уже прошёл")
    numbers = {offer for variant in variants for offer in variant.offers}
    if len(await store.known_offers(tx, sorted(numbers))) < len(numbers):
        raise OfferUnknown()
    if not await store.insert(tx, id, key=key, name=name, variants=tuple(variants), until=until, by=by, now=now):
        known = await store.find(tx, id)
        if known is None:
            raise OfferKeyTaken(key=key)
        if (known.key, known.name, known.variants) != (key, name, tuple(variants)):
            raise OfferIdReused(offer_id=str(id))
        return known
    await offers.raise_counter(tx)
    return await find_experiment(tx, id)


async def find_experiment(tx: Tx, id: UUID) -> Experiment:
    experiment = await store.find(tx, id)
    if experiment is None:
        raise ExperimentUnknown(experiment=str(id))
    return experiment


async def end_experiment(tx: Tx, id: UUID, *, by: str, now: datetime) -> Experiment:
    """Everybody meets the same offers again. Said twice it does nothing."""
    await find_experiment(tx, id)
    await store.end(tx, id, by=by, now=now)
    await offers.raise_counter(tx)
    return await find_experiment(tx, id)


async def save_holdout(tx: Tx, holdout: Holdout) -> None:
    """How many customers go without campaigns."""
    await store.save_holdout(tx, holdout)
    await offers.raise_counter(tx)


def weigh(experiment: Experiment, holdout: Holdout, margins: Sequence[tuple[int, int]], now: datetime) -> Report:
    """What each variant came to in net margin for each customer, beside the control. Everybody who bought in the
    time of the experiment counts, whether an offer reached them or not: choosing by what happened later would
    choose the answer.
    """
    sums = {variant.key: [0, 0, 0] for variant in experiment.variants}
    for customer, margin in margins:
        if rules.is_held_out(holdout, customer):
            continue
        place = sums[rules.variant_of(experiment, customer).key]
        place[0] += 1
        place[1] += margin
        place[2] += margin * margin
    arms: list[Arm] = [rules.arm(key, count, total, squares) for key, (count, total, squares) in sums.items()]
    until = min(now, experiment.until_at) if experiment.until_at is not None else now
    effects = [rules.effect(arms[0], arm) for arm in arms[1:]]
    return Report(experiment.key, experiment.from_at, until, arms, effects)
