"""The policy as the people who write it see it."""

from datetime import datetime

from msgspec import Struct

from vokrug.promotions.engine import Policy


class PolicyVersion(Struct, frozen=True):
    """One wording of the policy. Version 0 is what the product comes with."""

    version: int
    policy: Policy
    created_by: str | None = None
    created_at: datetime | None = None
