"""Exports behind servers: the stand-in, a real TF Serving where there is one, and what is told."""

import importlib.util
import json
import os
import re
import threading
import urllib.error
import urllib.request
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.conftest import TRAIN, loaded
from ulk_tf.serving.export import versions
from ulk_tf.serving.graph import Graph
from ulk_tf.serving.loading import version_folder
from ulk_tf.serving.numerics import example_inputs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
REAL = "ULK_TF_SERVING_URL"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@contextmanager
def stand_in(folder):
    spec = importlib.util.spec_from_file_location(
        "stand_in_server", ROOT / "examples" / "stand_in_server.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.make_server(folder)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def grpc_server(folder):
    """TF Serving's own gRPC service over exports that Python runs."""
    grpc = pytest.importorskip("grpc")
    predict_pb2 = pytest.importorskip("tensorflow_serving.apis.predict_pb2")
    services = pytest.importorskip("tensorflow_serving.apis.prediction_service_pb2_grpc")

    class Service(services.PredictionServiceServicer):
        def Predict(self, request, context):
            attack = loaded(folder / request.model_spec.name)
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            answer = predict_pb2.PredictResponse()
            found = attack.run(**inputs, signature=request.model_spec.signature_name)
            for name, value in found.items():
                answer.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return answer

    server = grpc.server(futures.ThreadPoolExecutor(2))
    services.add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.fixture(scope="module")
def exports(cases):
    """The folder of all exports of digits."""
    paths = [cases(name, "images").path for name in TRAIN]
    return paths[0].parent.parent


def test_every_request_in_the_documentation_is_answered(exports, cases, tmp_path, monkeypatch):
    case = cases("msr", "images")
    for name in ("before", "after"):
        np.savez(tmp_path / f"{name}.npz", answers=case.inputs[name][0].astype(np.float64))
    blocks = BLOCK.findall((ROOT / "docs" / "SERVING.md").read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    told = {}
    with stand_in(exports) as rest, grpc_server(exports) as rpc:
        for block in blocks:
            code = block.replace("http://127.0.0.1:8501", rest).replace("127.0.0.1:8500", rpc)
            exec(compile(code, "SERVING.md", "exec"), told)
    pair = told["before"], told["after"]
    seeds = np.array([[0, 1]], np.int32)
    for name, output in (
        ("li", "label_probabilities"),
        ("ssr", "sample"),
        ("lde", "label_distribution"),
        ("msr", "samples"),
    ):
        given = (*pair, seeds) if name == "msr" else pair
        wanted = loaded(exports / f"digits_{name}").run(*given)[output][0]
        np.testing.assert_allclose(told[f"{name}_grpc"], wanted, atol=1e-5)
        np.testing.assert_allclose(told[f"{name}_rest"], wanted, atol=1e-5)
    raw = loaded(exports / "digits_msr").run(*pair, seeds, signature="raw_samples")
    np.testing.assert_allclose(told["raw_grpc"], raw["raw_samples"][0], atol=1e-5)
    np.testing.assert_allclose(told["raw_rest"], raw["raw_samples"][0], atol=1e-5)


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


def assert_answers_as_exported(url, home):
    """Rows and columns of made-up inputs, to each signature of the latest version."""
    folder = version_folder(home)
    attack = loaded(folder)
    for name, signature in Graph(folder).signatures.items():
        inputs = example_inputs(signature, 2)
        wanted = attack.run(**inputs, signature=name)
        told = {"signature_name": name}
        columns = {label: value.tolist() for label, value in inputs.items()}
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        by_rows = post(f"{url}/v1/models/{home.name}:predict", told | {"instances": rows})
        by_columns = post(f"{url}/v1/models/{home.name}:predict", told | {"inputs": columns})
        for label, value in wanted.items():
            one = len(wanted) == 1
            found = by_rows["predictions"]
            found = np.array(found if one else [row[label] for row in found])
            again = by_columns["outputs"]
            np.testing.assert_allclose(found, np.array(again if one else again[label]), atol=1e-6)
            assert found.shape == value.shape
            if name == "raw_samples" or label not in ("samples", "centroids"):
                np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-4)


def test_the_stand_in_answers_what_the_exports_do(exports):
    homes = [home for home in exports.iterdir() if versions(home)]
    assert len(homes) >= 4
    with stand_in(exports) as url:
        for home in homes:
            assert_answers_as_exported(url, home)
        refused = {"before": [[0.1]], "after": [[0.1]], "seeds": [1.0, 2.0]}
        with pytest.raises(urllib.error.HTTPError, match="400"):
            post(f"{url}/v1/models/digits_msr:predict", {"instances": [refused]})


@pytest.mark.skipif(
    not os.environ.get(REAL),
    reason=f"no TF Serving to ask: set {REAL}, such as http://127.0.0.1:8501, where one serves "
    "the exports of `make serve`",
)
def test_a_real_server_answers_what_the_exports_do():
    folder = Path(os.environ.get("ULK_TF_EXPORT_DIR", ROOT / "exported"))
    homes = [home for home in folder.iterdir() if versions(home)]
    assert homes, f"no exports in {folder}"
    for home in homes:
        assert_answers_as_exported(os.environ[REAL].rstrip("/"), home)
