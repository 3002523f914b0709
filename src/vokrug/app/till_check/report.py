"""What a check of a till came to: for people, and as JSON for the centre."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from vokrug.app.till_check.exchanges import Exchange
from vokrug.app.till_check.findings import Finding
from vokrug.app.till_check.plays import Play
from vokrug.kernel import Text

READY = Text(en="Ready to go live.", ru="Готово к работе.")
NOT_YET = Text(en="Not yet.", ru="Пока нет.")
SEVERITIES = {
    "blocker": Text(en="STOPS", ru="СТОП"),
    "warning": Text(en="wrong", ru="плохо"),
    "advice": Text(en="advice", ru="совет"),
}
DO = Text(en="What to do: {do}", ru="Что делать: {do}")
SEEN = Text(en="seen {count} times, first at {at}: {what}", ru="случаев: {count}, первый в {at}: {what}")
NOTHING_WRONG = Text(en="Nothing wrong in {count} exchanges.", ru="Замечаний нет, обменов: {count}.")


@dataclass
class Report:
    exchanges: int
    findings: Sequence[Finding]
    plays: list[tuple[Play, Text | None]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # plays that were not played

    @property
    def is_ready(self) -> bool:
        """No finding that stops, and every play went well."""
        stops = any(one.kind.severity == "blocker" for one in self.findings)
        return not stops and not self.left_out and all(wrong is None for _, wrong in self.plays)

    def as_json(self) -> dict[str, Any]:
        return {
            "verdict": "ready" if self.is_ready else "not_yet",
            "exchanges": self.exchanges,
            "plays": [
                {
                    "code": play.code,
                    "passed": wrong is None,
                    "en": wrong.en if wrong else "",
                    "ru": wrong.ru if wrong else "",
                }
                for play, wrong in self.plays
            ],
            "left_out": self.left_out,
            "findings": [
                {
                    "code": one.code,
                    "severity": one.kind.severity,
                    "count": one.count,
                    "en": one.kind.what.en,
                    "ru": one.kind.what.ru,
                    "do_en": one.kind.do.en,
                    "do_ru": one.kind.do.ru,
                    "example": {
                        "sent_at": one.example.sent_at.isoformat(),
                        "path": one.example.path,
                        "status": one.example.status,
                        "code": one.example.code,
                        "error": one.example.error,
                    },
                }
                for one in self.findings
            ],
        }

    def as_text(self, language: str) -> str:
        lines = []
        for play, wrong in self.plays:
            verdict = "ok  " if wrong is None else "FAIL"
            lines.append(f"{verdict} {play.code:14} {play.title.say(language)}")
            if wrong is not None:
                lines.append(f"     {wrong.say(language)}")
        lines += [f"--   {code}" for code in self.left_out]
        for one in self.findings:
            lines += [
                f"{SEVERITIES[one.kind.severity].say(language)}: {one.kind.what.say(language)} [{one.code}]",
                "  "
                + SEEN.say(language, count=one.count, at=f"{one.example.sent_at:%H:%M:%S}", what=shown(one.example)),
                "  " + DO.say(language, do=one.kind.do.say(language)),
            ]
        if not self.findings:
            lines.append(NOTHING_WRONG.say(language, count=self.exchanges))
        lines.append((READY if self.is_ready else NOT_YET).say(language))
        return "\n".join(lines)


def shown(one: Exchange) -> str:
    status = "no answer" if one.status is None else " ".join(filter(None, [str(one.status), one.code]))
    return f"{one.method} {one.path} -> {status}" + (f" ({one.error})" if one.error else "")
