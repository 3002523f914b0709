"""A mobile operator for trials: its SMPP centre, its calls, and the phones that it serves."""

from vokrug.app.operator.phones import Behaviour, Phones
from vokrug.app.operator.running import operating

__all__ = ["Behaviour", "Phones", "operating"]
