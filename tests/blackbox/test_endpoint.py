"""A served target, well behaved and not: nothing hangs, nothing leaks, each fault is named."""

import gzip
import json
import socket
import time
import zlib
from dataclasses import replace

import numpy as np
import pytest

from tests.blackbox import misbehaving as bad
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.endpoint import Endpoint
from ulk_tf.blackbox.exchange import Patience
from ulk_tf.blackbox.open import BlackBox
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (40, 3, 3, 1)).astype(np.uint8)
PATIENT = Patience(attempts=3, pause=0.01, longest_pause=0.05, max_body=10**6)
HASTY = replace(PATIENT, read=0.2, total=0.5)  # where waiting is what is tested


def box(url, patience=PATIENT, class_names=(), **asking):
    asking = Asking(**asking)
    return BlackBox(Endpoint(url, asking, class_names, patience), asking)


@pytest.mark.parametrize("suffix", ["", "/", ":predict", "/versions/3", "/versions/3:predict"])
def test_posteriors_and_the_version_that_answered(suffix):
    with bad.Server() as server:
        target = box(server.url + suffix)
        found = target.posteriors(SAMPLES)
        assert {path.removesuffix(":predict") for path in server.requests if "predict" in path} == {
            bad.PATH + ("/versions/3" if "versions" in suffix else "")
        }
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, bad.posteriors(SAMPLES), rtol=1e-6)
    assert target.version == "3"
    assert target.queries == 40
    assert target.notes == ()


@pytest.mark.parametrize(
    ("dtype", "samples", "sent"),
    [
        ("DT_INT32", SAMPLES.astype(np.float32), int),
        ("DT_UINT8", SAMPLES, int),
        ("DT_FLOAT", SAMPLES / np.float32(255), float),
    ],
)
def test_samples_are_sent_in_the_type_that_the_model_takes(dtype, samples, sent):
    with bad.Server(dtype=dtype) as server:
        box(server.url).posteriors(samples)
        assert type(json.loads(server.bodies[0])["instances"][0][0][0][0]) is sent


def test_the_version_comes_from_the_status_where_there_is_no_metadata():
    with bad.Server(metadata=False) as server:
        target = box(server.url)
        target.posteriors(SAMPLES)
    assert target.version == "3"


def test_a_server_that_tells_nothing_about_itself():
    with bad.Server() as server:
        respond = server.respond

        def quiet(handler, body):
            if "predict" in handler.path:
                respond(handler, body)
            else:
                bad.send(handler, 404, b"<html>")

        server.respond = quiet
        target = box(server.url)
        assert target.posteriors(SAMPLES).shape == (40, bad.CLASSES)
        assert target.version == ""
        assert box(server.url + "/versions/7").ask(SAMPLES[:2]).version == "7"


def test_one_of_several_outputs():
    def predict(_, samples):
        return [
            {"classes": 1, "probabilities": row, "logits": [9.0] * bad.CLASSES}
            for row in bad.posteriors(samples).tolist()
        ]

    with bad.Server(predict) as server:
        np.testing.assert_allclose(
            box(server.url).posteriors(SAMPLES), bad.posteriors(SAMPLES), rtol=1e-6
        )
        with pytest.raises(UserError, match="--output to be one of classes, logits, probabil"):
            box(server.url, output="softmax").posteriors(SAMPLES)


def test_refused_connection():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1/models/m"
    started = time.monotonic()
    with pytest.raises(UserError, match="Is it running"):
        box(url).posteriors(SAMPLES)
    assert time.monotonic() - started < 1


def test_timeouts_are_tried_again_and_given_up():
    with bad.Server(bad.slow(3, times=1)) as server:
        target = box(server.url, replace(PATIENT, read=1.0))
        np.testing.assert_allclose(target.posteriors(SAMPLES), bad.posteriors(SAMPLES), rtol=1e-6)
        assert target.queries == 40 + 32  # what was sent in vain counts too
    with bad.Server(bad.slow(3)) as server:
        with pytest.raises(UserError, match=r"answer in 0.2 seconds from .*Received none, 3 times"):
            box(server.url, HASTY).posteriors(SAMPLES)
        assert server.predicts == 3


def test_503_then_recovery():
    with bad.Server(bad.failing(503, 2, [("Retry-After", "1000000")])) as server:
        started = time.monotonic()
        found = box(server.url).posteriors(SAMPLES)
        assert time.monotonic() - started < 1
        np.testing.assert_allclose(found, bad.posteriors(SAMPLES), rtol=1e-6)
    with bad.Server(bad.failing(503, 99)) as server:
        with pytest.raises(UserError, match="status 503: not now"):
            box(server.url).posteriors(SAMPLES)
        assert server.predicts == 3


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_other_failures_are_not_tried_again(status):
    with bad.Server(bad.failing(status, 99)) as server:
        with pytest.raises(UserError, match=f"HTTP status {status}: not now"):
            box(server.url + "/versions/8").posteriors(SAMPLES)
        assert server.predicts == 1


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_what_a_proxy_compressed_is_unpacked(encoding, pack):
    @bad.raw
    def predict(_, handler, body):
        found = {"predictions": bad.posteriors(json.loads(body)["instances"]).tolist()}
        packed = pack(json.dumps(found).encode())
        bad.send(handler, 200, packed, [("Content-Encoding", encoding)])

    with bad.Server(predict) as server:
        found = box(server.url).posteriors(SAMPLES)
    np.testing.assert_allclose(found, bad.posteriors(SAMPLES), atol=1e-6)


WRONG = {
    "too few rows": (lambda _, s: bad.posteriors(s).tolist()[:-1], r"shape \[32, classes\]"),
    "too deep": (lambda _, s: [[row] for row in bad.posteriors(s).tolist()], r"\[32, 1, 4\]"),
    "ragged": (lambda _, s: [[1.0]] + [[0.5, 0.5]] * (len(s) - 1), "ragged"),
    "NaN": (
        lambda _, s: [[float("nan")] * 4, *bad.posteriors(s).tolist()[1:]],
        "NaN or infinity in 1 of 32",
    ),
    "infinity": (lambda _, s: [[float("inf"), 0, 0, 0]] * len(s), "NaN or infinity"),
    "rows do not sum to 1": (lambda _, s: (bad.posteriors(s) * 1.7).tolist(), "sum to 1.7"),
    "sigmoids": (lambda _, s: np.sqrt(bad.posteriors(s)).tolist(), "no posteriors"),
    "labels": (lambda _, s: [int(r.argmax()) for r in bad.posteriors(s)], "labels only"),
    "label names": (lambda _, s: ["cat"] * len(s), "labels only"),
    "top 2 without the others": (lambda _, s: [[0.61234, 0.31234]] * len(s), "sum to 0.9247"),
    "nothing": (lambda _, s: [], r"shape \[32"),
    "no list": (lambda _, s: {"a": 1}, "a list of"),
    "different outputs": (lambda _, s: [{"a": [1.0]}, *[{"b": [1.0]}] * 31], "different ones"),
    "not JSON": (bad.says(b"<html>busy</html>"), "a JSON object"),
    "no predictions": (bad.says({"outputs": []}), '"predictions"'),
    "deep JSON": (bad.says(b"[" * 100_000), "a JSON object"),
    "empty": (bad.says(b""), "a JSON object"),
    "cut short": (bad.cut_short, "a server that answers"),
    "huge": (bad.says(b" " * 1_000_001), "at most 1000000 bytes"),
    "endless": (bad.endless, "at most 1000000 bytes"),
    "huge once unpacked": (
        bad.says(gzip.compress(b" " * 1_000_001), headers=[("Content-Encoding", "gzip")]),
        "at most 1000000 bytes. Received a longer one, once unpacked",
    ),
    "not compressed": (
        bad.says(b"{}", headers=[("Content-Encoding", "gzip")]),
        "compressed as it says. Received a damaged one",
    ),
    "trickling": (bad.trickling, "none, 3 times"),
    "trickling headers": (bad.trickling_headers, "none, 3 times"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_answers_end_soon_and_say_why(fault):
    predict, message = WRONG[fault]
    with bad.Server(predict) as server:
        started = time.monotonic()
        with pytest.raises(UserError, match=message):
            box(server.url, HASTY if "trickling" in fault else PATIENT).posteriors(SAMPLES)
        assert time.monotonic() - started < 5


RECOGNISED = {
    "logits": (lambda p: np.log(p) + 2, "answers logits"),
    "labels one-hot": (lambda p: np.eye(4)[p.argmax(1)], "labels only"),
    "rounded": (lambda p: p.round(2), "rounds its answers to 2 decimals"),
    "top 2": (lambda p: np.where(p >= np.sort(p)[:, -2:-1], p, 0), "only the top 2 of 4"),
}


@pytest.mark.parametrize("form", RECOGNISED)
def test_other_forms_are_recognised_and_said(form):
    change, note = RECOGNISED[form]
    with bad.Server(lambda _, s: change(bad.posteriors(s)).tolist()) as server:
        target = box(server.url)
        found = target.posteriors(SAMPLES)
    assert note in " ".join(target.notes)
    np.testing.assert_allclose(found.sum(1), 1, atol=0.02 if form == "rounded" else 1e-6)
    if form == "logits":
        np.testing.assert_allclose(found, bad.posteriors(SAMPLES), rtol=1e-5)


def test_a_version_that_changes_half_way_is_the_end():
    with bad.Server(bad.changing_version(after=1)) as server:
        target = box(server.url)
        with pytest.raises(UserError, match="version 4 half-way"):
            target.posteriors(SAMPLES)
    at_once = bad.Server(bad.changing_version(after=0))  # within the first request
    with at_once as server, pytest.raises(UserError, match="version 4 half-way"):
        box(server.url).posteriors(SAMPLES)


def test_the_budget_is_kept_over_repeats():
    with bad.Server(bad.failing(503, 1)) as server:
        target = box(server.url, max_queries=70)
        with pytest.raises(UserError, match=r"--max_queries=70, of which 64 are spent"):
            target.posteriors(SAMPLES)
        assert target.queries == 64
        assert server.predicts == 2
