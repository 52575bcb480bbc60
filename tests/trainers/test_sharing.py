"""Attacks on the same settings share corpora: the second trainer starts on its attack at once."""

import re
from pathlib import Path

import pytest

from tests.trainers.commands import made, train

pytestmark = pytest.mark.slow
PICTURES = {
    "li": {"confusion.png", "baselines.png", "curves.png"},
    "ssr": {"reconstructions.png", "baselines.png", "curves.png"},
    "lde": {"distributions.png", "baselines.png", "curves.png"},
    "msr": {"matched_sets.png", "baselines.png", "curves.png"},
}
METRICS = {"li": "accuracy", "ssr": "mse", "lde": "kl", "msr": "matched_mse_centroids"}


@pytest.mark.parametrize(("first", "second"), [("li", "ssr"), ("lde", "msr")])
def test_the_second_builds_nothing(tmp_path: Path, first: str, second: str) -> None:
    one = train(first, tmp_path)
    before = made(tmp_path)
    two = train(second, tmp_path)
    assert made(tmp_path) == before
    # One corpus of each side.
    assert len(list(tmp_path.glob("r/digits/corpus/*/MANIFEST.json"))) == 2
    assert re.search(r"found on disk: 4 of 4 base models and .* updates", two.err)
    assert "updating models" in one.err
    assert "updating models" not in two.err and "training base models" not in two.err
    for name, done in ((first, one), (second, two)):
        assert done.results["attack"] == name
        assert METRICS[name] in done.results["metrics"]
        assert any(key.startswith(f"{METRICS[name]}:") for key in done.results["baselines"])
        pictures = done.results_path.parent / "figures"
        assert {path.name for path in pictures.iterdir()} == PICTURES[name]
        assert (tmp_path / "e" / f"digits_{name}" / "1" / "saved_model.pb").is_file()


def test_an_attack_on_other_updates_of_the_same_samples_takes_over_the_autoencoder(
    tmp_path: Path,
) -> None:
    shared, alone = tmp_path / "shared", tmp_path / "alone"
    for folder in (shared, alone):
        folder.mkdir()
    train("msr", shared)
    second = train("msr", shared, update_epochs=2)
    assert "training autoencoder" not in second.err and "training lde" in second.err
    assert re.search(r"training: .*found on disk: the autoencoder", second.err)
    assert len(list(shared.glob("r/digits/autoencoders/*.npz"))) == 1
    assert second.figures == train("msr", alone, update_epochs=2).figures


def test_all_runs_the_four_and_ends_with_one_table(tmp_path: Path) -> None:
    flags = {"training_updates": 32, "validation_updates": 8}
    done = train("all", tmp_path, **flags)
    lines = done.out.splitlines()
    paths = [tmp_path / line for line in lines[-4:]]
    assert [path.parent.parent.name for path in paths] == list(METRICS)
    assert all(path.is_file() for path in paths)
    table = {line.split()[0]: line for line in lines[-8:-4]}
    assert set(table) == set(METRICS)
    for name, metric in METRICS.items():
        assert table[name].split()[1] == metric
    # Two corpora of each side, not four; base models are trained once.
    assert len(list(tmp_path.glob("r/digits/corpus/*/MANIFEST.json"))) == 4
    assert len(list(tmp_path.glob("r/digits/bases/*.npz"))) == 4
    assert done.err.count("training base models: 100%") == 1
