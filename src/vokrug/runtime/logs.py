"""Logs through the standard library: JSON for machines or text for people, both without personal data."""

import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, TextIO

import msgspec

from vokrug.runtime.masking import mask, mask_value

_STANDARD = frozenset({*logging.LogRecord("", 0, "", 0, "", (), None).__dict__, "message", "asctime", "color_message"})
_MAX_MESSAGE = 8_000

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure_logs(style: Literal["json", "text"] = "text", level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every logger of the process through one masked handler. Call once, at the start."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(MaskingFilter())
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        chatty = logging.getLogger(name)
        chatty.handlers.clear()
        chatty.propagate = True
    logging.getLogger("uvicorn.access").disabled = True


class MaskingFilter(logging.Filter):
    """Masks what a record says: its message with its arguments, its extras, its exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask(_said(record))[:_MAX_MESSAGE]
        record.args = None
        for name, value in extras_of(record).items():
            record.__dict__[name] = mask_value(name, value)
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = mask(story_of(record.exc_info[1]))
            record.exc_info = None
        elif record.exc_text:
            record.exc_text = mask(record.exc_text)
        if record.stack_info:
            record.stack_info = mask(record.stack_info)
        return True


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return str(record.msg)  # a mistake in a log call must not cost the log its line


def extras_of(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller added to the record beyond the standard fields."""
    return {name: value for name, value in record.__dict__.items() if name not in _STANDARD}


def story_of(error: BaseException) -> str:
    """A traceback without the lines in which PostgreSQL quotes the row."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("DETAIL:", "CONTEXT:")))


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "said": record.getMessage(),
            "process": record.process,
            **extras_of(record),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextLines(logging.Formatter):
    """For a person before a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        extras = " ".join(f"{name}={value}" for name, value in extras_of(record).items())
        line = f"{at} {record.levelname[0]} {record.name}: {record.getMessage()}"
        return "\n".join(part for part in (f"{line} {extras}".rstrip(), record.exc_text) if part)
