"""Files from a stranger: nothing outside is touched, nothing is exhausted, one sentence is said."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests import standins
from tests.standins import run
from ulk_tf.errors import UserError
from ulk_tf.serving import assets, conformance, warmup
from ulk_tf.serving.graph import Graph


@pytest.fixture
def copied(label_export, tmp_path):
    return shutil.copytree(label_export, tmp_path / "toy_li" / "1")


@pytest.mark.parametrize(
    "told", [{"attack": "../../../evil"}, {"attack": None}, {"attack": ["li"]}]
)
def test_an_attack_s_name_cannot_lead_elsewhere(copied, told):
    path = copied / assets.METADATA
    path.write_text(json.dumps(json.loads(path.read_text()) | told))
    with pytest.raises(UserError, match="letters, digits and _"):
        assets.read(copied)


@pytest.mark.parametrize("content", ["[" * 100_000, "[1]", "not JSON", " " * 20_000_000])
def test_metadata_that_is_none(copied, content):
    (copied / assets.METADATA).write_text(content)
    with pytest.raises(UserError):
        assets.read(copied)


def test_a_few_bytes_of_warm_up_that_stand_for_terabytes(copied):
    log = warmup._classes()["PredictionLog"]()
    request = log.predict_log.request
    request.inputs["before"].CopyFrom(tf.make_tensor_proto(np.ones((1, 1), np.float32)))
    for size in request.inputs["before"].tensor_shape.dim:
        size.size = 10**6
    with tf.io.TFRecordWriter(str(copied / warmup.FILE)) as writer:
        writer.write(log.SerializeToString())
    problems = {problem.check: problem.reason for problem in conformance.check(copied)}
    assert list(problems) == ["warm-up"]
    assert "ValueError" in problems["warm-up"]


def test_inputs_too_large_to_make_are_not_made(tmp_path):
    huge = tf.TensorSpec([None, 10**6, 10**6], tf.float32, name="x")
    call = tf.function(lambda x: {"y": tf.reduce_sum(x, [1, 2])}, input_signature=[huge])
    tf.saved_model.save(tf.Module(), str(tmp_path / "1"), {"serving_default": call})
    assert conformance.check(tmp_path / "1") == []


def writes_when_called(folder, victim):
    def call(row):
        with tf.control_dependencies([tf.io.write_file(victim, "x")]):
            return {"y": row * 2}

    row = tf.TensorSpec([None, 3], tf.float32, name="row")
    concrete = tf.function(call).get_concrete_function(row)
    tf.saved_model.save(tf.Module(), str(folder), {"serving_default": concrete})


def writes_when_loaded(folder, victim):
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        row = v1.placeholder(tf.float32, [None, 3])
        signature = v1.saved_model.predict_signature_def({"row": row}, {"y": row * 2})
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {"serving_default": signature},
            main_op=tf.io.write_file(victim, "x"),
        )
        builder.save()


@pytest.mark.parametrize("make", [writes_when_called, writes_when_loaded])
def test_check_announces_code_and_does_not_run_what_writes_files(make, tmp_path, capsys):
    victim = tmp_path / "victim"
    make(tmp_path / "1", str(victim))
    assert Graph(tmp_path / "1").file_operations() == {"WriteFile"}
    assert run("check", tmp_path / "1") == 2
    said = capsys.readouterr()
    assert "A SavedModel is a program" in said.err
    assert "would change files of yours" in said.out
    assert not victim.exists()


def test_check_of_an_own_export_announces_nothing(label_export, capsys):
    assert run("check", label_export) == 0
    assert capsys.readouterr().err == ""


def test_an_attack_with_answers_of_another_shape(tmp_path):
    from ulk_tf.attacks.signature import Signature, TrainedAttack
    from ulk_tf.auditing.finding import Finding
    from ulk_tf.auditing.words import tell
    from ulk_tf.serving.loading import load_attack

    def wide(before, after):
        return {"label_probabilities": tf.concat([before[:, 0], after[:, 0]], 1)}

    made = TrainedAttack("li", (), {"serving_default": Signature(wide, standins.PAIR)})
    attack = load_attack(standins.exported(tmp_path, made))
    with pytest.raises(UserError, match="for 3 classes"):
        tell(Finding(attack, {"label_probabilities": np.ones(6) / 6}))
