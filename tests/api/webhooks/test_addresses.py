"""Which addresses a hook may reach: none that leads inside, however it is written."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.webhooks.addresses import is_public

INSIDE = """
    0.0.0.0 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1
    172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
    239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::a00:1 100::1 2001::1 2001:0:7f00:1:: 2001:10::1 2001:20::1 2001:db8::1
    2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
    2a00:1450::5efe:7f00:1 2a00:1450::200:5efe:7f00:1
"""
OUTSIDE = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "223.255.255.1", "2606:4700:4700::1111", "2a00:1450:4001:82b::200e"]


@pytest.mark.parametrize("address", INSIDE.split())
def test_what_lies_inside_is_refused(address: str) -> None:
    assert is_public(address) is False


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_lies_outside_is_reached(address: str) -> None:
    assert is_public(address) is True


@given(st.ip_addresses())
def test_nothing_is_reached_that_the_standard_library_calls_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    reached = is_public(str(address))
    assert not (reached and (not address.is_global or address.is_multicast or address.is_reserved))


@given(st.ip_addresses(v=4))
def test_no_wrapping_reaches_an_address_of_ipv4(address: ipaddress.IPv4Address) -> None:
    packed = int(address)
    wrapped = [
        ipaddress.IPv6Address(packed),
        ipaddress.IPv6Address(0xFFFF << 32 | packed),
        ipaddress.IPv6Address(0x64FF9B << 96 | packed),
        ipaddress.IPv6Address(0x2002 << 112 | packed << 80),
        ipaddress.IPv6Address(0x20010000 << 96 | packed ^ 0xFFFFFFFF),
    ]
    assert [str(item) for item in wrapped if is_public(str(item))] == []
