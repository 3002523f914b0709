"""`vokrug keys`: whoever can run commands beside the database issues the first key; everybody else asks over HTTP."""

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from vokrug.app.floor import ask, transact
from vokrug.kernel import Clock, new_id
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Role
from vokrug.runtime.keys import IssuedKey, Key, issue_key, list_keys, revoke_key
from vokrug.runtime.settings import Settings
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

    async def do(tx: Tx, settings: Settings) -> IssuedKey:
        assert settings.secret, "the floor fills in the secret"
        return await issue_key(
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

    issued = transact(do)
    click.echo(f"key     {issued.key_id}\nsecret  {issued.secret}")
    if issued.token:
        click.echo(f"token   {issued.token}")


@command.command("list")
@click.option("--shop", "shop_id", type=int, help="Keys of one shop.")
@click.option("--all", "with_revoked", is_flag=True, help="Revoked ones too.")
def list_them(shop_id: int | None, *, with_revoked: bool) -> None:
    """List keys, without their secrets."""

    async def found(tx: Tx) -> list[Key]:
        keys: list[Key] = []
        while page := await list_keys(tx, shop_id=shop_id, after=keys[-1].key_id if keys else None, limit=PAGE):
            keys += page
        return keys

    shown = [key for key in ask(found) if with_revoked or key.revoked_at is None]
    if not shown:
        click.echo("There are no keys. Issue one: vokrug keys issue staff --label …")
        return
    table = Table(
        Column("key", no_wrap=True, min_width=len(shown[0].key_id)), "label", "shop", "till", "since (UTC)", ""
    )
    for key in shown:
        state = "revoked" if key.revoked_at else "sandbox" if key.is_sandbox else ""
        place = [str(number or "") for number in (key.shop_id, key.till_id)]
        table.add_row(key.key_id, escape(key.label), *place, f"{key.not_before:%Y-%m-%d %H:%M}", state)
    Console().print(table)


@command.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key at once. Repeat freely."""

    async def do(tx: Tx, settings: Settings) -> None:
        await revoke_key(tx, key_id, Clock().now())

    transact(do)
    click.echo(f"{key_id} is no key any more; all processes follow within seconds.")
