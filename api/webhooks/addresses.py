"""Which addresses a hook may reach: the public internet, and nothing behind or beside this service.

`is_global` alone is not enough: it calls multicast global, and ways through IPv6 to an IPv4 address that is not.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

PUBLIC_6 = ip_network("2000::/3")
"""What is given out of IPv6; all else is local, mapped, translated, or not in use."""
REFUSED_4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "100.64.0.0/10",  # shared between a provider and its customers
            "168.63.129.16/32",  # a cloud's own services, at a public address
            "192.0.0.0/24",
            "192.88.99.0/24",  # relays to 6to4
            "224.0.0.0/3",  # multicast and reserved
        ),
    )
)
REFUSED_6 = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarks
            "2001:db8::/32",
            "2002::/16",  # 6to4: holds an IPv4 address
            "3fff::/20",
        ),
    )
)
ISATAP = frozenset({0x00005EFE, 0x02005EFE})


def is_public(text: str) -> bool:
    """Return whether an address lies on the public internet, whatever it is wrapped in.

    >>> is_public("93.184.215.14"), is_public("127.0.0.1"), is_public("64:ff9b::7f00:1")
    (True, False, False)
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return _is_public_4(address)
    return _is_public_6(address)


def _is_public_4(address: IPv4Address) -> bool:
    return address.is_global and not any(address in network for network in REFUSED_4)


def _is_public_6(address: IPv6Address) -> bool:
    if not address.is_global or address not in PUBLIC_6 or any(address in network for network in REFUSED_6):
        return False
    # ISATAP puts an IPv4 address behind this mark in the lower half.
    return (int(address) >> 32) & 0xFFFFFFFF not in ISATAP
