"""How often is too often. Values, no I/O: what is counted, by what, in which windows."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many of `kind` for one `value` in a window."""

    kind: str
    value: str
    most: int
    within: timedelta


def of_messages(phone: str, *, hourly: int) -> list[Limit]:
    """Somebody who pays nothing could make us pay a lot: by one number, by a block of numbers, or from everywhere at
    once. A block is ten thousand numbers of one operator.
    """
    return [
        Limit("sms.number", phone, 3, 15 * MINUTE),
        Limit("sms.number", phone, 8, DAY),
        Limit("sms.block", phone[:-4], 30, 10 * MINUTE),
        Limit("sms.all", "", hourly, HOUR),
    ]


def of_sms(phone: str, network: str, *, hourly: int) -> list[Limit]:
    """The same for browsers, which come from networks."""
    return [
        *of_messages(phone, hourly=hourly),
        Limit("sms.network", network, 12, 10 * MINUTE),
        Limit("sms.network", network, 100, DAY),
    ]


def of_email(address: str, network: str) -> list[Limit]:
    return [
        Limit("email.address", address, 3, 15 * MINUTE),
        Limit("email.network", network, 20, 10 * MINUTE),
    ]


def of_password(login: str, network: str) -> list[Limit]:
    """By who tries and whom, so that a stranger's guesses keep the owner out of nothing. Guesses from many networks
    close the password of this login for an hour; a code by SMS and a passkey open as ever.
    """
    return [
        Limit("password.pair", f"{login}\0{network}", 5, 15 * MINUTE),
        Limit("password.network", network, 50, 15 * MINUTE),
        Limit("password.login", login, 50, HOUR),
    ]


def of_second(account: str) -> list[Limit]:
    """Whoever guesses here has passed the first proof already."""
    return [Limit("second", account, 5, 5 * MINUTE), Limit("second", account, 30, DAY)]


def of_passkey(network: str) -> list[Limit]:
    return [Limit("passkey.network", network, 60, MINUTE)]


def network_of(peer: str, headers: Mapping[str, str], trusted: Sequence[str]) -> str:
    """The network a request came from: a /24, or a /48 of IPv6, which one household can have. What a header says is
    believed of trusted proxies only, from the last one backwards.
    """
    chain = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
    address = peer
    while chain and _is_among(address, trusted):
        address = chain.pop()
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    bits = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network(f"{found}/{bits}", strict=False))


def _is_among(address: str, trusted: Sequence[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
        return any(found in ipaddress.ip_network(one, strict=False) for one in trusted)
    except ValueError:
        return False
