"""Servers as they are found: odd signatures, shapes, types, limits, and what is said of them."""

import base64
import io
import json

import numpy as np
import pytest
from matplotlib.image import imread

from tests.blackbox import misbehaving as bad
from tests.blackbox.test_endpoint import box
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.probe import probe
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1)).astype(np.uint8)
WANTED = bad.posteriors(SAMPLES).astype(np.float32)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    monkeypatch.delenv("ULK_TF_TOKEN", raising=False)


def signature(sizes, dtype="DT_FLOAT", names=("x",)):
    shape = {"dim": [{"size": str(size), "name": ""} for size in sizes], "unknown_rank": False}
    return {"inputs": {name: {"dtype": dtype, "tensor_shape": shape} for name in names}}


class Served(bad.Server):
    """A server with metadata of its own and a function of the whole request."""

    def __init__(self, answer, signatures):
        @bad.raw
        def predict(server, handler, body):
            status, content = answer(json.loads(body))
            bad.send(handler, status, content)

        super().__init__(predict)
        self.signatures = signatures

    def respond(self, handler, body):
        if handler.path.endswith("/metadata"):
            content = {
                "model_spec": {"version": "3"},
                "metadata": {"signature_def": {"signature_def": self.signatures}},
            }
            bad.send(handler, 200, content)
        else:
            super().respond(handler, body)


def rows(body):
    return np.asarray(body["instances"], np.float64)


def answered(body):
    return 200, {"predictions": bad.posteriors(rows(body)).tolist()}


def of_shape(shape):
    def answer(body):
        if rows(body).shape[1:] != shape:
            return 400, {"error": f"Matrix size-incompatible: {rows(body).shape}"}
        return answered(body)

    return answer


@pytest.mark.parametrize("shape", [(16,), (4, 4), (4, 4, 1), (1, 4, 4), (1, 4, 4, 1)])
def test_samples_take_the_shape_of_the_model(shape):
    signatures = {"serving_default": signature([-1, *shape])}
    with Served(of_shape(shape), signatures) as server:
        target = box(server.url)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
    assert any("reshaped" in note for note in target.notes) == (shape != (4, 4, 1))


def test_colours_go_to_the_front_and_other_shapes_are_refused():
    colours = np.random.default_rng(1).integers(0, 256, (5, 4, 4, 3)).astype(np.uint8)
    seen = []

    def answer(body):
        seen.append(rows(body))
        return answered(body)

    with Served(answer, {"serving_default": signature([-1, 3, 4, 4])}) as server:
        box(server.url).posteriors(colours)
        np.testing.assert_array_equal(seen[0], np.moveaxis(colours, -1, 1))
    with Served(answer, {"serving_default": signature([-1, 8, 8, 1])}) as server:
        with pytest.raises(UserError, match=r"shape \[4, 4, 1\].*takes \[8, 8, 1\].*trained on"):
            box(server.url).posteriors(SAMPLES)
        assert server.predicts == 0


def named(name):
    def answer(body):
        if body.get("signature_name") != name:
            return 400, {"error": 'Serving signature name: "serving_default" not found'}
        return answered(body)

    return answer


def test_the_only_signature_is_asked_and_one_of_several_is_chosen():
    own = signature([-1, 4, 4, 1])
    with Served(named("predict_images"), {"predict_images": own}) as server:
        target = box(server.url)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
        assert "predict_images" in target.notes[0]
    with Served(named("b"), {"a": own, "b": own, "__saved_model_init_op": own}) as server:
        with pytest.raises(UserError, match="--signature to be one of a, b"):
            box(server.url).posteriors(SAMPLES)
        with pytest.raises(UserError, match="--signature to be one of a, b"):
            box(server.url, signature="c").posteriors(SAMPLES)
        np.testing.assert_array_equal(box(server.url, signature="b").posteriors(SAMPLES), WANTED)
    with Served(named("c"), {}) as server:
        with pytest.raises(UserError, match="Name one of its signatures with --signature"):
            box(server.url).posteriors(SAMPLES)
        np.testing.assert_array_equal(box(server.url, signature="c").posteriors(SAMPLES), WANTED)


def test_a_model_with_two_inputs_is_named_with_both():
    two = signature([-1, 4], names=("image", "mask"))
    with (
        Served(answered, {"serving_default": two}) as server,
        pytest.raises(UserError, match=r"one input.*has 2: image, mask.*--signature"),
    ):
        box(server.url).posteriors(SAMPLES)


def in_columns(body):
    if "instances" in body:
        return 400, {"error": "Tensor name: t has inconsistent batch size: 1 expecting: 10"}
    found = bad.posteriors(np.asarray(body["inputs"], np.float64)).tolist()
    return 200, {"outputs": {"threshold": [0.5], "p": found}}


def test_outputs_that_only_come_in_columns():
    with Served(in_columns, {}) as server:
        target = box(server.url, batch=4)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
        assert server.predicts == 4  # one in vain, and none after it
    assert target.queries == 14
    assert "columns" in target.notes[0]


LIMITS = {
    "serving": (400, {"error": "Task size {} is larger than maximum input batch size 4"}),
    "gateway": (413, b"<html>413 Request Entity Too Large</html>"),
    "rpc": (400, {"error": "Received message larger than max (5242880 vs. 4194304)"}),
    "other": (400, {"error": "batch size {} exceeds the limit of 4"}),
}


@pytest.mark.parametrize("kind", LIMITS)
def test_a_batch_limit_is_kept(kind):
    status, content = LIMITS[kind]

    @bad.raw
    def predict(_, handler, body):
        found = json.loads(body)["instances"]
        if len(found) > 4:
            bad.send(handler, status, content)
        else:
            bad.send(handler, 200, {"predictions": bad.posteriors(found).tolist()})

    with bad.Server(predict) as server:
        target = box(server.url)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
        assert target.posteriors(SAMPLES[:3]).shape == (3, 4)
    assert "--batch=" in target.notes[-1]


def test_a_single_sample_that_is_too_large_ends_it():
    with bad.Server(bad.says(b"", 413)) as server, pytest.raises(UserError, match="--batch"):
        box(server.url).posteriors(SAMPLES)
    assert server.predicts < 10


@pytest.mark.parametrize("size", [1, 4])
def test_a_fixed_batch_is_filled(size):
    def answer(body):
        return answered(body) if len(body["instances"]) == size else (400, {"error": "no"})

    with Served(answer, {"serving_default": signature([size, 4, 4, 1])}) as server:
        np.testing.assert_array_equal(box(server.url).posteriors(SAMPLES), WANTED)


def test_encoded_images_are_sent_as_png():
    def answer(body):
        files = [base64.b64decode(row["b64"]) for row in body["instances"]]
        images = np.stack([imread(io.BytesIO(file)) for file in files])
        return 200, {"predictions": bad.posteriors(np.rint(images * 255)).tolist()}

    with Served(answer, {"serving_default": signature([-1], "DT_STRING")}) as server:
        target = box(server.url)
        np.testing.assert_allclose(target.posteriors(SAMPLES), WANTED, rtol=1e-6)
        assert "PNG" in target.notes[0]
        with pytest.raises(UserError, match="--scale"):
            box(server.url, scale="unit").posteriors(SAMPLES)


def test_fractions_for_a_model_of_whole_numbers_are_refused():
    with Served(answered, {"serving_default": signature([-1, 4, 4, 1], "DT_UINT8")}) as server:
        box(server.url).posteriors(SAMPLES)
        with pytest.raises(UserError, match=r"whole numbers.*DT_UINT8.*--scale"):
            box(server.url, scale="unit").posteriors(SAMPLES)


def test_a_page_instead_of_an_answer_is_shown():
    page = b"<html><head><title>Log in to example.org</title></head></html>"
    html = bad.says(page, 200, [("Content-Type", "text/html; charset=utf-8")])
    with (
        bad.Server(html) as server,
        pytest.raises(UserError, match=r"bytes of text/html: Log in to example.org"),
    ):
        box(server.url).posteriors(SAMPLES)


def test_names_that_are_not_ascii():
    with bad.Server() as server:
        respond = server.respond

        def anywhere(handler, body):
            handler.path = handler.path.replace("/m%C3%BCll%20x", "/m")
            respond(handler, body)

        server.respond = anywhere
        for name in ("müll x", "m%C3%BCll%20x"):
            target = box(server.url[:-1] + name)
            np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
        assert target.version == "3"


def test_one_row_of_logits_at_a_time(tmp_path):
    def logits(samples):
        return np.log(bad.posteriors(samples)) + shift

    first = int(bad.posteriors(SAMPLES).min(axis=1).argmax())
    samples = np.roll(SAMPLES, -first, axis=0)
    shift = 0.0
    shift = 0.01 - logits(samples[:1]).min()
    assert logits(samples[:1]).min() > 0 > logits(samples).min()
    with bad.Server(lambda _, s: logits(s).tolist()) as server:
        _, found = probe(server.url, samples, 4, Asking(batch=1), out=tmp_path / "a.npz")
    assert found.kind == "logits"
    np.testing.assert_allclose(found.posteriors, bad.posteriors(samples), rtol=1e-5)
