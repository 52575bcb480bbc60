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


def test_noisy_probes_are_near_the_usual_ones_and_of_the_seed() -> None:
    noisy, usual = asked(probe_noise=0.1), asked()
    apart = noisy.astype(int) - usual
    inside = (usual > 100) & (usual < 155)
    assert noisy.dtype == np.uint8 and abs(apart[inside].std() - 25.5) < 3
    np.testing.assert_array_equal(noisy, asked(probe_noise=0.1))
    assert (noisy != asked(probe_noise=0.1, seed=1)).any()
    np.testing.assert_array_equal(usual, asked(probe_noise=0.0))


def test_shifted_probes_are_the_usual_ones_some_pixels_on() -> None:
    shifted, usual = asked(probe_shift=1), asked()
    inner = shifted[:, 1:-1, 1:-1]
    found: set[tuple[int, ...]] = set()
    for mine, whole in zip(inner, usual, strict=True):
        moves = {(y, x) for y, x in np.ndindex(3, 3) if (mine == whole[y : y + 6, x : x + 6]).all()}
        assert moves
        found |= moves
    assert [{move[axis] for move in found} for axis in (0, 1)] == [{0, 1, 2}] * 2


def test_copies_of_a_probe_are_changed_each_in_another_way() -> None:
    copies, usual = asked(probe_noise=0.01, probe_copies=4), asked()
    assert len(copies) == 40
    for place, copy in enumerate(copies):
        near = np.abs(usual.astype(int) - copy).mean((1, 2, 3)).argmin()
        assert near == place // 4
    assert len({one.tobytes() for one in copies}) == 40
    with pytest.raises(UserError, match="that divide the 40 probes"):
        asked(probe_noise=0.01, probe_copies=3)


def test_changes_that_mean_nothing() -> None:
    vectors = Dataset(
        "own", np.ones((300, 5), np.float32), np.arange(300, dtype=np.int32) % 3, ("a", "b", "c")
    )
    with pytest.raises(UserError, match="no --probe_shift for samples that are vectors"):
        asked(vectors, probe_shift=1)
    for flags, words in (
        ({"probe_copies": 2}, "--probe_noise or --probe_shift with --probe_copies"),
        ({"probe_copies": 2, "probe_noise": 0.1, "probes": "chosen"}, "no --probe_copies with"),
        ({"probe_noise": 1.5}, "--probe_noise to be at most 1"),
        ({"probe_shift": -1}, "--probe_shift to be at least 0"),
    ):
        with pytest.raises(UserError, match=words):
            presets.experiment("li", **flags)
