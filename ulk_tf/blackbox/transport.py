"""Requests to one server: its address, a token, and trying again after timeouts.

Only the standard library. A token comes from the environment, goes into one header, and is
taken out of whatever a server says before anybody sees it.
"""

import http.client
import ipaddress
import os
import random
import ssl
import time
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from ulk_tf.blackbox.exchange import Answer, Patience, Server, exchange
from ulk_tf.blackbox.proxies import find_proxy
from ulk_tf.errors import UserError
from ulk_tf.progress import say
from ulk_tf.reasons import one_line

TOKEN_VARIABLE = "ULK_TF_TOKEN"  # noqa: S105 (the name of a variable, no token)
# What a path may hold as it is; anything else is percent-encoded, and what is so already stays.
PATH_CHARACTERS = "/:%@!$&'()*+,;=~-._"


class Transport:
    """Requests to one server.

    Args:
        url: http or https; no user name, password, query or fragment, which would end up in
            files and logs.
        patience: timeouts, and how often to try.

    Attributes:
        path: path of the URL, percent-encoded.
        place: host and port, for messages.
        notes: what a reader should know of the way that requests take, as sentences; also said
            on standard error before the first request.

    Raises:
        UserError: the URL or the token cannot be used.
    """

    def __init__(self, url: str, patience: Patience) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in ("http", "https") or not url.isprintable():
            raise UserError("a URL such as http://host:8501/v1/models/name", "another")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise UserError(
                "a URL without user name, password, query or fragment",
                "one that has such",
                f"Give a token in the environment variable {TOKEN_VARIABLE}.",
            )
        secure = parts.scheme == "https"
        bare = Server(host, port or (443 if secure else 80), secure)
        proxy, how = find_proxy(parts.scheme, host, bare.place, is_local)
        self._server = Server(host, bare.port, secure, proxy)
        self._patience = patience
        self._token = _token()
        self.path = quote(parts.path, safe=PATH_CHARACTERS)
        self.place = bare.place
        self.notes: tuple[str, ...] = (how,) if how else ()
        if self._token and not secure and not is_local(host):
            self.notes += (f"The token goes to {self.place} unencrypted (http).",)
        for note in self.notes:
            say(note)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        sending: Callable[[], None] = lambda: None,
    ) -> Answer:
        """One exchange; tried again after a timeout or a 503, and after nothing else.

        Args:
            method: GET or POST.
            path: on the server.
            body: JSON.
            sending: called each time before the request is sent.

        Raises:
            UserError: no answer, an unbounded one, or a redirect.
        """
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        for attempt in range(self._patience.attempts):
            last = attempt + 1 == self._patience.attempts
            sending()
            try:
                answer = exchange(
                    self._server, self._patience, method, path or "/", body, headers, self.redacted
                )
            except TimeoutError as error:
                if last:
                    raise UserError(
                        f"{error} from {self.place}", f"none, {attempt + 1} times"
                    ) from None
                self._wait(attempt, "")
                continue
            except (OSError, http.client.HTTPException) as error:
                raise UserError(
                    f"a server that answers at {self.place}",
                    self.redacted(str(error) or type(error).__name__),
                    self._remedy(error),
                ) from None
            if answer.status != http.HTTPStatus.SERVICE_UNAVAILABLE or last:
                return answer
            self._wait(attempt, answer.retry_after)
        raise AssertionError("at least one attempt")

    def redacted(self, text: str) -> str:
        """`text` in one line of bounded length, without the token."""
        if self._token:
            text = text.replace(self._token, "[token]")
        return one_line(text)

    def _remedy(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                "If you trust a certificate that no authority signed, name its PEM file in the "
                "environment variable SSL_CERT_FILE."
            )
        if isinstance(error, ssl.SSLError):
            return "Does it speak https? Otherwise give the URL with http://."
        proxy = self._server.proxy
        if proxy is not None:
            return (
                f"Is the proxy {proxy.place} ({proxy.variable}) running, and does it reach that "
                f"server? NO_PROXY={self._server.host} goes around it."
            )
        return "Is it running, and is the address right?"

    def _wait(self, attempt: int, retry_after: str) -> None:
        pause = self._patience.pause * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 (jitter)
        if retry_after.isdecimal() and len(retry_after) < 9:
            pause = max(pause, float(retry_after))
        time.sleep(min(pause, self._patience.longest_pause))


def _token() -> str:
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not (token.isascii() and token.isprintable()):
        raise UserError(f"visible ASCII characters in {TOKEN_VARIABLE}", "others")
    return token.strip()


def is_local(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
