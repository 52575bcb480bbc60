"""Probing of servers that misbehave, with a hundred samples and little patience."""

import json

import numpy as np
import pytest

from tests.blackbox import misbehaving as bad
from ulk_tf.blackbox import endpoint
from ulk_tf.blackbox import probe as probing
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.exchange import Patience

SAMPLES = np.random.default_rng(0).integers(0, 256, (100, 3, 3, 1)).astype(np.uint8)


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.delenv("ULK_TF_TOKEN", raising=False)
    quick = Patience(attempts=2, pause=0.01, longest_pause=0.02)
    monkeypatch.setattr(endpoint, "Patience", lambda: quick)


def probe(url, out, **asking):
    return probing.probe(url, SAMPLES, bad.CLASSES, Asking(**asking), out=out)


def failing_from(first, last=10**6):
    """503 from query `first` to `last`, both counted from 1."""

    @bad.raw
    def predict(server, handler, body):
        if first <= server.predicts <= last:
            bad.send(handler, 503, {"error": "busy"})
        else:
            samples = json.loads(body)["instances"]
            bad.send(handler, 200, {"predictions": bad.posteriors(samples).tolist()})

    return predict
