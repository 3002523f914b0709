"""What an installation decides about signing in, read once from the central settings."""

from dataclasses import dataclass, field

from vokrug.accounts.operations.codes import Policy


@dataclass(frozen=True, slots=True)
class SignInSettings:
    trusted_proxies: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
    staff_home: str = "/console"  # where a member of staff goes on the first day
