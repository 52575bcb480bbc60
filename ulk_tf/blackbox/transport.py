"""HTTP that cannot hang, flood or mislead: timeouts, bounded bodies, no redirects.

Only the standard library. A token comes from the environment, goes into one header, and is
taken out of whatever a server says before anybody sees it.
"""

import contextlib
import http.client
import ipaddress
import os
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from ulk_tf.blackbox.proxies import find_proxy
from ulk_tf.blackbox.reasons import one_line
from ulk_tf.errors import UserError
from ulk_tf.progress import say

TOKEN_VARIABLE = "ULK_TF_TOKEN"  # noqa: S105 (the name of a variable, no token)
CHUNK = 65536
# What a path may hold as it is; anything else is percent-encoded, and what is so already stays.
PATH_CHARACTERS = "/:%@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class Patience:
    """Patience with a server: how long to wait and how often to try.

    Attributes:
        connect: seconds for a connection.
        read: seconds between two pieces of an answer.
        total: seconds for one whole exchange, however it trickles.
        attempts: how often one request is sent at most.
        pause: seconds before the second attempt; doubled for each further one, with jitter.
        longest_pause: seconds; a server's Retry-After counts up to this.
        max_body: bytes of an answer.
    """

    connect: float = 5.0
    read: float = 20.0
    total: float = 60.0
    attempts: int = 4
    pause: float = 0.5
    longest_pause: float = 15.0
    max_body: int = 32 * 2**20


@dataclass(frozen=True)
class Answer:
    """A status, and a body of bounded size."""

    status: int
    body: bytes
    retry_after: str = ""
    content_type: str = ""


class Transport:
    """Requests to one server.

    Args:
        url: http or https; no user name, password, query or fragment, which would end up in
            files and logs.
        patience: how long to wait.

    Attributes:
        path: of the URL, percent-encoded, without a slash at the end.
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
        self._secure = parts.scheme == "https"
        self._host = host
        self._port = port or (443 if self._secure else 80)
        self._patience = patience
        self.path = quote(parts.path.rstrip("/"), safe=PATH_CHARACTERS)
        self.place = f"{host}:{self._port}"
        self._token = _token()
        self._proxy, how = find_proxy(parts.scheme, host, self.place, is_local)
        self.notes: tuple[str, ...] = (how,) if how else ()
        if self._token and not self._secure and not is_local(host):
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
        for attempt in range(self._patience.attempts):
            last = attempt + 1 == self._patience.attempts
            sending()
            try:
                answer = self._exchange(method, path, body)
            except TimeoutError:
                if last:
                    raise UserError(
                        f"an answer of {self.place} within {self._patience.read:g} seconds",
                        f"none, {attempt + 1} times",
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
        if self._proxy is not None:
            return (
                f"Is the proxy {self._proxy.place} ({self._proxy.variable}) running, and does it "
                f"reach that server? NO_PROXY={self._host} goes around it."
            )
        return "Is it running, and is the address right?"

    def _wait(self, attempt: int, retry_after: str) -> None:
        pause = self._patience.pause * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 (jitter)
        if retry_after.isdecimal() and len(retry_after) < 9:
            pause = max(pause, float(retry_after))
        time.sleep(min(pause, self._patience.longest_pause))

    def _exchange(self, method: str, path: str, body: bytes | None) -> Answer:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        proxy = self._proxy
        host, port = (proxy.host, proxy.port) if proxy else (self._host, self._port)
        connection = kind(host, port, timeout=self._patience.connect)
        if proxy and self._secure:
            connection.set_tunnel(self._host, self._port, proxy.headers)
        connection.connect()
        plug = connection.sock
        plug.settimeout(self._patience.read)
        late = threading.Event()
        timer = threading.Timer(self._patience.total, _cut, (plug, late))
        timer.daemon = True
        timer.start()
        try:
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            if proxy and not self._secure:
                headers |= proxy.headers
                path = f"http://{self._netloc()}{path}"
            connection.request(method, path, body, headers)
            with connection.getresponse() as response:
                answer = self._read(response)
            if late.is_set():
                raise TimeoutError
            return answer
        except (OSError, http.client.HTTPException) as error:
            if late.is_set():
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()
            connection.close()
            plug.close()

    def _netloc(self) -> str:
        if ":" in self._host:
            return f"[{self._host}]:{self._port}"
        return f"{self._host.encode('idna').decode()}:{self._port}"

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        if 300 <= response.status < 400:
            where = self.redacted(response.headers.get("Location", "nowhere"))
            raise UserError(
                f"an answer from {self.place} itself",
                f"a redirect to {where}",
                "Redirects are not followed; if you trust it, give that URL.",
            )
        limit = self._patience.max_body
        content = bytearray()
        while piece := response.read1(CHUNK):
            content += piece
            if len(content) > limit:
                raise UserError(f"an answer of at most {limit} bytes", "a longer one")
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        headers = response.headers
        told = headers.get("Retry-After", ""), headers.get("Content-Type", "")
        return Answer(response.status, bytes(content), *told)


def _cut(plug: socket.socket, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        plug.shutdown(socket.SHUT_RDWR)


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
