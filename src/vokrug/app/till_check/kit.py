"""The plays, one after another, over one line: what passes in each is judged by itself and all together."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vokrug.app.till_check.judging import judge
from vokrug.app.till_check.line import NONE, Line
from vokrug.app.till_check.plays import PLAYS, Play
from vokrug.app.till_check.report import Report

LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Place:
    """What a till needs to know to take part."""

    url: str
    key_id: str
    secret: str
    shop: str
    till: str
    phone: str


Act = Callable[[Play], None]  # has the till do what a play orders, and comes back when it has


def put_through(line: Line, act: Act, plays: Sequence[Play] = PLAYS) -> Report:
    """Play, judge, report."""
    report = Report(0, [])
    all_seen = []
    for play in plays:
        line.heard.clear()
        line.choose = play.choose()
        act(play)
        line.quiet()
        line.choose = lambda method, path, body: NONE
        seen = sorted(line.heard, key=lambda one: one.sent_at)
        all_seen += seen
        if seen:
            report.plays.append((play, play.judge(seen)))
        else:
            report.left_out.append(play.code)
    report.exchanges = len(all_seen)
    report.findings = judge(all_seen, is_own_log=False)
    return report


def by_command(command: str, place: Place, patience_s: float) -> Act:
    """A till that plays by a command: once a play, told by its environment. It ends when its queue is empty."""

    def act(play: Play) -> None:
        told = {
            "VOKRUG_TILL_PLAY": play.code,
            "VOKRUG_TILL_URL": place.url,
            "VOKRUG_TILL_KEY": place.key_id,
            "VOKRUG_TILL_SECRET": place.secret,
            "VOKRUG_TILL_SHOP": place.shop,
            "VOKRUG_TILL_CODE": place.till,
            "VOKRUG_TILL_PHONE": place.phone,
        }
        try:
            subprocess.run(["/bin/sh", "-c", command], env=os.environ | told, timeout=patience_s, check=False)
        except subprocess.TimeoutExpired:
            return  # what it did until then is judged

    return act


def by_hand(line: Line, tell: Callable[[Play], None], patience_s: float) -> Act:
    """A till that a person works: told what to do, watched until it is done well or patience ends."""

    def act(play: Play) -> None:
        tell(play)
        until_s = time.monotonic() + patience_s
        while time.monotonic() < until_s:
            time.sleep(LOOK_EVERY_S)
            seen = sorted(line.heard, key=lambda one: one.sent_at)
            if seen and play.judge(seen) is None:
                return

    return act
