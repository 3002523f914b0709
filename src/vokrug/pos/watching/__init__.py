"""How tills fare: what they say, how the centre answers them, what somebody should look at."""

from vokrug.pos.watching.api import routes
from vokrug.pos.watching.meter import TillMeter

__all__ = ["TillMeter", "routes"]
