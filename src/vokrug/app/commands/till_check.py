"""`vokrug till-check`: is this till ready?"""

import hashlib
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import click

from vokrug.app.scenarios.client import HttpClient
from vokrug.app.till_check import signatures
from vokrug.app.till_check.centre import own_centre, prepared
from vokrug.app.till_check.exchanges import read_log
from vokrug.app.till_check.judging import judge
from vokrug.app.till_check.kit import Place, by_command, by_hand, put_through
from vokrug.app.till_check.line import Line
from vokrug.app.till_check.plays import PLAYS, Play
from vokrug.app.till_check.report import Report
from vokrug.kernel import Text, new_id
from vokrug.runtime.settings import load_settings
from vokrug.runtime.signing import authorization

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
        line.secrets[place.key_id] = place.secret
        if till_command is None:
            welcome(place, language)
            act = by_hand(line, lambda play: say(play, language), patience_s)
        else:
            act = by_command(till_command, place, patience_s)
        report = put_through(line, act, plays)
    finish(report, as_json=as_json, save_to=save_to, language=language)


@command.command()
@click.argument("method", type=click.Choice(["POST", "GET"]))
@click.argument("target")
@click.option("--key", "key_id", required=True, help="The key's id.")
@click.option("--ts", type=int, required=True, help="Unix seconds, as the till signed.")
@click.option("--body", "body_file", type=click.File("rb"), help="The body's file, byte for byte; without: empty.")
@click.option("--signature", help="What the till made of it: then the mistake is looked for.")
@language_option
def sign(
    method: str, target: str, key_id: str, ts: int, body_file: BinaryIO | None, signature: str | None, language: str
) -> None:
    """Sign as a till should; with --signature, say what is wrong with the till's. VOKRUG_TILL_SECRET has the secret.

    TARGET is the path with its query. Status 1 if the signature is wrong.
    """
    secret = os.environ.get("VOKRUG_TILL_SECRET", "")
    if not secret:
        raise click.UsageError("VOKRUG_TILL_SECRET is not set")
    body = body_file.read() if body_file else b""
    click.echo(f"{method}\n{target}\n{ts}\n{hashlib.sha256(body).hexdigest()}\n")
    click.echo(authorization(key_id, secret, method=method, target=target, at_s=ts, body=body))
    if signature is not None:
        asked: dict[str, Any] = {"method": method, "target": target, "ts": ts, "body": body, "signature": signature}
        is_good = signatures.is_right(secret, **asked)
        mistake = None if is_good else signatures.explain(secret, **asked)
        text = signatures.GOOD if is_good else signatures.UNKNOWN if mistake is None else mistake.text
        click.echo("\n" + text.say(language))
        sys.exit(0 if is_good else 1)


@command.command()
@click.argument("url")
@click.argument("code")
@click.option(
    "--file", type=click.Path(dir_okay=False, path_type=Path), default=Path("vokrug-keys.json"), show_default=True
)
def claim(url: str, code: str, file: Path) -> None:
    """Take the keys of an invitation at the centre URL with CODE, once; they are written to a file for its owner only.

    Call it again after a broken line: the same keys come for ten minutes.
    """
    kept = json.loads(file.read_text()) if file.exists() else {"code": code, "claim_id": str(new_id())}
    if kept["code"] != code:
        raise click.UsageError(f"{file} is of another invitation")
    write_for_owner(file, kept)  # before the question: what is kept brings the same answer
    taken = ask_centre(url, "/pos/v1/onboarding:claim", {"code": code, "claim_id": kept["claim_id"]})
    write_for_owner(file, {**kept, "url": url, **taken})
    click.echo(f"{file}: " + ", ".join(f"{key['shop']}/{key['till']} {key['key_id']}" for key in taken["keys"]))


@command.command()
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--file", type=click.Path(exists=True, path_type=Path), default=Path("vokrug-keys.json"), show_default=True
)
def send(report: Path, file: Path) -> None:
    """Send a REPORT of `serve` to the centre that the keys were taken from."""
    kept = json.loads(file.read_text())
    body = {"code": kept["code"], "claim_id": kept["claim_id"], "report": json.loads(report.read_text())}
    told = ask_centre(kept["url"], "/pos/v1/onboarding:report", body)
    click.echo(f"{told['state']}: {'passed' if told['passed'] else 'not passed'}")


def ask_centre(url: str, path: str, body: Any) -> Any:
    status, answer = HttpClient(url.rstrip("/"), "").call("POST", path, body)
    if status >= 300:
        raise click.ClickException(answer.get("cashier_text", str(status)) if isinstance(answer, dict) else str(status))
    return answer


def write_for_owner(file: Path, told: Any) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(told, out, ensure_ascii=False, indent=2)


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
