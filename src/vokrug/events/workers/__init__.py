"""Partitions of reactions and relays, leased among any number of processes on any hosts."""

from vokrug.events.workers.leases import Leases
from vokrug.events.workers.types import Hold, LeaseView

__all__ = ["Hold", "LeaseView", "Leases"]
