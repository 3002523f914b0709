"""Codes, reports, and what may follow what."""

import base64
import hashlib
import secrets
from typing import Any

from vokrug.pos.onboarding.errors import IntegrationState
from vokrug.pos.onboarding.types import Integration, State

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ0123456789"  # no I, L, O, U: codes are read out over the phone
GROUPS, GROUP = 4, 4  # sixteen characters of five bits
STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
HEARD_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})

MAY: dict[str, tuple[State, ...]] = {
    "invite_again": ("invited", "keys", "conformance"),
    "report": ("keys", "conformance", "live", "suspended"),
    "go_live": ("keys", "conformance", "live"),
    "suspend": ("live", "suspended"),
    "resume": ("suspended", "live"),
}


def new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().translate(str.maketrans(STANDARD, ALPHABET))
    return "-".join(text[start : start + GROUP] for start in range(0, GROUPS * GROUP, GROUP))


def code_hash(code: str) -> bytes:
    """However it was written down: small letters, spaces, an O for a nought."""
    plain = "".join(one for one in code.upper().translate(HEARD_AS) if one in ALPHABET)
    return hashlib.sha256(plain.encode()).digest()


def require(integration: Integration, deed: str) -> None:
    if integration.state not in MAY[deed]:
        raise IntegrationState(state=integration.state)


def has_passed(report: dict[str, Any]) -> bool:
    """A whole run that went well: every play played and passed, nothing found that stops."""
    plays, findings = report.get("plays"), report.get("findings")
    if report.get("verdict") != "ready" or not isinstance(plays, list) or not isinstance(findings, list):
        return False
    played = {one.get("code") for one in plays if isinstance(one, dict) and one.get("passed") is True}
    stops = any(isinstance(one, dict) and one.get("severity") == "blocker" for one in findings)
    return played >= PLAYS and len(played) == len(plays) and not report.get("left_out") and not stops


# What a till has to have gone through; the check itself lives with the commands.
PLAYS = frozenset(
    {
        "plain",
        "lost_answer",
        "lost_price",
        "busy",
        "price_changed",
        "late",
        "slow",
        "clock",
        "cancel",
        "return",
    }
)
