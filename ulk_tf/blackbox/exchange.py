"""One exchange over HTTP that cannot hang or flood: timeouts, bounded bodies, no redirects."""

import contextlib
import http.client
import socket
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ulk_tf.blackbox.proxies import Proxy
from ulk_tf.errors import UserError

CHUNK = 65536
PACKED = ("gzip", "x-gzip", "deflate")


@dataclass(frozen=True)
class Patience:
    """Patience with a server: how long to wait and how often to try.

    Attributes:
        connect: seconds for a connection.
        read: seconds between two pieces of an answer.
        total: seconds for one whole exchange, however it trickles.
        attempts: number of times that one request is sent at most.
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


@dataclass(frozen=True)
class Server:
    """A server and the way to it.

    Attributes:
        host: its name or address.
        port: its port.
        secure: whether it speaks https.
        proxy: server that is asked in its place; None without one.
    """

    host: str
    port: int
    secure: bool
    proxy: Proxy | None = None

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"

    @property
    def netloc(self) -> str:
        """Host and port, as they stand in a URL."""
        if ":" in self.host:
            return f"[{self.host}]:{self.port}"
        return f"{self.host.encode('idna').decode()}:{self.port}"


def exchange(
    server: Server,
    patience: Patience,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
    redacted: Callable[[str], str],
) -> Answer:
    """Send one request and read its answer.

    Args:
        server: server to ask.
        patience: timeouts, and how often to try.
        method: GET or POST.
        path: on the server.
        body: JSON; None for a GET.
        headers: beside those of every request.
        redacted: makes what a server says fit for messages.

    Raises:
        UserError: an unbounded answer, or a redirect.
        TimeoutError: none in time; its text says what was not, and in which time.
        OSError: the server cannot be reached.
        http.client.HTTPException: no HTTP.
    """
    kind = http.client.HTTPSConnection if server.secure else http.client.HTTPConnection
    proxy = server.proxy
    host, port = (proxy.host, proxy.port) if proxy else (server.host, server.port)
    connection = kind(host, port, timeout=patience.connect)
    if proxy and server.secure:
        connection.set_tunnel(server.host, server.port, proxy.headers)
    try:
        connection.connect()
    except TimeoutError as error:
        raise TimeoutError(f"a connection in {patience.connect:g} seconds") from error
    sock = connection.sock
    sock.settimeout(patience.read)
    timed_out = threading.Event()
    timer = threading.Timer(patience.total, _cut, (sock, timed_out))
    timer.daemon = True
    timer.start()
    try:
        sent = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        if proxy and not server.secure:
            sent |= proxy.headers
            path = f"http://{server.netloc}{path}"
        connection.request(method, path, body, sent)
        with connection.getresponse() as response:
            answer = _read(response, server, patience.max_body, redacted)
        if timed_out.is_set():
            raise TimeoutError
        return answer
    except (OSError, http.client.HTTPException) as error:
        if timed_out.is_set():
            raise TimeoutError(f"a whole answer in {patience.total:g} seconds") from error
        if isinstance(error, TimeoutError):
            raise TimeoutError(f"a part of an answer in {patience.read:g} seconds") from error
        raise
    finally:
        timer.cancel()
        connection.close()
        sock.close()


def _read(
    response: http.client.HTTPResponse,
    server: Server,
    limit: int,
    redacted: Callable[[str], str],
) -> Answer:
    if 300 <= response.status < 400:
        where = redacted(response.headers.get("Location", "nowhere"))
        raise UserError(
            f"an answer from {server.place} itself",
            f"a redirect to {where}",
            "Redirects are not followed; if you trust it, give that URL.",
        )
    content = bytearray()
    while piece := response.read1(CHUNK):
        content += piece
        if len(content) > limit:
            raise UserError(f"an answer of at most {limit} bytes", "a longer one")
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    headers = response.headers
    told = headers.get("Retry-After", ""), headers.get("Content-Type", "")
    packed = headers.get("Content-Encoding", "").strip().lower() in PACKED
    return Answer(response.status, _unpacked(content, limit) if packed else bytes(content), *told)


def _unpacked(content: bytearray, limit: int) -> bytes:
    """Unpack a body that a proxy compressed, though nobody asked it to."""
    try:
        found = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, limit + 1)
    except zlib.error as error:
        raise UserError("an answer compressed as it says", f"a damaged one ({error})") from error
    if len(found) > limit:
        raise UserError(f"an answer of at most {limit} bytes", "a longer one, once unpacked")
    return found


def _cut(sock: socket.socket, timed_out: threading.Event) -> None:
    timed_out.set()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
