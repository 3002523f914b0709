"""The setting `broker_url`, taken apart."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from vokrug.events.brokers.errors import BrokerUrlMalformed

SCHEMES = {"kafka": 9092, "kafka+ssl": 9093, "nats": 4222, "nats+tls": 4222}
OPTIONS = {"kafka": frozenset({"replicas", "sasl"}), "nats": frozenset({"replicas", "monitor"})}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is, and how to introduce oneself."""

    kind: str  # "kafka" or "nats"
    servers: tuple[str, ...]  # "host:port"
    is_encrypted: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str | None:
        return dict(self.options).get(name)

    @property
    def replicas(self) -> int:
        return int(self.option("replicas") or 1)


def parse_address(url: str) -> Address:
    """`kafka://one:9092,two:9092`, `kafka+ssl://user:password@one`, `nats://one:4222?monitor=http://one:8222`."""
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES or not rest:
        raise BrokerUrlMalformed(reason="it begins with " + ", ".join(f"{name}://" for name in SCHEMES))
    kind = scheme.partition("+")[0]
    parts = urlsplit(f"//{rest}")
    who, _, hosts = parts.netloc.rpartition("@")
    servers = tuple(_with_port(host, SCHEMES[scheme]) for host in hosts.split(","))
    if parts.path not in ("", "/"):
        raise BrokerUrlMalformed(reason="the topic is a setting of its own, broker_topic")
    options = tuple(parse_qsl(parts.query, keep_blank_values=True))
    for name, value in options:
        if name not in OPTIONS[kind]:
            raise BrokerUrlMalformed(reason=f"{kind} has no option {name}")
        if name == "replicas" and not (value.isdigit() and 1 <= int(value) <= 9):
            raise BrokerUrlMalformed(reason="replicas is a number from 1 to 9")
    user, _, password = who.partition(":")
    return Address(kind, servers, "+" in scheme, unquote(user) or None, unquote(password) or None, options)


def _with_port(host: str, port: int) -> str:
    name, colon, given = host.rpartition(":")
    if not colon:
        name, given = host, str(port)
    if not name or not given.isdigit() or not 0 < int(given) < 65536:
        raise BrokerUrlMalformed(reason="a server is host:port")
    return f"{name}:{given}"
