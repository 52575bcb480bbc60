"""An export appears whole, under the next free version, and says what it is."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow as tf

from tests import standins
from ulk_tf.attacks.signature import Signature, TrainedAttack
from ulk_tf.errors import UserError
from ulk_tf.files import digest, load_npz
from ulk_tf.serving import export, warmup
from ulk_tf.serving.loading import load_attack


def test_versions_are_counted_up_and_none_is_overwritten(tmp_path):
    first = standins.exported(tmp_path)
    kept = (first / "saved_model.pb").read_bytes()
    (tmp_path / "toy_li" / "7").mkdir()
    (tmp_path / "toy_li" / "7" / "something").write_text("of the user's")
    (tmp_path / "toy_li" / "notes").mkdir()
    before = os.umask(0o077)
    try:
        second = standins.exported(tmp_path)
    finally:
        os.umask(before)
    assert (first.name, second.name) == ("1", "8")
    # The user's umask decides who reads them.
    assert (first.stat().st_mode & 0o777, second.stat().st_mode & 0o777) == (0o777 & ~before, 0o700)
    assert not any(path.stat().st_mode & 0o077 for path in second.rglob("*"))
    assert (first / "saved_model.pb").read_bytes() == kept
    assert sorted(p.name for p in (tmp_path / "toy_li").iterdir()) == ["1", "7", "8", "notes"]


def test_two_exports_at_once_get_two_versions(tmp_path):
    made, failed = [], []

    def one():
        try:
            made.append(standins.exported(tmp_path).name)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert sorted(made) == ["1", "2"]


def test_a_version_taken_in_the_last_moment_is_not_overwritten(tmp_path, monkeypatch):
    home = tmp_path / "toy_li"
    (home / "1").mkdir(parents=True)
    (home / "1" / "theirs").write_text("kept")
    real = export.versions
    answers = iter([[], real(home)])
    monkeypatch.setattr(export, "versions", lambda folder: next(answers))
    assert standins.exported(tmp_path).name == "2"
    assert (home / "1" / "theirs").read_text() == "kept"


def test_a_failure_half_way_leaves_nothing_that_a_server_would_load(tmp_path, monkeypatch):
    seen = []

    def fail(folder, *_, **__):
        seen.append(sorted(p.name for p in folder.parent.iterdir()))
        raise OSError("disk full")

    monkeypatch.setattr(export.assets, "write", fail)
    with pytest.raises(OSError, match="disk full"):
        standins.exported(tmp_path)
    assert seen
    assert not any(name.isdigit() for name in seen[0])
    assert list((tmp_path / "toy_li").iterdir()) == []


def test_what_a_server_would_not_run_is_not_exported(tmp_path):
    def draws(before, after):
        return {"label_probabilities": tf.random.uniform(tf.shape(before)[:1]) + after[:, 0, 0]}

    broken = TrainedAttack("li", (), {"serving_default": Signature(draws, standins.PAIR)})
    with pytest.raises(UserError, match=r"no state: .*RandomUniform"):
        standins.exported(tmp_path, broken)
    assert list((tmp_path / "toy_li").iterdir()) == []


def test_metadata_card_and_probing_set(label_export):
    extra = label_export / "assets.extra"
    told = json.loads((extra / "ulk.json").read_text())
    assert told["attack"] == "li"
    assert told["dataset"] == "toy"
    assert told["class_names"] == ["ant", "bee", "cat"]
    assert told["metrics"] == standins.METADATA["metrics"]
    assert told["config"] == standins.METADATA["config"]
    assert told["versions"]["tensorflow"] == tf.__version__
    assert told["probing_set"]["sha256"] == digest(standins.PROBING_SET)
    assert told["signatures"]["serving_default"]["inputs"]["before"] == {
        "dtype": "float32",
        "shape": [None, standins.PROBES, standins.CLASSES],
    }
    samples = load_npz(extra / "probing_set.npz")["samples"]
    np.testing.assert_array_equal(samples, standins.PROBING_SET)
    assert samples.dtype == np.uint8
    card = (extra / "README.md").read_text()
    for piece in ("toy_li", "ant, bee, cat", "0.5", "before", "label_probabilities"):
        assert piece in card


def test_warm_up_is_what_the_server_s_own_protos_read(seeded_export):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    path = seeded_export / warmup.FILE
    found = {}
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        request = logs.PredictionLog.FromString(record).predict_log.request
        found[request.model_spec.signature_name] = {
            name: tf.make_ndarray(value) for name, value in request.inputs.items()
        }
    assert set(found) == {"serving_default", "raw_samples"}
    for inputs in found.values():
        assert inputs["before"].shape == (1, standins.PROBES, standins.CLASSES)
        assert inputs["seeds"].dtype == np.int32
        np.testing.assert_allclose(inputs["after"].sum(-1), 1, atol=1e-6)


@pytest.mark.slow
def test_inputs_keep_their_order_and_a_fresh_process_answers_the_same(tmp_path):
    attack = standins.seeded_attack()
    path = standins.exported(tmp_path, attack)
    before, after = warmup.example_posteriors((3, standins.PROBES, standins.CLASSES), 5)
    seeds = np.array([[1, 2], [3, 4], [1, 2]], np.int32)
    wanted = attack.signatures["serving_default"].function(
        before=tf.constant(before), after=tf.constant(after), seeds=tf.constant(seeds)
    )["samples"]
    swapped = load_attack(path).run(after, before, seeds)["samples"]
    assert np.abs(swapped - wanted).max() > 1e-3
    np.savez(tmp_path / "in.npz", before=before, after=after, seeds=seeds)
    code = (
        "import sys, numpy as np; from ulk_tf.serving.loading import load_attack\n"
        "given = np.load(sys.argv[2]); np.save(sys.argv[3], "
        "load_attack(sys.argv[1]).run(given['before'], given['after'], given['seeds'])['samples'])"
    )
    answer = tmp_path / "out.npy"
    subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "in.npz"), str(answer)], check=True
    )
    np.testing.assert_allclose(np.load(answer), wanted, atol=1e-6)


def test_a_user_s_own_data_set_names_no_path(tmp_path):
    path = export.export_attack(
        standins.label_attack(),
        export_dir=tmp_path,
        dataset="/data/My photos.npz",
        probing_set=standins.PROBING_SET,
        metadata={},
    )
    assert path == tmp_path / "My_photos_li" / "1"
