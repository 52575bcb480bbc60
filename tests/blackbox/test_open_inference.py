"""The Open Inference Protocol: tensors of every form, versions, and answers that are none."""

import base64
import io

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from matplotlib.image import imread

from tests.blackbox import misbehaving as bad
from tests.blackbox.other_servers import given, infer, open_inference, silent, tensor
from tests.blackbox.test_endpoint import HASTY, box
from ulk_tf.blackbox.protocols.tensors import Tensor
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1)).astype(np.uint8)
WANTED = bad.posteriors(SAMPLES).astype(np.float32)
PIXELS = {"name": "x", "datatype": "FP32", "shape": [-1, 16]}


@pytest.mark.parametrize("suffix", ["", "/", "/infer", "/versions/3", "/versions/3/infer"])
def test_metadata_are_used_and_said(suffix):
    with open_inference(infer(version="3"), inputs=[PIXELS], outputs=[]) as server:
        server.told["/v2/models/m/versions/3"] = server.told["/v2/models/m"]
        target = box(server.url + suffix)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
        place = "/v2/models/m/versions/3" if "versions" in suffix else "/v2/models/m"
        assert server.requests == [place, f"{place}/infer"]
        (one,) = server.bodies[0]["inputs"]
    assert (one["name"], one["datatype"], one["shape"]) == ("x", "FP32", [10, 16])
    assert target.version == "3"
    assert target.name.endswith(place)
    assert target.notes[0] == "The model takes x FP32 [any, 16]."
    assert target.queries == 10


@pytest.mark.parametrize("datatype", ["FP32", "FP64", "FP16", "UINT8", "INT64", "INT32", ""])
@pytest.mark.parametrize("nested", [True, False])
def test_types_and_nested_data(datatype, nested):
    answer = infer(lambda p: tensor("p", p, "FP64", nested))
    inputs = [{"name": "x", "datatype": datatype, "shape": [-1, 4, 4, 1]}]
    with open_inference(answer, inputs=inputs) as server:
        np.testing.assert_array_equal(box(server.url).posteriors(SAMPLES), WANTED)
        assert server.bodies[0]["inputs"][0]["datatype"] == (datatype or "UINT8")


@pytest.mark.parametrize(
    ("shape", "sent"),
    [
        ([-1, -1], [10, 16]),
        ([-1, 1, 4, 4], [10, 1, 4, 4]),
        ([16], [10, 16]),  # without its batch
        ([4, 4, 1], [10, 4, 4, 1]),
        ([4, 16], [4, 16]),  # a batch of four
        (["-1", "16"], [10, 16]),
    ],
)
def test_shapes(shape, sent):
    with open_inference(inputs=[PIXELS | {"shape": shape}]) as server:
        np.testing.assert_array_equal(box(server.url).posteriors(SAMPLES), WANTED)
        assert server.bodies[0]["inputs"][0]["shape"] == sent


def test_a_server_that_tells_nothing_of_its_model():
    with open_inference() as server:
        target = box(server.url)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
        assert server.bodies[0]["inputs"][0]["datatype"] == "UINT8"
        np.testing.assert_allclose(
            box(server.url, scale="unit").posteriors(SAMPLES),
            bad.posteriors(SAMPLES / 255),
            rtol=1e-6,
        )
        assert server.bodies[1]["inputs"][0]["datatype"] == "FP32"
    assert target.version == ""


def test_one_of_several_outputs_is_chosen_and_asked_for():
    outputs = [lambda p: tensor("a", p), lambda p: tensor("b", p[:, ::-1])]
    with open_inference(
        infer(*outputs), outputs=[{"name": "a"}, {"name": "b", "datatype": "FP32"}]
    ) as server:
        np.testing.assert_array_equal(box(server.url, output="a").posteriors(SAMPLES), WANTED)
        assert server.bodies[0]["outputs"] == [{"name": "a"}]
        with pytest.raises(UserError, match="--output to be one of a, b"):
            box(server.url).posteriors(SAMPLES)
        before = server.predicts
        with pytest.raises(UserError, match="--output to be one of a, b"):
            box(server.url, output="c").posteriors(SAMPLES)
        assert server.predicts == before


def test_labels_beside_scores_are_put_in_order():
    names = np.array(["ant", "bee", "cat", "dog"])
    outputs = [
        lambda p: tensor("classes", names[np.argsort(-p, 1)], "BYTES"),
        lambda p: tensor("scores", -np.sort(-p, 1)),
    ]
    with open_inference(infer(*outputs)) as server:
        found = box(server.url, class_names=tuple(names)).posteriors(SAMPLES)
    np.testing.assert_array_equal(found, WANTED)


def test_bytes_are_files():
    def answer(_, body):
        files = [base64.b64decode(text) for text in body["inputs"][0]["data"]]
        images = np.stack([imread(io.BytesIO(file)) for file in files])
        return 200, {"outputs": [tensor("p", bad.posteriors(np.rint(images * 255)))]}

    inputs = [{"name": "x", "datatype": "BYTES", "shape": [-1, 1]}]
    with open_inference(answer, inputs=inputs) as server:
        target = box(server.url)
        np.testing.assert_allclose(target.posteriors(SAMPLES), WANTED, rtol=1e-6)
        assert server.bodies[0]["inputs"][0]["shape"] == [10, 1]
    assert "PNG" in target.notes[1]


def test_versions_in_answers_and_in_metadata():
    with open_inference(versions=["7"]) as server:
        assert box(server.url).ask(SAMPLES).version == "7"
    answers = [infer(version="8"), infer(version="7")]

    def changing(path, body):
        return answers.pop()(path, body)

    with (
        open_inference(changing) as server,
        pytest.raises(UserError, match=r"version 7 .* Received version 8 half-way"),
    ):
        box(server.url, batch=5).posteriors(SAMPLES)
    with (
        open_inference(infer(version="8")) as server,
        pytest.raises(UserError, match=r"version 3 .* Received version 8"),
    ):
        box(f"{server.url}/versions/3").posteriors(SAMPLES)


def output(**changed):
    """Answers whose only output differs from a right one."""
    return lambda path, body: (
        200,
        {"outputs": [tensor("p", bad.posteriors(given(body))) | changed]},
    )


WRONG = {
    "NaN as text": (output(shape=[2, 2], data=["NaN", 0.5, 0.5, 0.5]), "NaN or infinity|shape"),
    "null": (output(data=[None] * 40), "NaN or infinity in 10 of 10"),
    "text": (output(data=["x"] * 40), "data that are none"),
    "another shape": (output(shape=[10, 5]), r"the shape that it tells, \[10, 5\]"),
    "too few rows": (output(shape=[5, 8]), r"shape \[10, classes\]"),
    "a giant shape": (output(shape=[10**9, 10**9]), "shape that it tells"),
    "no shape": (output(shape="x"), "shape that it tells"),
    "ragged": (output(data=[[0.1], [0.5, 0.4]] * 5), "data that are none"),
    "binary": (output(data=None), "binary extension"),
    "labels": (output(datatype="INT64", shape=[10], data=[1] * 10), "labels only"),
    "no outputs": (lambda *_: (200, {"outputs": []}), 'an answer with "outputs"'),
    "an error inside": (lambda *_: (200, {"error": "out of cats"}), "out of cats"),
    "a list": (lambda *_: (200, [1]), "a JSON list"),
    "predictions": (lambda *_: (200, {"predictions": [[1.0]]}), "--protocol=tf-serving or"),
    "KServe's error": (lambda *_: (400, {"error": "no cats"}), "HTTP status 400: no cats"),
    "FastAPI's error": (
        lambda *_: (422, {"detail": [{"loc": ["body", "inputs"], "msg": "Field required"}]}),
        "422: Field required: body.inputs.*--protocol=tf-serving, mlflow",
    ),
    "huge": (lambda *_: bad.says(b" " * 1_000_001), "at most 1000000 bytes"),
    "a redirect": (lambda *_: bad.says(b"", 307, [("Location", "/x")]), "redirect"),
    "slow": (lambda *_: silent, "none, 3 times"),
    "a page": (lambda *_: bad.says(b"<html>hi</html>"), "a JSON object"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_answers_are_told_in_one_sentence(fault):
    answer, message = WRONG[fault]
    with open_inference(answer) as server, pytest.raises(UserError, match=message) as caught:
        box(server.url, HASTY).posteriors(SAMPLES)
    assert "\n" not in str(caught.value)


def test_limits_of_batches_as_triton_says_them():
    def answer(path, body):
        if body["inputs"][0]["shape"][0] > 4:
            return 400, {"error": "inference request batch-size must be <= 4 for 'm'"}
        return infer()(path, body)

    with open_inference(answer) as server:
        target = box(server.url)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
    assert "--batch=4" in target.notes[-1]


def test_two_inputs_and_a_signature_are_refused():
    with open_inference(inputs=[PIXELS, PIXELS | {"name": "mask"}]) as server:
        with pytest.raises(UserError, match=r"one input.*2: x, mask.*--request"):
            box(server.url).posteriors(SAMPLES)
        with pytest.raises(UserError, match="Leave --signature out"):
            box(server.url, signature="s")
        assert server.predicts == 0


@drawn(st.lists(st.integers(0, 4), max_size=4), st.booleans())
def test_tensors_are_read_as_numpy_would(shape, nested):
    values = np.random.default_rng(0).random(shape)
    found = Tensor.read(tensor("t", values, "FP64", nested)) if shape else None
    if found:
        np.testing.assert_array_equal(found.values, values)
