"""How a shop's tills come to the centre: invited, given keys, tried, live; and who did what."""

from vokrug.pos.onboarding.api import routes
from vokrug.pos.onboarding.guard import ClaimGuard

__all__ = ["ClaimGuard", "routes"]
