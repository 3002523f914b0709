"""Pages of the documentation that are written by the code they describe."""

from collections.abc import Callable, Mapping
from pathlib import Path

from vokrug.runtime.settings import settings_page

DOCS = Path(__file__).parents[3] / "docs"

# Add a page here and `vokrug docs` writes it, `vokrug docs --check` guards it.
PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
}


def write_pages(folder: Path = DOCS) -> list[str]:
    """Write what differs, and say which pages that were."""
    differing = differing_pages(folder)
    for name in differing:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(PAGES[name]())
    return differing


def differing_pages(folder: Path = DOCS) -> list[str]:
    """The pages that no longer say what the code does."""
    return [
        name for name, page in PAGES.items() if not (folder / name).exists() or (folder / name).read_text() != page()
    ]
