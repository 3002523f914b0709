"""Words that every domain shares: money, ids, time, refusals, languages. No I/O."""

from vokrug.kernel.clock import Clock, MovedClock, StandingClock
from vokrug.kernel.ids import new_id
from vokrug.kernel.languages import LANGUAGES, Text, pick_language
from vokrug.kernel.mac import Mac
from vokrug.kernel.money import (
    Rounding,
    format_minor,
    parse_minor,
    round_ratio,
    share_out,
)
from vokrug.kernel.refusals import Refusal, Retry

__all__ = [
    "LANGUAGES",
    "Clock",
    "Mac",
    "MovedClock",
    "Refusal",
    "Retry",
    "Rounding",
    "StandingClock",
    "Text",
    "format_minor",
    "new_id",
    "parse_minor",
    "pick_language",
    "round_ratio",
    "share_out",
]
