"""Proxies of the environment: used and said, left out for this machine, named when they fail."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from tests.blackbox import misbehaving as bad
from tests.blackbox.test_endpoint import box
from tests.blackbox.test_servers import SAMPLES, WANTED
from ulk_tf.errors import UserError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("ULK_TF_TOKEN", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


class Proxy:
    """Passes on what it is asked for by an absolute URL."""

    def __init__(self, server):
        self.asked, self.headers = [], []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def handle_any(self):
                outer.asked.append(self.path)
                outer.headers.append(dict(self.headers))
                self.path = self.path.partition("//")[2].partition("/")[2]
                self.path = f"/{self.path}"
                server.respond(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

            do_GET = do_POST = handle_any

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


@pytest.mark.parametrize("exception", ["", "localhost,127.0.0.1", "*"])
def test_a_proxy_is_used_and_said(exception, monkeypatch, capsys):
    with bad.Server() as server, Proxy(server) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:s3cret@127.0.0.1:{proxy.http.server_port}")
        monkeypatch.setenv("NO_PROXY", exception)
        target = box(server.url)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
    said = capsys.readouterr().err
    assert "s3cret" not in said + " ".join(target.notes)
    assert ("go through the proxy 127.0.0.1" in said) == (not exception)
    assert bool(proxy.asked) == (not exception)
    if proxy.asked:
        assert all(url.startswith(f"http://127.0.0.1:{server.port}/v1") for url in proxy.asked)
        secret = base64.b64encode(b"me:s3cret").decode()
        assert proxy.headers[0]["Proxy-Authorization"] == f"Basic {secret}"


def test_a_proxy_elsewhere_is_left_out_for_this_machine(monkeypatch, capsys):
    monkeypatch.setenv("http_proxy", "proxy.example.org:3128")
    with bad.Server() as server:
        np.testing.assert_array_equal(box(server.url).posteriors(SAMPLES), WANTED)
    assert "proxy.example.org:3128 (HTTP_PROXY) is not used" in capsys.readouterr().err
    monkeypatch.setenv("http_proxy", "socks5://proxy.example.org")
    with pytest.raises(UserError, match=r"HTTP_PROXY=http://host:port.*NO_PROXY"):
        box(server.url)


def test_a_proxy_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with bad.Server() as server, pytest.raises(UserError, match=r"127.0.0.1:9 \(HTTP_PROXY\)"):
        box(server.url).posteriors(SAMPLES)
