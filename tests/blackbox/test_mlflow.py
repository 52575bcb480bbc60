"""MLflow's scoring server: what it says in refusals is learnt, whatever form it answers in."""

import numpy as np
import pytest

from tests.blackbox import misbehaving as bad
from tests.blackbox.other_servers import mlflow, refusal, silent
from tests.blackbox.test_endpoint import HASTY, box
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1)).astype(np.uint8)
WANTED = bad.posteriors(SAMPLES).astype(np.float32)
NAMES = ("ant", "bee", "cat", "dog")


def answered(values):
    return 200, {"predictions": values}


FORMS = {
    "rows": lambda p: answered(p.tolist()),
    "the bare list": lambda p: (200, p.tolist()),
    "columns": lambda p: answered([dict(zip(NAMES, row, strict=True)) for row in p.tolist()]),
    "columns by number": lambda p: answered(
        [{str(i): row[i] for i in (2, 0, 1, 3)} for row in p.tolist()]
    ),
    "columns with a prefix": lambda p: answered(
        [{f"p_{name}": row[i] for i, name in enumerate(NAMES)} for row in p.tolist()]
    ),
    "columns with a suffix": lambda p: answered(
        [{f"{name} score": row[i] for i, name in enumerate(NAMES)} for row in p.tolist()]
    ),
    "one output": lambda p: answered({"probabilities": p.tolist()}),
    "an output and its label": lambda p: answered(
        [{"label": 1, "probabilities": row} for row in p.tolist()]
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_predictions(form):
    with mlflow(lambda _, body: FORMS[form](bad.posteriors(body["inputs"]))) as server:
        target = box(server.url, class_names=NAMES)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
        assert server.requests == ["/invocations"]
    assert target.version == ""


def test_a_tensor_signature_is_learnt():
    def answer(_, body):
        if np.shape(body["inputs"])[1:] != (16,):
            return refusal(
                "Failed to enforce schema of data '[[...]]' with schema '[Tensor('uint8', (-1, "
                "16))]'. Error: Shape of input (10, 4, 4, 1) does not match (-1, 16)."
            )
        return answered(bad.posteriors(body["inputs"]).tolist())

    with mlflow(answer) as server:
        target = box(server.url, max_queries=20)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
    assert target.queries == 20  # what was refused was sent, too
    assert "takes uint8 [-1, 16]" in target.notes[0]
    assert "reshaped" in target.notes[1]


COLUMNS = [f"it's {n}" if n == 3 else f"pixel {n}" for n in range(16)]


def named_columns(_, body):
    table = body.get("dataframe_split")
    if table is None or table["columns"] != COLUMNS:
        columns = ", ".join(f"{name!r}: long (required)" for name in COLUMNS)
        return refusal(
            f"Failed to enforce schema of data '[[ 0.]]' with schema '[{columns}]'. Error: Model "
            "is missing inputs."
        )
    assert {type(n) for row in table["data"] for n in row} == {int}
    return answered(bad.posteriors(table["data"]).tolist())


def test_named_columns_are_learnt():
    with mlflow(named_columns) as server:
        target = box(server.url, batch=4)
        np.testing.assert_array_equal(target.posteriors(SAMPLES), WANTED)
        assert server.predicts == 4  # one in vain, and none after it
        with pytest.raises(UserError, match=r"shape \[3, 3, 1\].*takes \[16\]"):
            box(server.url).posteriors(SAMPLES[:, :3, :3])
    assert "16 named columns, pixel 0 to pixel 15" in target.notes[0]


def test_servers_that_know_instances_alone():
    def answer(_, body):
        if "instances" not in body:
            return 400, {"message": "Expected 'instances' in the request"}
        return answered(bad.posteriors(body["instances"]).tolist())

    with mlflow(answer) as server:
        np.testing.assert_array_equal(box(server.url).posteriors(SAMPLES), WANTED)


WRONG = {
    "a reason behind the samples": (
        lambda *_: refusal("cats are out."),
        r"HTTP status 400: cats are out\.",
    ),
    "a schema of columns that it cannot be asked by": (
        lambda *_: refusal("with schema '[Array(double)]'. Error: column 'a' is no array"),
        r"column 'a' is no array. Describe .*--request=template.json: \{\"dataframe_split\"",
    ),
    "the same refusal for ever": (
        lambda *_: refusal("schema '[Tensor('float32', (-1, 4, 4, 1))]'. Error: no"),
        "HTTP status 400: no",
    ),
    "NaN as text": (lambda *_: answered([["NaN", 0.5]] * 10), "NaN or infinity in 10 of 10"),
    "null": (lambda *_: answered([[None, 0.5]] * 10), "NaN or infinity in 10 of 10"),
    "labels": (lambda *_: answered([7] * 10), "labels only"),
    "names": (lambda *_: answered(["elk"] * 10), "labels only"),
    "rows of another number": (lambda *_: answered([[0.5, 0.5]] * 9), r"\[10, classes\]"),
    "nothing": (lambda *_: answered([]), 'with "predictions"'),
    "tensors": (
        lambda *_: (200, {"outputs": [{"name": "a", "shape": [1], "datatype": "FP32"}]}),
        "try --protocol=open-inference",
    ),
    "other columns": (
        lambda *_: answered([dict(zip("wxyz", [0.25] * 4, strict=True))] * 10),
        r"columns named after the attack's classes \(ant.*'w', 'x'.*--class_names",
    ),
    "slow": (lambda *_: silent, "none, 3 times"),
    "huge": (lambda *_: bad.says(b" " * 1_000_001), "at most 1000000 bytes"),
    "a redirect": (lambda *_: bad.says(b"", 302, [("Location", "/login")]), "a redirect to /login"),
    "not found": (
        lambda *_: (404, {"detail": "Not Found"}),
        "404: Not Found.*asked as mlflow.*--protocol=tf-serving, open-inference",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_answers_are_told_in_one_sentence(fault):
    answer, message = WRONG[fault]
    with mlflow(answer) as server, pytest.raises(UserError, match=message) as caught:
        box(server.url, HASTY, class_names=NAMES).posteriors(SAMPLES)
    assert "\n" not in str(caught.value)
    assert server.predicts <= 4


def test_the_protocol_of_any_url_can_be_named():
    with mlflow(lambda _, body: answered(bad.posteriors(body["inputs"]).tolist())) as server:
        url = server.url.replace("/invocations", "/models/cats/score")
        with pytest.raises(UserError, match=r"URL of a known form.*/v2/models.*--protocol="):
            box(url)
        np.testing.assert_array_equal(box(url, protocol="mlflow").posteriors(SAMPLES), WANTED)
        assert server.requests == ["/models/cats/score"]
        with pytest.raises(UserError, match="one of mlflow: leave --protocol out"):
            server.answer = lambda *_: (405, {"detail": "Method Not Allowed"})
            box(server.url, protocol="open-inference").posteriors(SAMPLES)
