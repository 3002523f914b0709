"""`vokrug docs`: the generated pages of the documentation."""

import sys

import click

from vokrug.app.pages import differing_pages, write_pages


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a page is out of date.")
def command(check: bool) -> None:
    """Write the generated pages."""
    differing = differing_pages() if check else write_pages()
    for name in differing:
        click.echo(f"docs/{name} {'is out of date: run `vokrug docs`' if check else 'written'}", err=check)
    if check and differing:
        sys.exit(1)
