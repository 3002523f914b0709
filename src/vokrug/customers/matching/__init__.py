"""Offline matching: which records are the same person, with reasons and probabilities, for a steward to decide.

Splink on DuckDB compares and weighs; what is compared, and how records that agree are gathered, is ours.
"""

from vokrug.customers.matching.reading import Unreadable
from vokrug.customers.matching.run import Found, Steps, match
from vokrug.customers.matching.scoring import Score

__all__ = ["Found", "Score", "Steps", "Unreadable", "match"]
