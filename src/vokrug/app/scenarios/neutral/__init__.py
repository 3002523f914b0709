"""Scenarios of offers, points, gift cards, tiers and returns, in the neutral format (docs/scenarios.md)."""

from vokrug.app.scenarios.neutral.cases import is_neutral
from vokrug.app.scenarios.neutral.playing import play

__all__ = ["is_neutral", "play"]
