"""Where webhooks may go. An address given from outside is no way into our own network: a name is looked
up once, what it means is checked, and the connection goes to exactly that.
"""

import asyncio
import errno
import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from vokrug.events.subscriptions.errors import EndpointRefused

MAX_URL = 2_000
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressForbidden(OSError):
    """The name leads to an address that is not on the public internet."""


def require_sendable(url: str, *, allows_private: bool) -> None:
    """Refuse what cannot be a webhook's address at first sight. The name itself is looked up when we connect."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise EndpointRefused(url=url[:80], reason="it is no address") from None
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise EndpointRefused(url=url[:80], reason="it is too long or not plain ASCII")
    if parts.scheme != "https" and not (allows_private and parts.scheme == "http"):
        raise EndpointRefused(url=url[:80], reason="it does not begin with https://")
    if not host or port == 0 or parts.username is not None or parts.fragment:
        raise EndpointRefused(url=url[:80], reason="it needs a host, and neither a user nor a fragment")
    if not allows_private and not is_public_host(host):
        raise EndpointRefused(url=url[:80], reason="it is not on the public internet")


def is_public_host(host: str) -> bool:
    """False for an address that is written out and is not public. A name is judged when it is looked up."""
    try:
        return is_public(ipaddress.ip_address(host))
    except ValueError:
        return host.rstrip(".").lower() != "localhost"


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Also of an address that wraps another: an IPv6 one may carry 127.0.0.1 in several ways."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner is None and address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


class PublicResolver(AbstractResolver):
    """Looks a name up and lets through what is public: all of its addresses have to be."""

    def __init__(self, *, allows_private: bool) -> None:
        self._allows_private = allows_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG)
        results = []
        for its_family, _, protocol, _, where in found:
            address = str(where[0])
            if not self._allows_private and not is_public(ipaddress.ip_address(address.partition("%")[0])):
                raise AddressForbidden(errno.EACCES, "the name leads into a private network")
            results.append(
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=its_family,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        return results

    async def close(self) -> None:
        """Nothing is kept."""
