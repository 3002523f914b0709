"""`vokrug till`: what a till's vendor takes home."""

from pathlib import Path

import click

from vokrug.app.kit import write_kit


@click.group()
def command() -> None:
    """What a till's vendor takes home."""


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def kit(file: Path) -> None:
    """Write the centre's own calculator to FILE (.zip): pure Python that needs `msgspec` alone."""
    with file.open("wb") as archive:
        modules = write_kit(archive)
    click.echo(f"{modules} modules in {file}, {file.stat().st_size} bytes")
