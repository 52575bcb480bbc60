"""A server that speaks TF Serving's REST dialect, or goes wrong in a chosen way."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

CLASSES = 4
PATH = "/v1/models/m"


def posteriors(samples):
    """What the good server answers: depends on every sample, rows sum to 1."""
    flat = np.asarray(samples, np.float64).reshape(len(samples), -1)
    logits = np.stack([flat.mean(1), flat.std(1), flat[:, 0], flat[:, -1]], 1) / 50
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True)


class Server:
    """Use as a context manager.

    Args:
        predict: (server, instances) -> predictions, or a function of (server, handler, body)
            marked `raw`, that writes the whole answer.
        dtype: of the input, in the metadata.
        metadata: whether there is any.
    """

    def __init__(self, predict=None, *, dtype="DT_FLOAT", metadata=True):
        self.predict = predict or (lambda _, samples: posteriors(samples).tolist())
        self.dtype, self.metadata = dtype, metadata
        self.version = "3"
        self.predicts = 0
        self.requests = []
        self.headers = []
        self.bodies = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append(self.path)
                outer.headers.append(dict(self.headers))
                with contextlib.suppress(OSError):
                    outer.respond(self, body)

            do_GET = do_POST = handle_any

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.port = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}{PATH}"

    def encrypt(self, context):
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    def __enter__(self):
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()

    def respond(self, handler, body):
        path, _, verb = handler.path.partition(":")
        if verb == "predict":
            self.predicts += 1
            self.bodies.append(body)
            if getattr(self.predict, "raw", False):
                self.predict(self, handler, body)
            else:
                predictions = self.predict(self, json.loads(body)["instances"])
                send(handler, 200, {"predictions": predictions})
        elif path.endswith("/metadata") and self.metadata:
            inputs = {"samples": {"dtype": self.dtype}}
            signatures = {"signature_def": {"serving_default": {"inputs": inputs}}}
            spec = {"name": "m", "signature_name": "", "version": self.version}
            send(handler, 200, {"model_spec": spec, "metadata": {"signature_def": signatures}})
        elif path == PATH:
            states = [
                {"version": self.version, "state": "AVAILABLE"},
                {"version": "9", "state": "END"},
            ]
            send(handler, 200, {"model_version_status": states})
        else:
            send(handler, 404, {"error": "no such thing"})


def send(handler, status, content, headers=()):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def raw(function):
    function.raw = True
    return function


def failing(status, times, headers=()):
    """Answers `status` for the first `times` queries, then as it should."""

    @raw
    def predict(server, handler, body):
        if server.predicts <= times:
            send(handler, status, {"error": "not now"}, headers)
        else:
            samples = json.loads(body)["instances"]
            send(handler, 200, {"predictions": posteriors(samples).tolist()})

    return predict


def slow(seconds, times=10**6):
    """Says nothing for the first `times` queries."""

    @raw
    def predict(server, handler, body):
        if server.predicts <= times:
            time.sleep(seconds)
        send(handler, 200, {"predictions": posteriors(json.loads(body)["instances"]).tolist()})

    return predict


def says(content, status=200, headers=()):
    """Always answers the same bytes or JSON."""
    return raw(lambda _, handler, __: send(handler, status, content, headers))


@raw
def endless(_, handler, __):
    """A body without end, as fast as it is taken."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"[" * 65536)


@raw
def trickling(_, handler, __):
    """A byte now and then, always within the read timeout, for ever."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.02)


@raw
def trickling_headers(_, handler, __):
    """The same in the headers."""
    handler.send_response(200)
    handler.flush_headers()
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.02)


@raw
def cut_short(_, handler, __):
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"predictions": [')


def changing_version(after):
    """Another version answers from query `after` + 1 on."""

    def predict(server, samples):
        if server.predicts > after:
            server.version = "4"
        return posteriors(samples).tolist()

    return predict
