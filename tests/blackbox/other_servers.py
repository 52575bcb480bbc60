"""Stand-ins for servers of other protocols, well behaved and not."""

import json
import time

import numpy as np

from tests.blackbox import misbehaving as bad
from tests.blackbox.misbehaving import Server, send


class Anything(Server):
    """Answers POSTs by a function of (path, body) -> (status, content), and GETs from a table.

    Args:
        answer: what a POST is answered.
        told: path -> content of GETs; all others are 404.
        path: of the URL.
    """

    def __init__(self, answer, told=(), path="/score"):
        super().__init__()
        self.answer, self.told = answer, dict(told)
        self.url = f"http://127.0.0.1:{self.port}{path}"

    def respond(self, handler, body):
        if handler.command == "GET":
            found = self.told.get(handler.path)
            send(handler, 200 if found else 404, found or {"detail": "Not Found"})
            return
        self.predicts += 1
        self.bodies.append(json.loads(body))
        given = self.answer(handler.path, self.bodies[-1])
        if getattr(given, "raw", False):
            given(self, handler, body)
        else:
            status, content = given
            send(handler, status, content)


@bad.raw
def silent(*_):
    """Says nothing for longer than a hasty client waits."""
    time.sleep(0.5)


def tensor(name, values, datatype="FP32", nested=False):
    """An output of the Open Inference Protocol."""
    values = np.asarray(values)
    data = values.tolist() if nested else values.ravel().tolist()
    return {"name": name, "shape": list(values.shape), "datatype": datatype, "data": data}


def given(body):
    """The samples in a request of the Open Inference Protocol."""
    (one,) = body["inputs"]
    return np.asarray(one["data"], np.float64).reshape(one["shape"])


def infer(*outputs, version=None):
    """Answer with outputs made by functions of the posteriors."""

    def answer(_, body):
        made = outputs or (lambda p: tensor("scores", p),)
        content = {"model_name": "m", "outputs": [one(bad.posteriors(given(body))) for one in made]}
        return 200, content | ({} if version is None else {"model_version": version})

    return answer


def open_inference(answer=None, path="/v2/models/m", **metadata):
    """A server of the Open Inference Protocol.

    Args:
        answer: to a POST; the posteriors by default.
        path: of the model.
        metadata: of the model, as its GET answers it.
    """
    told = {"name": "m", "platform": "none"} | metadata
    return Anything(answer or infer(), {path: told} if metadata else {}, path)


def mlflow(answer):
    """A scoring server of MLflow's."""
    return Anything(answer, {"/ping": "\n"}, "/invocations")


def refusal(message, code="INVALID_PARAMETER_VALUE"):
    """An error as MLflow answers it, with the samples in front of the reason."""
    quoted = "Failed to predict data '[[ 0.  1.]\n [ 2.  3.]]'. \nError: " + message
    return 400, {"error_code": code, "message": quoted, "error_class": code}
