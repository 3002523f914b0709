"""`vokrug keys`: whoever can run commands beside the database issues the first key; everybody else asks over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vokrug.app.floor import running_database
from vokrug.kernel import Clock, new_id
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Role
from vokrug.runtime.keys import Key, issue_key, list_keys, revoke_key
from vokrug.runtime.settings import Settings, load_settings
from vokrug.runtime.signing import Vault

PAGE = 500


@click.group()
def command() -> None:
    """Issue, list and revoke API keys."""


@command.command()
@click.argument("role", type=click.Choice(["till", "partner", "staff"]))
@click.option("--label", required=True, help="Who holds it, for those who look at the list.")
@click.option("--shop", "shop_id", type=int, help="A till's shop; or the only shop that staff may reach.")
@click.option("--till", "till_id", type=int, help="A till's number.")
@click.option("--sandbox", is_flag=True, help="May be borne as a plain token; for trying things out.")
def issue(role: str, label: str, shop_id: int | None, till_id: int | None, *, sandbox: bool) -> None:
    """Issue a key. Its secret is printed now and never again."""

    async def do(tx: Tx, settings: Settings) -> None:
        assert settings.secret, "the floor fills in the secret"
        issued = await issue_key(
            tx,
            Vault(settings.secret),
            uid=new_id(),
            role=Role(role),
            shop_id=shop_id,
            till_id=till_id,
            label=label,
            sandbox=sandbox,
            now=Clock().now(),
        )
        click.echo(f"key     {issued.key_id}\nsecret  {issued.secret}")
        if issued.token:
            click.echo(f"token   {issued.token}")

    _run(do)


@command.command("list")
@click.option("--shop", "shop_id", type=int, help="Keys of one shop.")
@click.option("--all", "with_revoked", is_flag=True, help="Revoked ones too.")
def list_them(shop_id: int | None, *, with_revoked: bool) -> None:
    """List keys, without their secrets."""

    async def do(tx: Tx, settings: Settings) -> None:
        found: list[Key] = []
        while page := await list_keys(tx, shop_id=shop_id, after=found[-1].key_id if found else None, limit=PAGE):
            found += page
        shown = [key for key in found if with_revoked or key.revoked_at is None]
        if not shown:
            click.echo("There are no keys. Issue one: vokrug keys issue staff --label …")
            return
        table = Table("key", "label", "shop", "till", "since (UTC)", "")
        for key in shown:
            state = "revoked" if key.revoked_at else "sandbox" if key.is_sandbox else ""
            place = [str(number or "") for number in (key.shop_id, key.till_id)]
            table.add_row(key.key_id, escape(key.label), *place, f"{key.not_before:%Y-%m-%d %H:%M}", state)
        Console().print(table)

    _run(do)


@command.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key at once. Repeat freely."""

    async def do(tx: Tx, settings: Settings) -> None:
        await revoke_key(tx, key_id, Clock().now())
        click.echo(f"{key_id} is no key any more; all processes follow within seconds.")

    _run(do)


def _run(do: Callable[[Tx, Settings], Awaitable[None]]) -> None:
    with running_database(load_settings()) as settings:
        asyncio.run(_in_transaction(do, settings))


async def _in_transaction(do: Callable[[Tx, Settings], Awaitable[None]], settings: Settings) -> None:
    assert settings.database_url is not None, "a running database has an address"
    db = await Database.connect(settings.database_url)
    try:
        async with db.transaction() as tx:
            await do(tx, settings)
    finally:
        await db.close()
