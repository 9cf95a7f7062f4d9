"""Who a visitor is, as far as visitors cannot choose it themselves."""

import ipaddress


def visitor_of(client: tuple[str, int] | None) -> str:
    """The visitor behind a request's `client`, (address, port): the address; of IPv6, the network.

    Who wants the places of two visitors invents a second session, and who knows the password signs
    in as often as they like, by any name: only an address is not theirs to choose. Its price is
    that people behind one address share what is one visitor's. An IPv6 line is given 2^64
    addresses, and is one visitor. Behind a server with TLS on the same machine it is the address
    that this passes on as X-Forwarded-For.
    """
    host = client[0] if client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def is_loopback(host: str) -> bool:
    """Whether the host can be reached from the same machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
