"""`vokrug events subscriptions`: who reads, how far everybody is, and what to do about it."""

import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vokrug.app.floor import say, transact
from vokrug.events.subscriptions import again, lifecycle, store, upkeep
from vokrug.events.subscriptions.errors import SubscriptionUnknown
from vokrug.events.subscriptions.types import Subscription
from vokrug.kernel import Clock
from vokrug.runtime.database import Tx
from vokrug.runtime.settings import Settings
from vokrug.runtime.signing import Vault

T = TypeVar("T")


@click.group(invoke_without_command=True)
@click.pass_context
def subscriptions(context: click.Context) -> None:
    """List subscriptions with their lag; or pause, resume, replay and redrive one."""
    if context.invoked_subcommand is None:
        _with_tx(_show)


@subscriptions.command()
@click.argument("name")
@click.option("--reason", default="", help="Why; it is written into the trail.")
def pause(name: str, reason: str) -> None:
    """Stop reading for a while. Its place keeps the past for it."""
    _with_tx(lambda tx, settings, now: lifecycle.pause(tx, name, _actor(), now, reason=reason))
    say(f"{name} is paused.")


@subscriptions.command()
@click.argument("name")
def resume(name: str) -> None:
    """Go on after a pause."""
    _with_tx(lambda tx, settings, now: lifecycle.resume(tx, name, _actor(), now))
    say(f"{name} is active.")


@subscriptions.command()
@click.argument("name")
@click.option("--key", type=int, help="One key only.")
def redrive(name: str, key: int | None) -> None:
    """Try again what waits for a person, in order."""

    async def work(tx: Tx, settings: Settings, now: datetime) -> int:
        return await again.redrive(tx, await _known(tx, name), _actor(), now, key=key)

    say(f"{_with_tx(work)} keys move again.")


@subscriptions.command()
@click.argument("name")
@click.option("--as", "new_name", required=True, help="The name of the replay.")
@click.option("--from-time", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="A moment, in UTC.")
@click.option("--cursor", help="A cursor, “partition:position,…”; empty: from the beginning.")
def replay(name: str, new_name: str, from_time: datetime | None, cursor: str | None) -> None:
    """Tell the past again, up to now, under a new name. Each event bears `replay: true`."""
    if (from_time is None) == (cursor is None):
        raise click.UsageError("Say either --from-time or --cursor.")

    async def work(tx: Tx, settings: Settings, now: datetime) -> Subscription:
        assert settings.secret is not None, "the floor fills in the secret"
        return await again.replay(
            tx,
            Vault(settings.secret),
            await _known(tx, name),
            name=new_name,
            actor=_actor(),
            now=now,
            from_time=from_time.replace(tzinfo=UTC) if from_time else None,
            cursor=cursor,
        )

    _with_tx(work)
    say(f"{new_name} tells the past of {name} again.")


@click.command()
@click.argument("type_name", metavar="TYPE")
@click.option("--stop", is_flag=True, help="Keep every fact again.")
def compact(type_name: str, stop: bool) -> None:
    """Keep only the newest fact of each key of a type, from the next sweep on."""

    async def work(tx: Tx, settings: Settings, now: datetime) -> None:
        await (upkeep.stop_compacting(tx, type_name) if stop else upkeep.compact(tx, type_name, now))

    _with_tx(work)
    say(f"Of {type_name} every fact is kept." if stop else f"Of {type_name} the newest fact of each key is kept.")


def _with_tx(work: Callable[[Tx, Settings, datetime], Awaitable[T]]) -> T:
    return transact(lambda tx, settings: work(tx, settings, Clock().now()))


async def _known(tx: Tx, name: str) -> Subscription:
    if (known := await store.find(tx, name)) is None:
        raise SubscriptionUnknown(name=name)
    return known


def _actor() -> str:
    """Who sits at the console."""
    return f"console:{getpass.getuser()}"


async def _show(tx: Tx, settings: Settings, now: datetime) -> None:
    lags = {lag.name: lag for lag in await store.lag(tx)}
    known = await store.list_all(tx)
    if not known:
        Console().print("Nobody has subscribed.")
        return
    table = Table("subscription", "state", "delivery", "types", "behind", "oldest", "stuck", "skipped", "why")
    for one in known:
        lag = lags.get(one.name)
        numbers = (str(lag.behind), f"{lag.age_s(now):.0f} s", str(lag.stuck)) if lag else ("", "", "")
        words = (one.name, one.state, one.delivery, ", ".join(one.types), *numbers, str(one.skipped), one.reason)
        table.add_row(*map(escape, words))
    Console().print(table)
