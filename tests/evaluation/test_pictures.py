"""Figures of a run: that of its output first, then its baselines and losses."""

from types import SimpleNamespace

import numpy as np

from ulk_tf.evaluation.intervals import Estimate
from ulk_tf.evaluation.pictures import draw
from ulk_tf.evaluation.scores import Scores

DIGITS = SimpleNamespace(name="digits", class_names=("zero", "one"))


def scored(**pictures) -> Scores:
    scores = Scores(np.zeros(4, np.int32), pictures=pictures)
    scores.metrics["mse"] = Estimate(0.1, 0.05, 0.15, 4)
    scores.baselines["mse:shuffled"] = Estimate(0.3, 0.2, 0.4, 4)
    scores.baselines["ssim:shuffled"] = Estimate(0.9, 0.9, 0.9, 4)
    return scores


def test_every_run_shows_its_baselines_and_its_losses(tmp_path) -> None:
    curves = {"loss": [2.0, 1.0], "learning_rate": [0.1, 0.1]}
    drawn = draw(tmp_path, "unheard_of", scored(), curves, DIGITS)
    assert [path.name for path in drawn.values()] == ["baselines.png", "curves.png"]
    assert all(path.stat().st_size > 1000 for path in drawn.values())


def test_what_an_output_shows_comes_first(tmp_path) -> None:
    images = np.random.default_rng(0).random((4, 8, 8, 1))
    kinds = {
        "samples": ({"matched": (images, images)}, "matched_sets.png"),
        "sample": ({"rows": {"original": images, "attack": images}}, "reconstructions.png"),
        "label_probabilities": ({"confusion": np.eye(2, dtype=int)}, "confusion.png"),
        "label_distribution": (
            {"distributions": (np.full((9, 2), 0.5), np.full((9, 2), 0.5))},
            "distributions.png",
        ),
    }
    for name, (pictures, expected) in kinds.items():
        drawn = draw(tmp_path / name, name, scored(**pictures), {"loss": [1.0, 0.5]}, DIGITS)
        first = next(iter(drawn.values()))
        assert first.name == expected
        assert first.is_file()
        assert len(drawn) == 3
