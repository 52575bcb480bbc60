"""ONNX files as black boxes, run by ONNX Runtime."""

import sys

import numpy as np
import pytest

from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.open import open_target
from ulk_tf.errors import UserError

onnx = pytest.importorskip("onnx", reason="the extra test makes ONNX files with it")
pytest.importorskip("onnxruntime", reason="the extra onnx runs ONNX files")

SAMPLES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1)).astype(np.uint8)
WEIGHTS = np.random.default_rng(1).normal(size=(16, 4)).astype(np.float32) / 255
LOGITS = SAMPLES.reshape(10, 16).astype(np.float32) @ WEIGHTS
WANTED = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)


def save(path, shape=("n", 16), kind="FLOAT", weights=WEIGHTS, inputs=("x",), ends=()):
    """A classifier with the outputs logits and p, and more nodes behind p."""
    helper, types = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Cast", [inputs[0]], ["cast"], to=types.FLOAT),
        helper.make_node("Flatten", ["cast"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["p"], axis=1),
    ]
    outputs = [
        helper.make_tensor_value_info(name, types.FLOAT, [None, 4]) for name in ("logits", "p")
    ]
    for node, output in ends:
        nodes.append(node)
        outputs.append(output)
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(x, getattr(types, kind), list(shape)) for x in inputs],
        outputs,
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=versions, ir_version=9)
    onnx.save(model, path)
    return str(path)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (("n", 16), "FLOAT"),
        ((None, 4, 4, 1), "UINT8"),
        (("n", 1, 4, 4), "DOUBLE"),
        ((4, 16), "INT64"),
        ((1, 4, 4), "FLOAT16"),
    ],
)
def test_shapes_types_and_batches(shape, kind, tmp_path):
    target = open_target(save(tmp_path / "m.onnx", shape, kind), Asking(output="p"))
    np.testing.assert_allclose(target.posteriors(SAMPLES), WANTED, atol=1e-6)
    assert target.version.startswith("file ")
    other = open_target(save(tmp_path / "n.onnx", weights=WEIGHTS * 2), Asking(output="p"))
    other.posteriors(SAMPLES)
    assert other.version != target.version


def test_outputs_are_chosen_by_name(tmp_path):
    path = save(tmp_path / "m.onnx")
    logits = open_target(path, Asking(output="logits"))
    np.testing.assert_allclose(logits.posteriors(SAMPLES), WANTED, atol=1e-6)
    assert "logits" in logits.notes[-1]
    with pytest.raises(UserError, match="--output to be one of logits, p"):
        open_target(path, Asking(output="q"))
    with pytest.raises(UserError, match="--output to be one of logits, p"):
        open_target(path).posteriors(SAMPLES)


def test_scores_by_class_as_scikit_learn_exports_them(tmp_path):
    names = ["dog", "cat", "bee", "ant"]
    helper, types = onnx.helper, onnx.TensorProto
    node = helper.make_node(
        "ZipMap", ["p"], ["by_name"], domain="ai.onnx.ml", classlabels_strings=names
    )
    tensor = helper.make_tensor_type_proto(types.FLOAT, [])
    kind = helper.make_sequence_type_proto(helper.make_map_type_proto(types.STRING, tensor))
    path = save(tmp_path / "m.onnx", ends=[(node, helper.make_value_info("by_name", kind))])
    order = [0, 3, 1, 2]  # neither that of the model nor the alphabet's
    target = open_target(path, Asking(output="by_name"), [names[i] for i in order])
    np.testing.assert_allclose(target.posteriors(SAMPLES), WANTED[:, order], atol=1e-6)
    assert any("order of the attack's classes" in note for note in target.notes)


def test_files_that_cannot_be_used(tmp_path, monkeypatch):
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(UserError, match="ONNX Runtime can run") as caught:
        open_target(str(tmp_path / "bad.onnx"))
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="No such file"):
        open_target(str(tmp_path / "missing.onnx"))
    path = save(tmp_path / "two.onnx", inputs=("x", "mask"))
    with pytest.raises(UserError, match=r"one input.*2: x, mask"):
        open_target(path)
    with pytest.raises(UserError, match="Leave --signature out"):
        open_target(path, Asking(signature="s"))
    with pytest.raises(UserError, match=r"takes \[8, 8, 1\]"):
        large = save(tmp_path / "m.onnx", ("n", 8, 8, 1), weights=np.repeat(WEIGHTS, 4, axis=0))
        open_target(large).posteriors(SAMPLES)
    small = save(tmp_path / "i.onnx", kind="INT8")
    with pytest.raises(UserError, match="samples from -128 to 127"):
        open_target(small, Asking(output="p")).posteriors(SAMPLES)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UserError, match=r"pip install 'ulk_tf\[onnx\]'"):
        open_target(path)
