"""Proxies that the environment names, as transports for the HTTP library's public parameter `mounts`.

The HTTP library reads these variables only for transports that it builds itself.
"""

import ipaddress
from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.request import getproxies

import httpx2

__all__ = ["environment_mounts"]

Transport = TypeVar("Transport")
IPV6: Final = 6


def environment_mounts(
    open_transport: Callable[[httpx2.Proxy], Transport], *, trust_env: bool
) -> dict[str, Transport | None]:
    """Return the transport of each URL pattern that has a proxy, and None for each that must not use one.

    Raises:
        ValueError: a proxy's URL is invalid.
    """
    if not trust_env:
        return {}
    return {
        pattern: None if url is None else open_transport(httpx2.Proxy(url))
        for pattern, url in _patterns(getproxies()).items()
    }


def _patterns(proxies: Mapping[str, str]) -> dict[str, str | None]:
    excluded = [entry.strip() for entry in proxies.get("no", "").split(",") if entry.strip()]
    if "*" in excluded:
        return {}
    found: dict[str, str | None] = {
        f"{scheme}://": url if "://" in url else f"http://{url}"
        for scheme in ("http", "https", "all")
        if (url := proxies.get(scheme))
    }
    patterns = (_excluded_pattern(entry) for entry in excluded)
    return found | {pattern: None for pattern in patterns if pattern is not None and _is_valid(pattern)}


def _excluded_pattern(entry: str) -> str | None:
    """Return the pattern of one NO_PROXY entry; a domain includes its subdomains."""
    if "://" in entry:
        return entry
    address, slash, network_bits = entry.partition("/")
    version = _ip_version(address)
    if version == IPV6:
        return f"all://[{address}]{slash}{network_bits}"
    if version is not None or entry.lower() == "localhost" or entry.startswith("["):
        return f"all://{entry}"
    if slash:
        return None
    return f"all://{entry}" if entry.startswith("*.") else f"all://*{entry}"


def _ip_version(text: str) -> int | None:
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return None


def _is_valid(pattern: str) -> bool:
    """Return whether the HTTP library accepts a pattern; curl too ignores an entry that it cannot parse."""
    unused = httpx2.MockTransport(lambda _: httpx2.Response(200))
    try:
        httpx2.Client(transport=unused, mounts={pattern: None}, trust_env=False).close()
    except (httpx2.InvalidURL, ValueError):
        return False
    return True
