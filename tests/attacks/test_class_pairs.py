"""Matrices of classes against slow versions, and what they are made for."""

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.attacks.class_pairs import RIDGE, class_pairs, values_of_a_class

UPDATES, PROBES, CLASSES = 3, 30, 4


@pytest.fixture(name="seen")
def _seen() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(UPDATES, PROBES, CLASSES))
    logits -= logits.mean(-1, keepdims=True)
    posteriors = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    difference = rng.normal(scale=1e-4, size=logits.shape)
    return posteriors, logits, difference - difference.mean(-1, keepdims=True)


def _ask(*parts: np.ndarray) -> np.ndarray:
    return class_pairs(*(tf.constant(part, tf.float32) for part in parts)).numpy()


def _matrices(found: np.ndarray) -> list[np.ndarray]:
    """Both matrices from what classes see of them: the first values are a class' column."""
    half = found.shape[-1] // 2
    return [found[..., start : start + CLASSES].transpose(0, 2, 1) for start in (0, half)]


def test_they_equal_a_slow_version(seen) -> None:
    found = _ask(*seen)
    assert found.shape == (UPDATES, CLASSES, values_of_a_class(CLASSES))
    for u, (posteriors, logits, difference) in enumerate(zip(*seen, strict=True)):
        # A ridge is least squares with rows added.
        height = RIDGE * (posteriors**2).sum() / CLASSES
        rows = np.vstack([posteriors, height**0.5 * np.eye(CLASSES)])
        aims = np.vstack([difference, np.zeros((CLASSES, CLASSES))])
        regressed = np.linalg.lstsq(rows, aims, rcond=None)[0]
        covariance = logits.T @ logits / PROBES
        ridge = RIDGE * np.trace(covariance) / CLASSES * np.eye(CLASSES)
        whitened = np.linalg.solve(covariance + ridge, difference.T).T
        whitened -= whitened.mean(1, keepdims=True)
        means = [np.average(whitened, axis=0, weights=posteriors[:, k]) for k in range(CLASSES)]
        for number, matrix in enumerate((regressed, np.array(means))):
            scaled = matrix / np.sqrt((matrix**2).mean())
            for c in range(CLASSES):
                own = [*scaled[:, c], *scaled[c], scaled[c, c]]
                expected = [*own, *np.arcsinh(3 * np.array(own))]
                part = slice(number * len(expected), (number + 1) * len(expected))
                np.testing.assert_allclose(found[u, c, part], expected, rtol=2e-3, atol=2e-3)


def test_they_do_not_depend_on_the_size_of_an_update(seen) -> None:
    posteriors, logits, difference = seen
    np.testing.assert_allclose(_ask(*seen), _ask(posteriors, logits, 1e4 * difference), atol=1e-3)


def test_they_tell_which_class_moved_on_which_probes() -> None:
    sure = np.eye(CLASSES)[np.arange(PROBES) % CLASSES] * 0.96 + 0.01
    logits = np.log(sure) - np.log(sure).mean(-1, keepdims=True)
    difference = np.zeros_like(sure)
    difference[np.arange(PROBES) % CLASSES == 2, 1] = 1
    difference -= difference.mean(-1, keepdims=True)
    for matrix in _matrices(_ask(sure[None], logits[None], difference[None])):
        assert np.unravel_index(np.abs(matrix[0]).argmax(), (CLASSES, CLASSES)) == (2, 1)


def test_they_do_not_depend_on_the_order_of_probes(seen) -> None:
    order = np.random.default_rng(1).permutation(PROBES)
    moved = _ask(*(part[:, order] for part in seen))
    np.testing.assert_allclose(moved, _ask(*seen), rtol=2e-3, atol=2e-3)


def test_they_survive_posteriors_that_say_nothing() -> None:
    even = np.full((1, PROBES, CLASSES), 1 / CLASSES)
    nothing = np.zeros_like(even)
    assert np.isfinite(_ask(even, nothing, nothing)).all()
    assert np.isfinite(_ask(even, nothing, nothing + 1e-6)).all()
    certain = np.zeros_like(even)
    certain[..., 0] = 1
    assert np.isfinite(_ask(certain, nothing, nothing)).all()
