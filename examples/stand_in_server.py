"""Stand-in for TF Serving, for machines without it: the same REST interface, nothing more.

It serves every version under one folder, as TF Serving does with `model_version_policy { all {} }`:

    python examples/stand_in_server.py --folder=served --port=8501

    GET  /v1/models/<name>[/versions/<number>]            which versions there are
    GET  /v1/models/<name>[/versions/<number>]/metadata   what a version takes and gives
    POST /v1/models/<name>[/versions/<number>]:predict    {"instances": [...]} or {"inputs": ...}

The HTTP part is the standard library's; it has no batching, no TLS, no gRPC, and one process. Use
it to try things, never to serve anybody.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

ROUTE = re.compile(
    r"^/v1/models/(?P<name>[\w.-]+)(/versions/(?P<version>\d+))?(?P<verb>/metadata|:predict)?$"
)
MAX_BODY = 64 * 2**20


class NotServed(Exception):
    """Response with a status other than 200."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Models:
    """SavedModels under a folder, loaded on their first request."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[tuple[str, int], Any] = {}
        self._lock = threading.Lock()

    def versions(self, name: str) -> list[int]:
        """List the versions of a model, ascending."""
        home = self._folder / name
        found = [path.name for path in home.iterdir()] if home.is_dir() else []
        return sorted(int(version) for version in found if version.isdecimal())

    def get(self, name: str, version: str | None) -> tuple[int, Any]:
        """Return the number and the signatures of a version, by default the latest."""
        found = self.versions(name)
        number = int(version) if version else max(found, default=0)
        if number not in found:
            raise NotServed(404, f"Servable not found for request: {name} {version or 'Latest'}")
        with self._lock:
            if (name, number) not in self._loaded:
                path = self._folder / name / str(number)
                self._loaded[name, number] = tf.saved_model.load(str(path))
            return number, self._loaded[name, number].signatures


def status(models: Models, name: str, version: str | None) -> dict[str, Any]:
    """List the versions of a model, as TF Serving's model status."""
    numbers = [models.get(name, version)[0]] if version else models.versions(name)
    if not numbers:
        raise NotServed(404, f"Could not find any versions of model {name}")
    ok = {"error_code": "OK", "error_message": ""}
    states = [{"version": str(n), "state": "AVAILABLE", "status": ok} for n in reversed(numbers)]
    return {"model_version_status": states}


def metadata(models: Models, name: str, version: str | None) -> dict[str, Any]:
    """Describe the inputs and outputs of a version, as TF Serving's metadata."""
    number, signatures = models.get(name, version)
    described = {
        label: {
            "inputs": {k: _info(v) for k, v in signature.structured_input_signature[1].items()},
            "outputs": {k: _info(v) for k, v in signature.structured_outputs.items()},
            "method_name": "tensorflow/serving/predict",
        }
        for label, signature in signatures.items()
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(number)},
        "metadata": {"signature_def": {"signature_def": described}},
    }


def predict(models: Models, name: str, version: str | None, body: Any) -> dict[str, Any]:
    """Run a version on the rows ("instances") or columns ("inputs") of a request."""
    _, signatures = models.get(name, version)
    signature = signatures[body.get("signature_name", "serving_default")]
    specs = signature.structured_input_signature[1]
    rows = body.get("instances")
    given = body["inputs"] if rows is None else rows
    if rows is not None and isinstance(rows[0], dict):
        given = {label: [row[label] for row in rows] for label in rows[0]}
    columns = given if isinstance(given, dict) else {next(iter(specs)): given}
    if set(columns) != set(specs):
        raise NotServed(400, f"inputs must be {', '.join(specs)}")
    inputs = {name: _tensor(name, value, specs[name]) for name, value in columns.items()}
    outputs = {label: value.numpy().tolist() for label, value in signature(**inputs).items()}
    if rows is None:
        return {"outputs": next(iter(outputs.values())) if len(outputs) == 1 else outputs}
    if len(outputs) == 1:
        return {"predictions": next(iter(outputs.values()))}
    turned = zip(*outputs.values(), strict=True)
    return {"predictions": [dict(zip(outputs, row, strict=True)) for row in turned]}


def _tensor(name: str, value: Any, spec: Any) -> tf.Tensor:
    """Convert an input to the model's type; reject what TF Serving rejects."""
    found = np.asarray(value)
    if spec.dtype.is_integer and found.dtype.kind == "f":
        raise NotServed(400, f"{name} must be whole numbers, 1 and not 1.0")
    if not spec.shape.is_compatible_with(found.shape):
        raise NotServed(400, f"{name} must be of shape {spec.shape}, not {list(found.shape)}")
    return tf.constant(found.astype(spec.dtype.name))


def make_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Make a server on 127.0.0.1, not started yet; port 0 takes a free port."""
    models = Models(folder)

    class Handler(BaseHTTPRequestHandler):
        """Handler that routes a request and responds with JSON."""

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._answer(self.rfile.read(max(0, min(length, MAX_BODY))))

        def _answer(self, body: bytes | None) -> None:
            try:
                code, content = 200, self._content(body)
            except NotServed as error:
                code, content = error.status, {"error": str(error)}
            except (KeyError, ValueError, TypeError, IndexError, tf.errors.OpError) as error:
                code, content = 400, {"error": f"{type(error).__name__}: {error}"[:500]}
            data = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _content(self, body: bytes | None) -> dict[str, Any]:
            route = ROUTE.match(self.path)
            if route is None or (route["verb"] == ":predict") != (body is not None):
                raise NotServed(400, f"Malformed request: {self.command} {self.path}")
            where = (models, route["name"], route["version"])
            if body is not None:
                return predict(*where, json.loads(body))
            return metadata(*where) if route["verb"] else status(*where)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing, so that the example's output stays readable."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _info(spec: Any) -> dict[str, Any]:
    dims = [{"size": str(-1 if size is None else size), "name": ""} for size in spec.shape]
    kind = f"DT_{spec.dtype.name.upper()}".replace("FLOAT32", "FLOAT").replace("FLOAT64", "DOUBLE")
    return {"dtype": kind, "tensor_shape": {"dim": dims, "unknown_rank": False}}


def main(folder: str, port: int = 8501) -> None:
    """Serve until interrupted.

    Args:
        folder: holds <name>/<version>/saved_model.pb.
        port: on 127.0.0.1; TF Serving's own by default.
    """
    server = make_server(Path(folder), port)
    print(f"stand-in for TF Serving at http://127.0.0.1:{server.server_port}", file=sys.stderr)
    server.serve_forever()


if __name__ == "__main__":
    from ulk_tf.settings import cli

    cli.run(main)
