"""The main job on digits, through the command line: what it says and what it leaves behind."""

import re
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from tests.trainers.commands import Done, train
from ulk_tf.evaluation.results import KEYS, LATER
from ulk_tf.files import load_npz

pytestmark = pytest.mark.slow

NOISE = re.compile(
    r"cuInit|cudart|absl|retracing|AutoGraph|deprecat|Warning|oneDNN|resource_tracker|Traceback",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return train("msr", tmp_path_factory.mktemp("msr"))


def test_results_are_where_the_last_line_says(done: Done) -> None:
    assert done.results_path.name == "results.json" and done.results_path.is_file()
    results: Any = done.results
    assert set(results) == {"schema_version", *KEYS, *LATER}
    assert (results["schema_version"], results["attack"], results["dataset"]) == (
        2,
        "msr",
        "digits",
    )
    assert results["config"]["owner"]["update"]["set_size"] == 5
    assert results["timing"]["training"]["seconds"] > 0
    assert set(results["gains"]) == set(results["baselines"])
    assert not [name for name in results["metrics"] if name.startswith("gain")]
    groups = (results[key].values() for key in ("metrics", "baselines", "gains"))
    for estimate in [estimate for group in groups for estimate in group]:
        assert set(estimate) == {"mean", "low", "high", "n"}
        assert estimate["low"] <= estimate["mean"] <= estimate["high"] and estimate["n"] == 6


def test_the_attack_stands_beside_what_is_known_without_it(done: Done) -> None:
    results: Any = done.results
    for metric in ("matched_mse_centroids", "matched_mse_samples"):
        assert 0 < results["metrics"][metric]["mean"] < 1
        beside = {name.partition(":")[2] for name in results["baselines"] if metric in name}
        assert beside >= {"shadow_clustering", "label_oracle", "shuffled"}


def test_report_pictures_and_logs_are_there(done: Done) -> None:
    run = done.results_path.parent
    assert {path.name for path in run.iterdir()} == {
        "results.json",
        "report.html",
        "figures",
        "tensorboard",
    }
    assert (run / "report.html").read_text().startswith("<!doctype html>")
    for name in ("matched_sets", "curves"):
        picture = (run / "figures" / f"{name}.png").read_bytes()
        assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    assert list(run.glob("tensorboard/**/events.out.tfevents*"))


def test_the_export_answers_with_a_set(done: Done) -> None:
    version = done.folder / "e" / "digits_msr" / "1"
    # Ready for TF Serving and for a stranger: what to send is beside the model.
    probes = load_npz(version / "assets.extra" / "probing_set.npz")
    assert len(next(iter(probes.values()))) == 100
    answer = tf.saved_model.load(str(version)).signatures["serving_default"]
    pair = tf.fill((1, 100, 10), 0.1)
    sets = answer(before=pair, after=pair, seeds=tf.constant([[1, 2]], tf.int32))
    assert sets["samples"].shape == (1, 5, 8, 8, 1)


def test_standard_error_shows_progress_and_no_noise(done: Done) -> None:
    for stage in ("training base models", "updating models", "training msr", "reconstructing"):
        assert f"{stage}" in done.err
    assert re.search(r"86/86 \[\d\d:\d\d<\d\d:\d\d, .*update/s", done.err)
    noise = [line for line in re.split(r"[\r\n]", done.err) if NOISE.search(line)]
    assert not noise
    beside = [line for line in re.split(r"[\r\n]", done.err) if line and "%|" not in line]
    # An estimate, warnings as they come up, and how long each stage took at the end.
    assert beside[0].startswith("estimate: about ")
    assert all(line.startswith("warning: ") for line in beside[1:-1])
    assert [line.removeprefix("warning: ") for line in beside[1:-1]] == done.results["warnings"]
    assert re.match(r"stages: .*training: [\d.]+ s, .* together$", beside[-1])


def test_a_verdict_comes_first(done: Done) -> None:
    first = done.out.splitlines()[0]
    assert "give away something of the samples they were made with" in first
    assert first in (done.results_path.parent / "report.html").read_text()


def test_nothing_is_written_elsewhere(done: Done) -> None:
    assert {path.name for path in done.folder.iterdir()} == {"r", "e"}
    assert {path.name for path in (done.folder / "r" / "digits").iterdir()} == {
        "autoencoders",
        "bases",
        "corpus",
        "msr",
    }
    assert not [path for path in Path(done.folder).rglob("*") if path.name.endswith(".tmp")]
