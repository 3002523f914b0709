"""`vokrug till-check`: is this till ready?"""

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from vokrug.app.scenarios.client import HttpClient
from vokrug.app.till_check.centre import own_centre, prepared
from vokrug.app.till_check.exchanges import read_log
from vokrug.app.till_check.judging import judge
from vokrug.app.till_check.kit import Place, by_command, by_hand, put_through
from vokrug.app.till_check.line import Line
from vokrug.app.till_check.plays import PLAYS, Play
from vokrug.app.till_check.report import Report
from vokrug.kernel import Text
from vokrug.runtime.settings import load_settings

language_option = click.option("--language", type=click.Choice(["ru", "en"]), default="ru", show_default=True)
json_option = click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
save_option = click.option(
    "--report", "save_to", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as JSON, to upload."
)

WELCOME = Text(
    en="The test centre listens at {url}\n  shop {shop}, till {till}, key {key}\n  secret {secret}\n"
    "  articles: coffee at 100.00, cake at 400.00; a shopper with the phone {phone}\n",
    ru="Проверочный центр слушает {url}\n  магазин {shop}, касса {till}, ключ {key}\n  секрет {secret}\n"
    "  товары: coffee по 100.00, cake по 400.00; покупатель с телефоном {phone}\n",
)


@click.group()
def command() -> None:
    """Is this till ready to go live?"""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@save_option
@language_option
def log(file: Path, as_json: bool, save_to: Path | None, language: str) -> None:
    """Read a till's own log of exchanges, FILE, and say what is wrong. Status 1 if something stops.

    One JSON object a line; docs/till.md tells the format.
    """
    exchanges = read_log(file)
    finish(Report(len(exchanges), judge(exchanges)), as_json=as_json, save_to=save_to, language=language)


@command.command()
@click.option("--port", type=int, default=8377, show_default=True, help="Where the till connects to; 0: any.")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0: tills on other machines too.")
@click.option("--till-command", help="A command that plays one play; VOKRUG_TILL_PLAY names it. Without: by hand.")
@click.option("--patience", "patience_s", type=float, default=180, show_default=True, help="Seconds for each play.")
@click.option("--play", "only", multiple=True, type=click.Choice([play.code for play in PLAYS]), help="Only this one.")
@click.option("--centre", help="A test centre that runs already; VOKRUG_TRIAL_TOKEN bears a sandbox staff key.")
@json_option
@save_option
@language_option
def serve(
    port: int,
    host: str,
    till_command: str | None,
    patience_s: float,
    only: tuple[str, ...],
    centre: str | None,
    as_json: bool,
    save_to: Path | None,
    language: str,
) -> None:
    """Put a till through its plays: lost answers, a busy centre, changed prices. Status 1 if it is not ready yet."""
    plays = [play for play in PLAYS if not only or play.code in only]
    with ExitStack() as stack:
        if centre is None:
            url, client = stack.enter_context(own_centre(load_settings().database_url))
        else:
            url, client = centre, HttpClient(centre, os.environ.get("VOKRUG_TRIAL_TOKEN", ""))
        line = stack.enter_context(Line(url, host, port))
        place = prepared(client, line.url)
        if till_command is None:
            welcome(place, language)
            act = by_hand(line, lambda play: say(play, language), patience_s)
        else:
            act = by_command(till_command, place, patience_s)
        report = put_through(line, act, plays)
    finish(report, as_json=as_json, save_to=save_to, language=language)


def welcome(place: Place, language: str) -> None:
    told = {"url": place.url, "shop": place.shop, "till": place.till, "key": place.key_id, "secret": place.secret}
    click.echo(WELCOME.say(language, **told, phone=place.phone), err=True)


def say(play: Play, language: str) -> None:
    click.echo(f"{play.title.say(language)}: {play.order.say(language)}", err=True)


def finish(report: Report, *, as_json: bool, save_to: Path | None, language: str) -> None:
    text = json.dumps(report.as_json(), ensure_ascii=False, indent=2)
    if save_to is not None:
        save_to.write_text(text + "\n")
    click.echo(text if as_json else report.as_text(language))
    sys.exit(0 if report.is_ready else 1)
