"""Which network addresses may be connected to: the public ones, and private ranges a partner's file allows.

A partner's address comes from its configuration, but names resolve to whatever DNS says at that moment, so
every address is checked after resolving and the connection is made to the checked address itself, never to
the name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gateway.errors import PartnerRefused, PartnerUnavailable

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One checked address a socket may be connected to."""

    family: socket.AddressFamily
    address: tuple[Any, ...]


def endpoints(host: str, port: int, allowed: Sequence[IpNetwork]) -> list[Endpoint]:
    """The checked addresses of `host`, in the resolver's order; at least one.

    Raises PartnerRefused when any of its addresses is not permitted (one bad address condemns the name:
    which one would be used is chance), PartnerUnavailable when the name does not resolve now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise PartnerUnavailable(f"the name {host!r} does not resolve: {error}") from error
    for *_, address in found:
        if not is_permitted(str(address[0]), allowed):
            raise PartnerRefused(
                f"{host!r} resolves to {address[0]}, which is not a public address; if the partner is there, "
                "list its range under allow_networks in its file in config/partners/"
            )
    return [Endpoint(family, address) for family, *_, address in found]


def is_permitted(address: str, allowed: Sequence[IpNetwork]) -> bool:
    """Whether the address is public or in an allowed range. IPv4 hidden in IPv6 is judged as IPv4."""
    parsed = _plain(ipaddress.ip_address(address.partition("%")[0]))
    if any(parsed in network for network in allowed if network.version == parsed.version):
        return True
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def _plain(address: IpAddress) -> IpAddress:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
