"""Probing sets: reserved samples, noise, or other data; none of them moves anybody's samples."""

from pathlib import Path

import numpy as np
import pytest

from ulk_tf.data.datasets import Dataset, load
from ulk_tf.data.probing import probing_set
from ulk_tf.data.splits import split
from ulk_tf.errors import UserError
from ulk_tf.files import save_npz
from ulk_tf.settings import presets

DIGITS = load("digits", None, Path("unused"))


def asked(dataset: Dataset = DIGITS, **flags: object) -> np.ndarray:
    experiment = presets.experiment("li", n_probes=40, **flags)
    return probing_set(experiment, dataset, split(experiment, len(dataset.labels)))


def test_usual_probes_are_reserved_samples() -> None:
    experiment = presets.experiment("li", n_probes=40)
    splits = split(experiment, len(DIGITS.labels))
    np.testing.assert_array_equal(asked(), DIGITS.samples[splits.probes])
    noisy = split(presets.experiment("li", n_probes=40, probes="noise"), len(DIGITS.labels))
    for mine, theirs in ((splits.target, noisy.target), (splits.shadow, noisy.shadow)):
        np.testing.assert_array_equal(mine, theirs)


def test_noise_is_of_the_data_s_form_and_of_the_seed() -> None:
    noise = asked(probes="noise")
    assert noise.shape == (40, 8, 8, 1) and noise.dtype == np.uint8
    assert abs(noise.mean() - 127.5) < 5 and noise.min() < 5 and noise.max() > 250
    np.testing.assert_array_equal(noise, asked(probes="noise"))
    assert (noise != asked(probes="noise", seed=1)).any()
    rng = np.random.default_rng(0)
    vectors = Dataset(
        "own", rng.normal(7, 1, (300, 5)).astype(np.float32), np.arange(300, dtype=np.int32) % 3,
        ("a", "b", "c"),
    )  # fmt: skip
    noise = asked(vectors, probes="noise")
    low, high = vectors.bounds
    assert noise.dtype == np.float32 and (noise >= low).all() and (noise <= high).all()


def test_other_data(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 8, 8), dtype=np.uint8)
    labels = np.arange(50, dtype=np.int32) % 2
    save_npz(tmp_path / "other.npz", {"images": images, "labels": labels})
    save_npz(tmp_path / "few.npz", {"images": images[:20], "labels": labels[:20]})
    save_npz(tmp_path / "large.npz", {"images": np.zeros((50, 9, 9), np.uint8), "labels": labels})
    probes = asked(probes=str(tmp_path / "other.npz"))
    known = {image.tobytes() for image in images}
    assert len({one.tobytes() for one in probes} & known) == 40
    for name, words in (("few", "20 of shape"), ("large", r"of shape \(9, 9, 1\)")):
        with pytest.raises(UserError, match=words):
            asked(probes=str(tmp_path / f"{name}.npz"))
