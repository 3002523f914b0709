"""`vokrug staff`: whoever can run commands beside the database invites the first owner; owners do the rest."""

import asyncio
from uuid import UUID

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vokrug import accounts
from vokrug.app.floor import say, transact
from vokrug.app.wiring import directory_of, policy_of, provider_of
from vokrug.kernel import Clock, Refusal, Text, new_id
from vokrug.runtime.database import Tx
from vokrug.runtime.settings import Settings

BY = "command line"
ROLES = click.Choice([role.value for role in accounts.StaffRole])


class OneAddress(Refusal):
    """An invitation goes to a mailbox or to a phone"""

    code, status = "one_address", 422
    cashier = Text(en="Say --email or --phone, one of them.", ru="Укажите --email или --phone, что-то одно.")


@click.group()
def command() -> None:
    """Who works here: invite, list, give other roles, revoke."""


@command.command()
@click.argument("name")
@click.option("--email", help="Where the link goes.")
@click.option("--phone", help="Where the link goes; whoever takes it signs in with this phone.")
@click.option("--role", "roles", multiple=True, required=True, type=ROLES)
@click.option("--shop", "shops", multiple=True, help="Only these shops, by their codes.")
def invite(name: str, email: str | None, phone: str | None, roles: tuple[str, ...], shops: tuple[str, ...]) -> None:
    """Make a link that is good once and for a day. It is sent where a gateway is set, and printed."""
    if (email is None) == (phone is None):
        raise OneAddress
    login = ("email", email) if email is not None else ("phone", phone or "")

    async def do(tx: Tx, settings: Settings) -> tuple[accounts.Message | None, Settings]:
        message = await accounts.invite(
            tx,
            provider_of(settings),
            await directory_of(tx, settings),
            policy_of(settings),
            new_id(),
            name,
            login,
            accounts.Post.of(roles, shops),
            by=BY,
            language="ru",
            now=Clock().now(),
        )
        return message, settings

    message, settings = transact(do)
    assert message is not None, "a new invitation has a link"
    click.echo(next(word for word in message.text.split() if word.startswith("http")))
    if settings.messages_url:
        asyncio.run(_send(message, settings))


async def _send(message: accounts.Message, settings: Settings) -> None:
    address = settings.messages_url or ""
    if message.channel != "sms" and address.startswith("smpp"):
        address = settings.messages_other_url or ""
    if not address:
        return
    gateway = accounts.gateway_to(address, settings.messages_token)
    try:
        is_sent = await gateway.send(message)
    finally:
        await gateway.close()
    say("The link was sent." if is_sent else "The link could not be sent: hand it over yourself.")


@command.command("list")
@click.option("--all", "with_revoked", is_flag=True, help="Also who does not work here any more.")
def list_them(*, with_revoked: bool) -> None:
    """Who works here, and as what."""

    async def found(tx: Tx, settings: Settings) -> list[accounts.Colleague]:
        return await accounts.staff(tx, provider_of(settings))

    shown = [one for one in transact(found) if with_revoked or one.revoked_at is None]
    if not shown:
        click.echo("Nobody works here yet. Invite an owner: vokrug staff invite NAME --email … --role owner")
        return
    table = Table("id", "name", "roles", "shops", "since (UTC)", "second proof", "")
    for one in shown:
        table.add_row(
            str(one.id),
            escape(one.called),
            ", ".join(sorted(one.post.roles)),
            escape(", ".join(sorted(one.post.shops)) or "all"),
            f"{one.since:%Y-%m-%d %H:%M}",
            "yes" if one.has_second else "no",
            "revoked" if one.revoked_at else "",
        )
    Console().print(table)


@command.command()
@click.argument("id", type=click.UUID)
@click.option("--role", "roles", multiple=True, required=True, type=ROLES)
@click.option("--shop", "shops", multiple=True, help="Only these shops, by their codes.")
@click.option("--why", required=True, help="Kept with the change.")
def roles(id: UUID, roles: tuple[str, ...], shops: tuple[str, ...], why: str) -> None:
    """Give a member of staff other roles. Those not named are theirs no more."""

    async def do(tx: Tx, settings: Settings) -> None:
        post = accounts.Post.of(roles, shops)
        await accounts.change_post(tx, id, post, uid=new_id(), by=BY, why=why, now=Clock().now())

    transact(do)
    click.echo(f"{id}: {', '.join(sorted(set(roles)))}")


@command.command()
@click.argument("id", type=click.UUID)
@click.option("--why", required=True, help="Kept with the change.")
def revoke(id: UUID, why: str) -> None:
    """Sign somebody out everywhere; they are not of the staff any more."""

    async def do(tx: Tx, settings: Settings) -> None:
        await accounts.revoke_staff(tx, id, uid=new_id(), by=BY, why=why, now=Clock().now())

    transact(do)
    click.echo(f"{id} is not of the staff any more.")


@command.command("forget-second")
@click.argument("id", type=click.UUID)
@click.option("--why", required=True, help="Kept with the change.")
def forget_second(id: UUID, why: str) -> None:
    """For whoever lost their phone: they set up a second proof at the next sign-in."""

    async def do(tx: Tx, settings: Settings) -> None:
        await accounts.forget_second(tx, id, uid=new_id(), by=BY, why=why, now=Clock().now())

    transact(do)
    click.echo(f"{id} sets up a second proof at the next sign-in.")
