"""The proxy that a user's environment names: HTTP_PROXY, HTTPS_PROXY, NO_PROXY."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment

from ulk_tf.errors import UserError


@dataclass(frozen=True)
class Proxy:
    """A proxy.

    Attributes:
        host: its name or address.
        port: its port.
        variable: the environment variable that names it.
        headers: what is sent to it; holds its password, where it has one, and is not shown.
    """

    host: str
    port: int
    variable: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"


def find_proxy(
    scheme: str, host: str, place: str, is_local: Callable[[str], bool]
) -> tuple[Proxy | None, str]:
    """Find the proxy through which a server is reached.

    A proxy elsewhere cannot reach this machine's own addresses, so it is left out for these.

    Args:
        scheme: http or https.
        host: of the server.
        place: its host and port, for the note.
        is_local: whether a host is this machine.

    Returns:
        The proxy, None where there is none; and a note about it, empty where none is set.

    Raises:
        UserError: the variable holds no proxy that can be used.
    """
    known = getproxies_environment()
    url = known.get(scheme) or known.get("all")
    if not url or _bypassed(host, known.get("no", "")):
        return None, ""
    variable = f"{scheme.upper()}_PROXY" if known.get(scheme) else "ALL_PROXY"
    proxy = _parsed(url, variable)
    if is_local(host) and not is_local(proxy.host):
        return None, (
            f"The proxy {proxy.place} ({variable}) is not used for {place}, which is this machine."
        )
    return proxy, f"Requests to {place} go through the proxy {proxy.place} ({variable})."


def _bypassed(host: str, exceptions: str) -> bool:
    """Tell whether NO_PROXY names a host, a domain above it, or everything."""
    host = host.casefold()
    for entry in exceptions.casefold().split(","):
        name = entry.strip().partition(":")[0].removeprefix("*").removeprefix(".")
        if entry.strip() == "*" or (name and (host == name or host.endswith(f".{name}"))):
            return True
    return False


def _parsed(url: str, variable: str) -> Proxy:
    wanted = f"{variable}=http://host:port"
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UserError(wanted, "another value") from None
    if parts.scheme != "http" or not host:
        raise UserError(
            wanted, f"one of scheme {parts.scheme!r}", "NO_PROXY=<host> goes around the proxy."
        )
    headers = {}
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
    return Proxy(host, port or 80, variable, headers)
