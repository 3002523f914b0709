"""What agreement weighs, learned from the records without being told who is who (Fellegi and Sunter, by Splink)."""

import json
import logging
import math
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator
from splink.internals.exceptions import EMTrainingException

from vokrug.customers.matching import blocking, reading
from vokrug.customers.matching.comparisons import comparison

RANDOM_PAIRS = 1_000_000
LEARNED_PAIRS = 1_000_000
SEED = 1
ENOUGH_RULES = 3
LEAST = -8.0  # bits: what is less alike says nothing that a pair never looked at does not
# Pairs that agree in all of these are surely one person, however many more there are.
SURE = (
    ("given", "surname", "birthday"),
    ("email",),
    ("phone", "surname"),
    ("street", "house", "surname"),
    ("full_name", "birthday"),
)
SURE_SHARE = 0.7  # of true pairs: how many the rules above are taken to find
TRAINED_ON = (
    ("given", "surname"),
    ("birthday",),
    ("postcode",),
    ("email",),
    ("phone",),
    ("full_name",),
    ("city", "surname"),
)


class TooLittle(Exception):
    """The table has too little to compare."""


@dataclass(frozen=True)
class Model:
    """Weights in bits by role and step of its ladder; the step's label."""

    ladders: dict[str, dict[int, tuple[str, float]]]
    keys: list[blocking.Key]


def weigh(connection: duckdb.DuckDBPyConnection, roles: tuple[str, ...], said: Callable[[str], None]) -> Model:
    """Fill the table `weighed` (a, b, weight, probability, a step for each role) from the table `people`."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    said("choosing what to compare")
    keys = blocking.choose(connection, roles)
    if not keys:
        raise TooLittle()
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        people = DuckDBAPI(connection).register("people")
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=[comparison(role, roles) for role in roles if role != "maiden"],
            blocking_rules_to_generate_predictions=[block_on(*key) for key in keys],
            retain_matching_columns=True,
            retain_intermediate_calculation_columns=False,
            max_iterations=20,
        )
        linker = Linker(people, settings, log_level=logging.ERROR, validate_settings=False)
        said("learning what agreement weighs")
        learn(linker, connection, roles)
        said("comparing")
        predicted = linker.inference.predict(threshold_match_weight=LEAST, warning_mode="never")
        # What nobody agrees in has no weight, and Splink leaves it out.
        made = set(reading.columns_of(connection, str(predicted.physical_name)))
        weighed = [role for role in roles if f"gamma_{role}" in made]
        steps = ", ".join(f"gamma_{role} as {role}" for role in weighed)
        connection.execute(
            "create table weighed as select unique_id_l as a, unique_id_r as b, match_weight as weight, "  # noqa: S608
            f"match_probability as probability, {steps} from {predicted.physical_name}"
        )
        ladders = ladders_of(linker)
        return Model({role: ladders[role] for role in weighed}, keys)


def learn(linker: Linker, connection: duckdb.DuckDBPyConnection, roles: Sequence[str]) -> None:
    sure: list[str | BlockingRuleCreator] = [block_on(*rule) for rule in SURE if set(rule) <= set(roles)]
    if sure:
        linker.training.estimate_probability_two_random_records_match(sure, recall=SURE_SHARE)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    trained = 0
    for rule in TRAINED_ON:
        if set(rule) <= set(roles) and trained < ENOUGH_RULES:
            with suppress(EMTrainingException):  # nobody agrees in it: another rule will do, or the usual weights
                linker.training.estimate_parameters_using_expectation_maximisation(
                    block_on(*rule), record_sample_proportion=1.0, max_pairs=LEARNED_PAIRS
                )
                trained += 1


def ladders_of(linker: Linker) -> dict[str, dict[int, tuple[str, float]]]:
    """From the model as Splink writes it down."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.json")
        linker.misc.save_model_to_json(str(file))
        model: dict[str, Any] = json.loads(file.read_text())
    ladders: dict[str, dict[int, tuple[str, float]]] = {}
    for made in model["comparisons"]:
        steps = [step for step in made["comparison_levels"] if not step.get("is_null_level")]
        ladder = {-1: ("null", 0.0)}
        for i, step in enumerate(steps):
            m, u = step.get("m_probability") or 0.0, step.get("u_probability") or 0.0
            bits = math.log2(m / u) if m > 0 and u > 0 else 0.0
            ladder[len(steps) - 1 - i] = (step["label_for_charts"], bits)
        ladders[made["output_column_name"]] = ladder
    return ladders
