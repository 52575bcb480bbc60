"""Which figures a scored attack leaves behind."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ulk_tf.data.datasets import Dataset
from ulk_tf.evaluation import sample_pictures, wording
from ulk_tf.evaluation.charts import bars
from ulk_tf.evaluation.scores import Scores

# Updates in the picture of label distributions.
DISTRIBUTIONS = 6


def draw(
    folder: Path, scores: Scores, curves: Mapping[str, Sequence[float]], dataset: Dataset
) -> dict[str, Path]:
    """Draw every figure there is something to show in.

    Args:
        folder: of the PNG files.
        scores: what they are made of.
        curves: losses by epoch, by name.
        dataset: what was attacked.

    Returns:
        The path of each figure by its caption, the most telling first.
    """
    drawn: dict[str, Path] = {}

    def path(name: str, caption: str) -> Path:
        drawn[caption] = folder / f"{name}.png"
        return drawn[caption]

    shown = scores.pictures
    if "matched" in shown:
        caption = "One updating set and its reconstruction, matched; the median case"
        title = f"{dataset.name}: updating set and reconstruction"
        true, reconstructed = shown["matched"]
        sample_pictures.matched_sets(path("matched_sets", caption), true, reconstructed, title)
    if "rows" in shown:
        caption = "Random updates: original, attack, autoencoder, class mean"
        sample_pictures.reconstructions(
            path("reconstructions", caption), shown["rows"], dataset.name
        )
    if "confusion" in shown:
        caption = "True against inferred labels"
        sample_pictures.confusion(
            path("confusion", caption), shown["confusion"], dataset.class_names
        )
    if "distributions" in shown:
        caption = "True and estimated label distributions of a few updates"
        true, estimated = (part[:DISTRIBUTIONS] for part in shown["distributions"])
        names = dataset.class_names
        sample_pictures.distributions(path("distributions", caption), true, estimated, names)
    name = next(iter(scores.metrics))
    said = wording.metric(name).name
    beside = {
        wording.baseline(key.partition(":")[2])[0]: estimate
        for key, estimate in scores.baselines.items()
        if key.startswith(f"{name}:")
    }
    estimates = {"Attack": scores.metrics[name]} | beside
    bars(path("baselines", f"{said}: the attack beside its baselines"), estimates, said, {"Attack"})
    losses = {name: values for name, values in curves.items() if "learning" not in name}
    sample_pictures.curves(path("curves", "Losses by epoch"), losses, "epoch", "loss")
    return drawn
