"""Settings: typed, with defaults that work on a laptop.

Read from `VOKRUG_*` in the environment, then from a TOML file (`VOKRUG_CONFIG`, or `vokrug.toml` in
the folder one stands in). The environment wins; an unknown name or a malformed value stops the start.
"""

import difflib
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from vokrug.kernel import Refusal, Text

PREFIX = "VOKRUG_"
CONFIG_NAME = "VOKRUG_CONFIG"
# Names that belong to us without being a field: they say where to look, not how to run.
OTHER_NAMES = frozenset({CONFIG_NAME, "VOKRUG_POSTGRES_BIN", "VOKRUG_TEST_DATABASE_URL"})
SECRET_FIELDS = frozenset({"secret", "messages_token"})
URL_FIELDS = frozenset({"database_url", "reports_url"})


class SettingRefused(Refusal):
    """A setting is unknown or malformed"""

    code, status = "setting_refused", 500
    cashier = Text(en="Setting {name} is refused: {reason}.", ru="Настройка {name} не принята: {reason}.")


class SecretMissing(Refusal):
    """A secret that must not be made up is missing"""

    code, status = "secret_missing", 500
    cashier = Text(
        en="{name} is not set. With a database of your own every process must share one secret: "
        "set {name} to at least 32 random characters.",
        ru="Не задан {name}. С внешней базой данных секрет общий для всех процессов: "
        "задайте {name}, не меньше 32 случайных символов.",
    )


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an operator may decide. One field, one line of `docs/settings.md`."""

    data_dir: Annotated[Path, Meta(description="Folder of the embedded database and its secrets.")] = Path(".data")
    database_url: Annotated[
        str | None, Meta(description="PostgreSQL 15 or newer. Empty: start the embedded one in `data_dir`.")
    ] = None
    reports_url: Annotated[
        str | None, Meta(description="Where reports read, such as a replica. Empty: the same database.")
    ] = None
    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="Port to listen on.")] = 8080
    processes: Annotated[int, Meta(ge=1, le=256, description="Processes that answer requests.")] = 1
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least important line logged.")
    ] = "info"
    log_format: Annotated[Literal["text", "json"], Meta(description="`json` for machines, `text` for people.")] = "text"
    secret: Annotated[
        Annotated[str, Meta(min_length=32)] | None,
        Meta(
            description="Root of every key. Empty with the embedded database: made once, kept in "
            "`data_dir/secret`. Required with `database_url`.",
        ),
    ] = None
    operator_name: Annotated[str, Meta(description="The operator of personal data, as acts name them.")] = ""
    operator_address: Annotated[str, Meta(description="The operator's address, for the same papers.")] = ""
    issuer: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^/?#\s]+)?$",
            description="Our address as browsers see it, for sign-on: `https://id.example.com`. "
            "Empty: `http://localhost` with the port.",
        ),
    ] = ""
    trusted_proxies: Annotated[
        str,
        Meta(description="Addresses or networks of proxies whose `X-Forwarded-For` is believed, by commas."),
    ] = ""
    messages_url: Annotated[
        str,
        Meta(
            pattern=r"^((https?|smpps?)://\S+)?$",
            description="Gateway that codes by SMS or call and links by e-mail are posted to; or an operator's SMPP, "
            "for SMS: `smpp://user:password@host:2775?from=SHOP&window=10`, `smpps://` over TLS. "
            "Empty: kept for the developer.",
        ),
    ] = ""
    messages_other_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://\S+)?$",
            description="Where calls and e-mail are posted when `messages_url` is SMPP. Empty: kept for the developer.",
        ),
    ] = ""
    messages_token: Annotated[str, Meta(description="Bearer token of that gateway.")] = ""
    sms_prefixes: Annotated[
        str, Meta(description="Beginnings of numbers that codes are sent to, by commas: nobody else costs us money.")
    ] = "+7"
    sms_hourly: Annotated[int, Meta(ge=1, description="Codes by SMS an hour, of everybody together.")] = 10_000
    otel_endpoint: Annotated[
        str | None, Meta(description="OpenTelemetry collector (OTLP over HTTP). Empty: no traces are sent.")
    ] = None
    request_limit_bytes: Annotated[int, Meta(ge=1024, le=1 << 30, description="The largest request body accepted.")] = (
        1 << 20
    )
    request_timeout_s: Annotated[float, Meta(gt=0, le=3600, description="How long one request may take.")] = 30.0
    language: Annotated[
        Literal["ru", "en"], Meta(description="Language of answers when the caller names none we speak.")
    ] = "ru"
    broker_url: Annotated[
        str | None,
        Meta(
            description="Message broker that the log of facts is relayed to: `kafka://host:9092`, "
            "`kafka+ssl://user:password@host:9093` or `nats://host:4222`. Empty: none."
        ),
    ] = None
    broker_topic: Annotated[
        str,
        Meta(
            pattern=r"^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$",
            description="Topic (Kafka), or beginning of streams and subjects (NATS), that mirrors the log.",
        ),
    ] = "vokrug.events"
    reactions_from: Annotated[
        Literal["log", "broker"],
        Meta(description="Where reactions hear of facts; each has its effect once either way. `broker` needs one."),
    ] = "log"
    broker_intake: Annotated[
        str,
        Meta(
            description="Topics (NATS: streams) of other systems whose CloudEvents are taken in, by commas. "
            "`topic=key` takes them as told by that partner's key: only types of its own. Without a key: by staff."
        ),
    ] = ""
    events_keep_days: Annotated[
        int, Meta(ge=1, le=36500, description="How long facts are kept whose type names no time of its own.")
    ] = 1825
    webhook_origin: Annotated[
        str,
        Meta(min_length=1, max_length=253, description="As whom webhooks introduce themselves: a name of the DNS."),
    ] = "vokrug.local"
    webhooks_to_private: Annotated[
        bool,
        Meta(description="Let webhooks go to `http://` and to private addresses: for a trial on one machine."),
    ] = False
    coupon_codes: Annotated[
        Literal["hashed", "plain"],
        Meta(description="How codes of new coupon pools are kept: `hashed`, or `plain` for other programs to read."),
    ] = "hashed"
    offline_allowance: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$",
            description="Points that a till without a line may take on the word of its last identification. 0: none.",
        ),
    ] = "0"
    clock: Annotated[
        Literal["system", "movable", "standing"],
        Meta(
            description="`movable` lets a trial move time, `standing` also stops it in between. Never for live shops."
        ),
    ] = "system"

    @property
    def is_embedded(self) -> bool:
        return self.database_url is None


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """What a person may read about a setting."""

    name: str
    kind: str
    default: str
    description: str


def load_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings of this process; `folder` is where `vokrug.toml` is looked for."""
    environ = os.environ if environ is None else environ
    values = _from_file(environ, folder or Path.cwd())
    for name, text in environ.items():
        if not name.startswith(PREFIX) or name in OTHER_NAMES:
            continue
        field = name.removeprefix(PREFIX).lower()
        if name != name.upper() or field not in Settings.__struct_fields__:
            raise SettingRefused(name=name, reason=_unknown(name, [PREFIX + f.upper() for f in _fields()]))
        # An empty variable is how a shell or a compose file says "not set".
        if text:
            values[field] = _value(field, text, named=name, strict=False)
    settings = Settings(**values)
    if settings.reactions_from == "broker" and settings.broker_url is None:
        raise SettingRefused(name=PREFIX + "REACTIONS_FROM", reason=f"there is no broker; set {PREFIX}BROKER_URL")
    return settings


def resolve_secret(settings: Settings) -> Settings:
    """The same settings with a secret in them, made on the first start of an embedded database."""
    if settings.secret is not None:
        return settings
    if not settings.is_embedded:
        raise SecretMissing(name=PREFIX + "SECRET")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    secret = keep_secret(settings.data_dir / "secret")
    return msgspec.structs.replace(settings, secret=secret)


def keep_secret(path: Path) -> str:
    """The random secret in a file only its owner can read; made when absent, by one process only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        # A link fails when the name is taken: of two first starts at once, both read one secret.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    if path.stat().st_mode & 0o077:
        raise SettingRefused(name=str(path), reason="others may read this file; chmod 600 it")
    return path.read_text().strip()


def describe_settings() -> list[SettingInfo]:
    """Every setting, for the table on the screen and the page in the docs."""
    described = []
    for field in msgspec.structs.fields(Settings):
        hint = get_type_hints(Settings, include_extras=True)[field.name]
        kind, meta = get_args(hint)
        default = "" if field.default is None else str(field.default)
        described.append(SettingInfo(PREFIX + field.name.upper(), _kind_name(kind), default, meta.description or ""))
    return described


def show_value(settings: Settings, name: str) -> str:
    """A value as it may be printed: secrets masked, and the passwords inside addresses."""
    field = name.removeprefix(PREFIX).lower()
    value = getattr(settings, field)
    if value is None:
        return ""
    if field in SECRET_FIELDS:
        return "********"
    return (
        mask_password(value)
        if field in (*URL_FIELDS, "broker_url", "messages_url", "messages_other_url")
        else str(value)
    )


def mask_password(url: str) -> str:
    """An address without the password in it, fit for a log."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":********@", 1)


def settings_page() -> str:
    """`docs/settings.md`."""
    rows = "\n".join(
        f"| `{info.name}` | {info.kind} | {info.default and f'`{info.default}`'} | {info.description} |"
        for info in describe_settings()
    )
    return f"""# Settings

<!-- Written by `vokrug docs`; change src/vokrug/runtime/settings.py instead. -->

Set them in the environment, or in `vokrug.toml` (another file: `VOKRUG_CONFIG`) by the name without
`VOKRUG_` in lower case. The environment wins. An unknown name or a malformed value stops the start.

| name | type | default | meaning |
|---|---|---|---|
{rows}

Two more names say where to look: `VOKRUG_CONFIG` is the TOML file, `VOKRUG_POSTGRES_BIN` a folder with
PostgreSQL's programs to use for the embedded database instead of the ones that came along.
"""


def _fields() -> tuple[str, ...]:
    return Settings.__struct_fields__


def _from_file(environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    named = environ.get(CONFIG_NAME)
    path = Path(named) if named else folder / "vokrug.toml"
    if not named and not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise SettingRefused(name=CONFIG_NAME, reason=f"{path} cannot be read ({error})") from error
    for name in table:
        if name not in _fields():
            raise SettingRefused(name=f"{name} in {path}", reason=_unknown(name, list(_fields())))
    return {name: _value(name, value, named=f"{name} in {path}", strict=True) for name, value in table.items()}


def _unknown(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return "no such setting" + (f"; the nearest is {close[0]}" if close else "")


def _value(field: str, value: object, *, named: str, strict: bool) -> Any:
    hint = get_type_hints(Settings, include_extras=True)[field]
    try:
        converted = msgspec.convert(value, hint, strict=strict, dec_hook=_to_path)
    except (msgspec.ValidationError, ValueError) as error:
        # The reason never repeats the value: it may be a secret.
        raise SettingRefused(name=named, reason=str(error).lower().rstrip(".")) from None
    if field in URL_FIELDS and converted and urlsplit(converted).scheme not in ("postgresql", "postgres"):
        raise SettingRefused(name=named, reason="an address begins with postgresql://")
    return converted


def _to_path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    raise ValueError("expected a path")


def _kind_name(kind: Any) -> str:
    names = {Path: "path", int: "whole number", float: "number", bool: "`true` or `false`"}
    if kind in names:
        return names[kind]
    choices = get_args(kind)
    return " or ".join(f"`{choice}`" for choice in choices) if str(kind).startswith("typing.Lit") else "text"
