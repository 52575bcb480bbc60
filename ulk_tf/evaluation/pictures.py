"""Figures of a scored attack: those of its output, its baselines, its losses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ulk_tf.data.datasets import Dataset
from ulk_tf.evaluation import charts, sample_pictures
from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.compared import by_baseline
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.outputs import OUTPUTS
from ulk_tf.evaluation.scores import Scores
from ulk_tf.settings.attack_table import imported

# Updates in the picture of label distributions.
DISTRIBUTIONS = 6
Drawn = dict[str, Path]
Shown = Mapping[str, Any]


def draw(
    folder: Path,
    output: str,
    scores: Scores,
    curves: Mapping[str, Sequence[float]],
    dataset: Dataset,
) -> Drawn:
    """Draw every figure there is something to show in.

    Args:
        folder: of the PNG files.
        output: name of the attack's answer.
        scores: what the figures are made of.
        curves: losses by epoch, by name.
        dataset: what was attacked.

    Returns:
        The path of each figure by its caption, the most telling first.
    """
    drawn: Drawn = {}
    if output in OUTPUTS and scores.pictures:
        drawn |= imported(OUTPUTS[output].draw)(folder, scores.pictures, dataset)
    if scores.metrics:
        drawn |= _draw_baselines(folder, scores)
    losses = {name: values for name, values in curves.items() if "learning" not in name}
    path = folder / "curves.png"
    charts.curves(path, losses, "epoch", "loss")
    return drawn | {"Losses by epoch": path}


def draw_matched(folder: Path, shown: Shown, dataset: Dataset) -> Drawn:
    """One updating set beside its reconstruction."""
    path, (true, reconstructed) = folder / "matched_sets.png", shown["matched"]
    title = f"{dataset.name}: updating set and reconstruction"
    sample_pictures.matched_sets(path, true, reconstructed, title)
    return {"One updating set and its reconstruction, matched; the median case": path}


def draw_rows(folder: Path, shown: Shown, dataset: Dataset) -> Drawn:
    """A few samples, each beside its reconstructions."""
    path, rows = folder / "reconstructions.png", shown["rows"]
    sample_pictures.reconstructions(path, rows, dataset.name)
    return {f"Random updates: {', '.join(rows)}": path}


def draw_confusion(folder: Path, shown: Shown, dataset: Dataset) -> Drawn:
    """True labels against inferred ones."""
    path = folder / "confusion.png"
    charts.confusion(path, shown["confusion"], dataset.class_names)
    return {"True against inferred labels": path}


def draw_distributions(folder: Path, shown: Shown, dataset: Dataset) -> Drawn:
    """True and estimated label distributions."""
    path = folder / "distributions.png"
    true, estimated = (part[:DISTRIBUTIONS] for part in shown["distributions"])
    charts.distributions(path, true, estimated, dataset.class_names)
    return {"True and estimated label distributions of a few updates": path}


def _draw_baselines(folder: Path, scores: Scores) -> Drawn:
    name = next(iter(scores.metrics))
    title, path = metric(name).title, folder / "baselines.png"
    others = {
        baseline(other).title: estimate
        for other, estimate in by_baseline(scores.baselines, name).items()
    }
    charts.bars(path, {"Attack": scores.metrics[name]} | others, title, {"Attack"})
    return {f"{title}: the attack beside its baselines": path}
