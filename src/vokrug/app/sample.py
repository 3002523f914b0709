"""A chain to play with."""

from vokrug.runtime.settings import Settings


def prepare_sample(settings: Settings) -> None:
    """Placeholder of the wiring: the chain itself is made by the next commit."""
    assert settings.database_url is not None
