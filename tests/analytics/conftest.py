"""The same chain of two shops that the tills' tests sell in."""

from tests.pos.conftest import chain, opened, shopper, till

__all__ = ["chain", "opened", "shopper", "till"]
