"""A rule of retention, and what it came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

ALL = "*"


class Kept(StrEnum):
    """What is kept for a time. Its age is counted from the moment it stopped being of use."""

    ATTRIBUTE = "attribute"  # what a source said, from its last word of it
    CONSENT_PROOF = "consent_proof"  # how somebody agreed, from their next word on the purpose
    IDENTIFIER = "identifier"  # that one was somebody's, from the end of it
    CARD_READ = "card_read"  # who of the staff read whose card
    BULK_READ = "bulk_read"  # who took many profiles out


@dataclass(frozen=True, slots=True)
class Retention:
    """Of this kind and subject (`*`: all), what is older than so many days is destroyed."""

    kind: Kept
    subject: str
    days: int
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """What a run destroyed, or would have: by kind and subject."""

    at: datetime
    is_dry: bool
    report: Mapping[str, Any]
