"""Real servers of other makers: MLServer and MLflow, installed by `make servers`."""

import json

import numpy as np
import pytest

from tests.blackbox.real import starting
from tests.blackbox.real.served import NAMES, posteriors
from tests.standins import PROBING_SET, run
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.probe import probe
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mlserver(tmp_path_factory):
    with starting.mlserver(tmp_path_factory.mktemp("mlserver")) as url:
        yield url


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    with starting.mlflow(tmp_path_factory.mktemp("mlflow")) as urls:
        yield urls


def asked(url, **asking):
    return probe(url, PROBING_SET, NAMES, Asking(**asking))


def right(found, version):
    np.testing.assert_allclose(found.posteriors, posteriors(PROBING_SET, version), rtol=1e-6)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_version_behind_the_open_inference_protocol(mlserver, version):
    recording, found = asked(f"{mlserver}/versions/{version}", output="chances")
    right(found, int(version))
    assert recording.versions == (version,)
    assert recording.queries == len(PROBING_SET) + len(recording.again)
    assert found.noise == 0
    assert "takes pixels FP32 [any, 16]" in recording.notes[0]
    assert "chances FP64 [any, 3]" in recording.notes[0]


def test_the_version_that_answers_is_told(mlserver):
    recording, found = asked(mlserver)  # the posteriors are found by their shape
    right(found, int(recording.versions[0]))


@pytest.mark.parametrize(
    ("suffix", "asking", "message"),
    [
        ("", {"output": "nothing"}, "--output to be one of label, chances"),
        ("/versions/9", {}, r"404: Model toy with version 9 not found"),
        ("", {"protocol": "tf-serving"}, r"405.*URL is one of open-inference: leave --protocol"),
        ("", {"max_queries": 5}, "max_queries=5"),
    ],
)
def test_what_the_open_inference_protocol_refuses(mlserver, suffix, asking, message):
    with pytest.raises(UserError, match=message):
        asked(f"{mlserver}{suffix}", **asking)


def test_labels_behind_the_open_inference_protocol(mlserver):
    recording, found = asked(f"{mlserver}/versions/1", output="label")
    assert found.kind == "labels" and "--output=predict_proba" in " ".join(recording.notes)
    likeliest = posteriors(PROBING_SET, 1).argmax(axis=1)
    np.testing.assert_array_equal(found.posteriors, np.eye(3)[likeliest])


def test_an_audit_of_two_served_versions(mlserver, label_export, tmp_path, capsys):
    for version in ("1", "2"):
        target = f"--target={mlserver}/versions/{version}"
        out = tmp_path / f"{version}.npz"
        assert run("probe", target, f"--attack={label_export}", f"--out={out}") in (0, None)
    recordings = [f"--{name}={tmp_path}/{v}.npz" for name, v in (("before", 1), ("after", 2))]
    assert run("audit", *recordings, f"--attack={label_export}", f"--out={tmp_path}/page") in (
        0,
        None,
    )
    assert "This update shows" in capsys.readouterr().out
    told = json.loads((tmp_path / "page" / "audit.json").read_text())
    assert [told[name]["versions"] for name in ("before", "after")] == [["1"], ["2"]]


def test_an_array_behind_mlflow(mlflow):
    recording, found = asked(mlflow[0])
    right(found, 1)
    assert recording.versions == ()  # MLflow does not tell
    assert "takes uint8 [-1, 16]" in recording.notes[0]


def test_a_table_behind_mlflow(mlflow):
    recording, found = asked(mlflow[1])
    right(found, 2)
    notes = " ".join(recording.notes)
    assert "16 named columns, pixel 0 to pixel 15" in notes
    assert "order of the attack's classes" in notes


def test_a_template_for_both(mlflow, mlserver, tmp_path):
    columns = [f"pixel {number}" for number in range(16)]
    tensor = {"name": "pixels", "shape": [1, 16], "datatype": "FP32", "data": "{{sample:flat}}"}
    asked_so = {
        "table": (
            mlflow[1],
            {"dataframe_split": {"columns": columns, "data": "{{samples:flat}}"}},
            "predictions",
        ),
        "records": (
            mlflow[0],
            {"inputs": ["{{each:flat}}"]},
            "predictions[*]",
        ),
        "tensor": (f"{mlserver}/infer", {"inputs": [tensor]}, "outputs[1].data"),
    }
    for name, (url, template, answer) in asked_so.items():
        (tmp_path / name).write_text(json.dumps(template))
        recording, found = asked(url, request=str(tmp_path / name), answer=answer)
        right(found, 1 if name == "records" else 2)
        assert recording.asked["request"].startswith(f"{name} ")
        recording.save(tmp_path / f"{name}.npz")
        assert Recording.load(tmp_path / f"{name}.npz").asked == recording.asked
