"""Which addresses may be connected to."""

from __future__ import annotations

import ipaddress

import pytest

from gateway.errors import PartnerRefused
from gateway.transport.addresses import endpoints, is_permitted


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_an_address_that_is_not_public_is_not_permitted(address: str) -> None:
    assert not is_permitted(address, ())


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"]
)
def test_a_public_address_is_permitted(address: str) -> None:
    assert is_permitted(address, ())


def test_an_allowed_range_permits_its_own_addresses_only() -> None:
    ward = (ipaddress.ip_network("10.20.0.0/16"),)

    assert is_permitted("10.20.3.4", ward)
    assert is_permitted("::ffff:10.20.3.4", ward)
    assert not is_permitted("10.21.0.1", ward)


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1", "[::1]".strip("[]")])
def test_loopback_is_recognised_however_it_is_written(host: str) -> None:
    with pytest.raises(PartnerRefused, match="allow_networks"):
        endpoints(host, 80, ())
