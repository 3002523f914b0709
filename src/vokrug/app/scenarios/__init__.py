"""Conformance cases, played on fresh instances of the whole product through its public API."""

from vokrug.app.scenarios.playing import MANNERS, play_all, read_cases
from vokrug.app.scenarios.report import Report

__all__ = ["MANNERS", "Report", "play_all", "read_cases"]
