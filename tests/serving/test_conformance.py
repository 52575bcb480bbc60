"""Good exports pass; each kind of broken one is refused, and for its own reason."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.errors import UserError
from ulk_tf.files import load_npz, save_npz
from ulk_tf.serving import conformance, cpp_session, numerics, warmup
from ulk_tf.serving.graph import Graph

ROW = tf.TensorSpec([None, 3], tf.float32, name="row")


def save(folder, function, *specs, state=None):
    """A SavedModel made by hand, without the exporter and its own check."""
    module = tf.Module()
    module.state = state
    concrete = tf.function(function).get_concrete_function(*(specs or (ROW,)))
    tf.saved_model.save(module, str(folder), signatures={"serving_default": concrete})
    return folder


def by_check(problems):
    return {problem.check: problem.reason for problem in problems}


def failed(folder):
    return by_check(conformance.check(folder))


@pytest.mark.parametrize("fixture", ["label_export", "seeded_export"])
def test_good_exports_pass(fixture, request):
    assert conformance.check(request.getfixturevalue(fixture)) == []


def test_loops_tables_and_variables_are_no_reason_to_refuse(tmp_path):
    weight = tf.Variable([[2.0, 3.0, 4.0]])
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant([0, 1]), tf.constant([5.0, 6.0])), 0.0
    )

    def call(row):
        looked_up = table.lookup(tf.zeros(tf.shape(row)[:1], tf.int32))[:, None]
        return {
            "x": tf.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, x * weight), (0, row))[1]
            + looked_up
            + tf.random.stateless_uniform([3], [1, 2])
        }

    assert failed(save(tmp_path / "1", call, state=[weight, table])) == {}


def not_an_integer(folder, label_export):
    return shutil.copytree(label_export, folder / "latest")


def compiled_by_xla(folder, _):
    @tf.function(jit_compile=True)
    def fast(row):
        return tf.exp(row)

    return save(
        folder / "1", lambda row: {"x": tf.cond(row[0, 0] > 0, lambda: fast(row), lambda: row)}
    )


def python_inside(folder, _):
    def call(row):
        one = lambda x: tf.ensure_shape(tf.py_function(lambda y: y + 1, [x], tf.float32), [3])  # noqa: E731
        return {"x": tf.map_fn(one, row)}

    return save(folder / "1", call)


def counts_its_calls(folder, _):
    counter = tf.Variable(0.0)
    return save(folder / "1", lambda row: {"x": row + counter.assign_add(1.0)}, state=counter)


def seeds_without_batch(folder, _):
    seeds = tf.TensorSpec([2], tf.int32, name="seeds")

    def call(row, seeds):
        return {"x": row + tf.random.stateless_uniform([3], seeds)}

    return save(folder / "1", call, ROW, seeds)


def warmed_up_otherwise(folder, label_export):
    copied = shutil.copytree(label_export, folder / "1")
    inputs = {"before": np.zeros((1, 2, 2), np.float32), "after": np.zeros((1, 2, 2), np.float32)}
    warmup.write(copied / warmup.FILE, [warmup.Request("serving_default", inputs)])
    return copied


def draws_at_random(folder, _):
    return save(folder / "1", lambda row: {"x": row + tf.random.normal([3])})


def mixes_its_rows(folder, _):
    return save(folder / "1", lambda row: {"x": row - tf.reduce_mean(row, axis=0)})


def answers_otherwise_than_keras(folder, label_export):
    copied = shutil.copytree(label_export, folder / "1")
    expected = load_npz(copied / numerics.EXPECTED)
    moved = {name: value + np.float32(1e-3) for name, value in expected.items()}
    save_npz(copied / numerics.EXPECTED, moved)
    return copied


def without_its_weights(folder, label_export):
    copied = shutil.copytree(label_export, folder / "1")
    shutil.rmtree(copied / "variables")
    return copied


def answers_once_for_all(folder, _):
    return save(folder / "1", lambda row: {"x": tf.reduce_sum(row)})


def answers_as_many_as_it_likes(folder, _):
    return save(folder / "1", lambda row: {"x": tf.boolean_mask(row, row[0] > 0.5, axis=1)})


def not_finite(folder, _):
    return save(folder / "1", lambda row: {"x": row / tf.zeros_like(row)})


# Chance, state and Python show a second time when the C++ loader runs the rows one by one.
BROKEN = {
    not_an_integer: {"version folder": "'latest'"},
    compiled_by_xla: {"no XLA": "_XlaMustCompile"},
    python_inside: {"no Python": "EagerPyFunc", "C++ loader": "EagerPyFunc"},
    counts_its_calls: {"no state": "AssignAddVariableOp", "C++ loader": "one by one"},
    draws_at_random: {"no state": "RandomStandardNormal", "C++ loader": "one by one"},
    seeds_without_batch: {"batchable": "input seeds of serving_default has shape [2]"},
    warmed_up_otherwise: {"warm-up": "record 0: input after has shape [1, 2, 2]"},
    mixes_its_rows: {"C++ loader": "one by one"},
    answers_otherwise_than_keras: {"C++ loader": "differs from Keras by 0.001"},
    without_its_weights: {"C++ loader": "Could not find variable"},
    answers_once_for_all: {"batchable": "output x", "C++ loader": "one by one"},
    answers_as_many_as_it_likes: {"C++ loader": "one by one"},
    not_finite: {"C++ loader": "not finite"},
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda function: function.__name__)
def test_broken_exports_are_refused_each_for_its_reason(
    broken, tmp_path, label_export, monkeypatch
):
    folder = broken(tmp_path, label_export)
    found = conformance.check(folder)
    problems = by_check(found)
    assert set(problems) == set(BROKEN[broken])
    for check, reason in BROKEN[broken].items():
        assert reason in problems[check]
    # The C++ loader need not run it a second time.
    monkeypatch.setattr(conformance, "check", lambda *given: {(folder, None): found}[given])
    with pytest.raises(UserError, match="a SavedModel that TF Serving can run"):
        conformance.require(folder)


def another_name(inputs):
    return warmup.Request("serving_default", {"before": inputs["before"], "later": inputs["after"]})


def another_type(inputs):
    return warmup.Request("serving_default", inputs | {"after": inputs["after"].astype(np.float64)})


def another_signature(inputs):
    return warmup.Request("raw_samples", inputs)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (another_name, "inputs are named before, later"),
        (another_type, "input after is float64"),
        (another_signature, "signature raw_samples does not exist"),
    ],
)
def test_warm_up_that_does_not_match(label_export, tmp_path, change, reason):
    copied = shutil.copytree(label_export, tmp_path / "1")
    good = next(warmup.read(copied / warmup.FILE))
    warmup.write(copied / warmup.FILE, [good, change(dict(good.inputs))])
    assert f"record 1: {reason}" in failed(copied)["warm-up"]


def test_warm_up_that_is_damaged_or_too_long(label_export, tmp_path):
    copied = shutil.copytree(label_export, tmp_path / "1")
    good = next(warmup.read(copied / warmup.FILE))
    warmup.write(copied / warmup.FILE, [good] * 1001)
    assert "1001 records" in failed(copied)["warm-up"]
    (copied / warmup.FILE).write_bytes(b"no TFRecord at all, but long enough to be one")
    assert "TFRecord" in failed(copied)["warm-up"]


def enlarges_rounding(row):
    """Every last bit of a row tells: what the nearest of many nearly equal samples does too."""
    return {"x": tf.sin(row * 1e8)}


@pytest.mark.parametrize(
    ("function", "change", "refused"),
    [
        (enlarges_rounding, lambda x: x + np.where(np.arange(3) == 1, 0.5, 0), False),
        (enlarges_rounding, lambda x: x + 5, True),
        (enlarges_rounding, lambda x: x[:, :2], True),
        (lambda row: {"x": tf.sin(row)}, lambda x: x + np.where(np.arange(3) == 1, 1e-4, 0), True),
    ],
)
def test_what_another_processor_rounds_is_no_reason_to_refuse(function, change, refused, tmp_path):
    folder = save(tmp_path / "1", function)
    signatures = Graph(folder).signatures
    inputs = numerics.example_inputs(signatures["serving_default"], 2)
    right = np.asarray(tf.function(function)(tf.constant(inputs["row"]))["x"])
    save_npz(folder / numerics.EXPECTED, {"serving_default/x": right})
    assert failed(folder) == {}
    save_npz(folder / numerics.EXPECTED, {"serving_default/x": change(right)})
    assert bool(failed(folder)) == refused


def test_no_saved_model_at_all(tmp_path):
    with pytest.raises(UserError, match="a SavedModel"):
        conformance.check(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(UserError, match="serve"):
        conformance.check(tmp_path)


def test_a_model_that_hangs_is_given_up(label_export):
    with pytest.raises(cpp_session.SessionError, match="no answer within"):
        cpp_session.run(label_export, [], timeout=0.001)


def test_file_operations_are_seen(tmp_path):
    folder = save(
        tmp_path / "1",
        lambda row: {"x": row + tf.cast(tf.strings.length(tf.io.read_file("/x")), tf.float32)},
    )
    assert Graph(folder).file_operations() == {"ReadFile"}
