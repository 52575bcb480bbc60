"""Feature maps against slow NumPy versions, and the encoder that all attacks share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.attacks.class_pairs import class_pairs
from ulk_tf.attacks.encoder import build_encoder
from ulk_tf.attacks.features import Features, fit_features, unscaled
from ulk_tf.attacks.logarithms import FLOOR, logits
from ulk_tf.errors import UserError

FLAT = ["difference", "log_difference", "centred", "normalised", "pair", "published"]
BY_CLASS = ["by_class", "class_pairs"]
LABEL_ATTACKS = [*FLAT, *BY_CLASS]


@pytest.fixture(name="posteriors")
def _posteriors() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    before, after = rng.dirichlet(np.full(4, 0.3), (2, 6, 5)).astype(np.float32)
    before[0, 0] = [1, 0, 0, 0]
    return before, after


def _slow(kind: str, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    log_before = np.log(np.maximum(before, FLOOR).astype(np.float64))
    log_after = np.log(np.maximum(after, FLOOR).astype(np.float64))

    def centre(values: np.ndarray) -> np.ndarray:
        return values - values.mean(-1, keepdims=True)

    table = {
        "difference": before - after,
        "published": before - after,
        "log_difference": log_before - log_after,
        "centred": centre(log_before - log_after),
        "pair": np.concatenate([centre(log_before), centre(log_after)], -1),
    }
    table["normalised"] = table["centred"]
    return table[kind].reshape(len(before), -1)


def _slow_by_class(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Value by value, as it is described."""
    updates, probes, classes = before.shape
    difference = _slow("centred", before, after).reshape(before.shape)
    logs = np.log(np.maximum(before, FLOOR).astype(np.float64))
    logits = logs - logs.mean(-1, keepdims=True)
    norms = np.log([np.linalg.norm(one) for one in difference])
    found = []
    for u in range(updates):
        own = [np.linalg.norm(difference[u, p]) for p in range(probes)]
        row = []
        for c in range(classes):
            row += [difference[u, p, c] / own[p] for p in range(probes)]
            row += [logits[u, p, c] / logits.std() for p in range(probes)]
        size = np.linalg.norm(difference[u]) / probes**0.5
        row += [np.log(own[p] / size) / 3 for p in range(probes)]
        found.append([*row, (norms[u] - norms.mean()) / norms.std()])
    return np.array(found)


def _parts(layer: Features, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of each class, and those of all classes."""
    found = layer(before, after).numpy()
    assert layer.compute_output_shape(before.shape, after.shape) == found.shape
    classes = before.shape[-1]
    of_a_class, of_all = layer.widths(before.shape[1], classes)
    assert found.shape[1] == classes * of_a_class + of_all
    own = found[:, : classes * of_a_class].reshape(len(found), classes, of_a_class)
    return own, found[:, classes * of_a_class :]


def test_features_by_class_equal_a_slow_version(posteriors: tuple) -> None:
    layer = fit_features("by_class", *posteriors)
    found = layer(*posteriors).numpy()
    np.testing.assert_allclose(found, _slow_by_class(*posteriors), rtol=2e-4, atol=2e-4)
    assert layer.compute_output_shape(*(part.shape for part in posteriors)) == found.shape


def test_class_pairs_come_after_the_features_by_class(posteriors: tuple) -> None:
    plain, more = (_parts(fit_features(kind, *posteriors), *posteriors) for kind in BY_CLASS)
    width = plain[0].shape[-1]
    np.testing.assert_array_equal(more[0][..., :width], plain[0])
    np.testing.assert_array_equal(more[1], plain[1])
    before = tf.constant(posteriors[0])
    pairs = class_pairs(before, logits(before), unscaled("centred", *posteriors)).numpy()
    np.testing.assert_array_equal(more[0][..., width:], pairs)


def test_class_pairs_read_a_hundred_of_many_probes_singly_and_all_together() -> None:
    rng = np.random.default_rng(2)
    before, after = rng.dirichlet(np.full(3, 0.3), (2, 4, 250)).astype(np.float32)
    own, of_all = _parts(Features("class_pairs", log_norm=(1.0, 2.0)), before, after)
    places = (np.arange(100) * 2.5).astype(int)
    few = _parts(Features("by_class", log_norm=(1.0, 2.0)), before[:, places], after[:, places])
    np.testing.assert_allclose(own[..., :200], few[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(of_all[:, :100], few[1][:, :100], rtol=1e-4, atol=1e-5)
    norms = np.linalg.norm(_slow("centred", before, after), axis=-1)
    np.testing.assert_allclose(of_all[:, 100], (np.log(norms) - 1) / 2, rtol=1e-4)
    pairs = class_pairs(
        tf.constant(before), logits(tf.constant(before)), unscaled("centred", before, after)
    )
    np.testing.assert_array_equal(own[..., 200:], pairs.numpy())


@pytest.mark.parametrize("kind", FLAT)
def test_features_equal_a_slow_version(kind: str, posteriors: tuple) -> None:
    before, after = posteriors
    layer = fit_features(kind, before, after)
    found = layer(before, after).numpy()
    expected = _slow(kind, before, after)
    if kind == "normalised":
        norm = np.linalg.norm(expected, axis=-1, keepdims=True)
        logs = np.log(norm)
        expected = np.concatenate(
            [expected * expected.shape[1] ** 0.5 / norm, (logs - logs.mean()) / logs.std()], -1
        )
    elif kind != "published":
        expected = expected / expected.std()
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)
    assert layer.compute_output_shape(before.shape, after.shape) == found.shape


@pytest.mark.parametrize("kind", LABEL_ATTACKS)
def test_features_survive_equal_and_certain_posteriors(kind: str) -> None:
    certain = np.tile(np.float32([1, 0, 0]), (2, 4, 1))
    found = Features(kind)(certain, certain).numpy()
    assert np.isfinite(found).all()


def test_features_keep_their_constants_through_a_config() -> None:
    layer = Features("normalised", scale=3.0, log_norm=(1.0, 2.0))
    again = Features.from_config(layer.get_config())
    assert (again.kind, again.scale, again.log_norm) == ("normalised", 3.0, (1.0, 2.0))


def test_normalised_features_do_not_depend_on_the_size_of_an_update() -> None:
    rng = np.random.default_rng(1)
    logits, step = rng.normal(size=(2, 1, 5, 4)).astype(np.float32)
    before = tf.nn.softmax(logits)
    layer = Features("normalised")
    small, large = (layer(before, tf.nn.softmax(logits + s * step)).numpy() for s in (0.01, 1.0))
    np.testing.assert_allclose(small[:, :-1], large[:, :-1], atol=2e-3)
    assert large[0, -1] - small[0, -1] == pytest.approx(np.log(100), rel=1e-3)


def test_encoder_has_the_shape_and_the_seed_it_is_given(single_corpus) -> None:
    shadow = single_corpus.updates["shadow"]
    first, again, other = (build_encoder(shadow, "normalised", 32, 0.1, seed) for seed in (1, 1, 2))
    pair = {"before": shadow.before[shadow.base[:3]], "after": shadow.after[:3]}
    assert first(pair).shape == (3, 16)
    np.testing.assert_array_equal(first(pair), again(pair))
    assert not np.allclose(first(pair), other(pair))
    assert isinstance(first.get_layer("features"), Features)
    assert isinstance(first, keras.Model)


def test_an_encoder_by_class_knows_no_class_from_another(single_corpus) -> None:
    shadow = single_corpus.updates["shadow"]
    encoder = build_encoder(shadow, "by_class", 32, 0.1, 1)
    before, after = shadow.before[shadow.base[:3]], shadow.after[:3]
    classes = before.shape[-1]
    codes = np.asarray(encoder({"before": before, "after": after}))
    assert codes.shape == (3, classes, 8)
    assert np.abs(codes - codes[:, :1]).max() > 1e-3
    order = np.random.default_rng(0).permutation(classes)
    moved = encoder({"before": before[..., order], "after": after[..., order]})
    np.testing.assert_allclose(moved, codes[:, order], atol=1e-4)


def test_mixed_precision_does_not_round_posteriors() -> None:
    rng = np.random.default_rng(0)
    before = rng.dirichlet(np.ones(3), (2, 4)).astype(np.float32)
    after = before + 1e-5 * np.array([1, -1, 0], np.float32)
    exact = Features("difference")(before, after)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        mixed = Features("difference")(before, after)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert np.abs(exact).max() > 0
    np.testing.assert_array_equal(mixed, exact)


def test_updates_that_change_no_answer_are_nothing_to_learn_from(posteriors: tuple) -> None:
    before, _ = posteriors
    with pytest.raises(UserError, match=r"after which every answer \(exact posteriors\) is the"):
        fit_features("class_pairs", before, before)
