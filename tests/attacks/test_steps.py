"""Steps against a slow version, what they tell, and that exact answers do without them."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.answers.form import Form
from ulk_tf.attacks.encoder import FEATURES, build_encoder
from ulk_tf.attacks.features import Features, fit_features
from ulk_tf.attacks.logarithms import logits
from ulk_tf.attacks.steps import by_steps, step_pairs, tell_less_than_logarithms, values_of_steps

UPDATES, PROBES, CLASSES, STEP = 3, 12, 4, 0.01
ROUNDED = Form("rounded", step=STEP)
KINDS = ("by_class", "class_pairs")


@pytest.fixture(name="seen")
def _seen() -> tuple[np.ndarray, np.ndarray]:
    """Rounded posteriors before and after small updates, some of which change nothing."""
    rng = np.random.default_rng(0)
    values = rng.normal(scale=2, size=(UPDATES, PROBES, CLASSES))
    moved = values + rng.normal(scale=[[[0.3]], [[0.02]], [[0]]], size=values.shape)
    before, after = (np.exp(v) / np.exp(v).sum(-1, keepdims=True) for v in (values, moved))
    return before.round(2).astype(np.float32), after.round(2).astype(np.float32)


def _steps(seen: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    before, after = seen
    return np.rint((before.astype(np.float64) - after) / STEP)


def _beside(matrix: np.ndarray, c: int) -> list[float]:
    size = np.sqrt((matrix**2).mean())
    scaled = matrix / size if size else matrix
    own = [*scaled[:, c], *scaled[c], scaled[c, c]]
    return [*own, *np.arcsinh(3 * np.array(own))]


def test_they_equal_a_slow_version(seen: tuple[np.ndarray, np.ndarray]) -> None:
    before, steps = seen[0], _steps(seen)
    assert np.abs(steps).max() > 5
    assert not steps[-1].any()
    found = step_pairs(tf.constant(before), tf.constant(steps, tf.float32)).numpy()
    assert found.shape == (UPDATES, CLASSES, values_of_steps(CLASSES))
    for u in range(UPDATES):
        forms = (steps[u], np.arcsinh(steps[u]))
        matrices = [
            np.array([np.average(one, axis=0, weights=before[u, :, k]) for k in range(CLASSES)])
            for one in forms
        ]
        sums = [one.sum(0) for one in (*forms, np.sign(steps[u]))]
        for c in range(CLASSES):
            relative = [one[c] / (np.sqrt((one**2).mean()) or 1) for one in sums]
            expected = [
                *_beside(matrices[0], c),
                *_beside(matrices[1], c),
                *relative,
                *[np.arcsinh(one[c]) for one in sums],
            ]
            np.testing.assert_allclose(found[u, c], expected, rtol=1e-3, atol=1e-4)


def test_the_probes_own_values_are_compressed_steps(seen: tuple[np.ndarray, np.ndarray]) -> None:
    before, steps = seen[0], _steps(seen)
    own, of_all = by_steps(tf.constant(before), tf.constant(steps, tf.float32))
    np.testing.assert_allclose(own[:, 2, :PROBES], np.arcsinh(steps[..., 2]), rtol=1e-5)
    np.testing.assert_array_equal(own[:, 2, PROBES:], before[..., 2])
    np.testing.assert_allclose(
        of_all, np.arcsinh(np.linalg.norm(steps, axis=-1)), rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
def test_features_of_coarse_answers_hold_them(
    kind: str, seen: tuple[np.ndarray, np.ndarray]
) -> None:
    layer = fit_features(kind, *seen, ROUNDED)
    found = layer(*seen).numpy()
    assert layer.compute_output_shape(*(part.shape for part in seen)) == found.shape
    assert np.isfinite(found).all()
    of_a_class, of_all = layer.widths(PROBES, CLASSES)
    steps = tf.constant(_steps(seen), tf.float32)
    scaled = logits(tf.constant(np.maximum(seen[0], np.float32(STEP)))) / layer.scale
    own, shared = by_steps(scaled, steps)
    seen_own = found[:, : CLASSES * of_a_class].reshape(UPDATES, CLASSES, of_a_class)
    np.testing.assert_allclose(seen_own[..., : 2 * PROBES], own, atol=1e-4)
    np.testing.assert_allclose(found[:, -of_all:-1], shared, atol=1e-4)
    if kind == "class_pairs":
        pairs = step_pairs(tf.constant(seen[0]), steps)
        np.testing.assert_allclose(seen_own[..., -pairs.shape[-1] :], pairs, atol=1e-3)


def test_no_step_is_seen_below_half_of_one() -> None:
    before = np.full((1, 5, 2), 0.5, np.float32)
    steps = np.zeros((1, 5, 2), np.float32)
    steps[0, :, 0] = 0.3
    signs = step_pairs(tf.constant(before), tf.constant(steps)).numpy()[..., -1]
    np.testing.assert_array_equal(signs, np.zeros((1, 2)))


def test_an_export_computes_what_was_trained_on(
    seen: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    layer = fit_features("class_pairs", *seen, ROUNDED)
    module = tf.Module()
    module.call = tf.function(
        layer.__call__, input_signature=[tf.TensorSpec((None, *seen[0].shape[1:]))] * 2
    )
    tf.saved_model.save(module, str(tmp_path))
    found = tf.saved_model.load(str(tmp_path)).call(*map(tf.constant, seen))
    np.testing.assert_allclose(found, layer(*seen), rtol=1e-4, atol=1e-4)
    again = Features.from_config(layer.get_config())
    np.testing.assert_array_equal(again(*seen), layer(*seen))


def test_an_attack_on_coarse_answers_learns_from_steps(single_corpus) -> None:
    shadow = single_corpus.updates["shadow"]

    def rounded(decimals: int) -> keras.Model:
        form = Form("rounded", step=10.0**-decimals)
        parts = {"before": shadow.before.round(decimals), "after": shadow.after[:].round(decimals)}
        return build_encoder(replace(shadow, form=form, **parts), "class_pairs", 32, 0.1, 1)

    built = build_encoder(shadow, "class_pairs", 32, 0.1, 1), rounded(4), rounded(1)
    exact, fine, coarse = (encoder.get_layer(FEATURES) for encoder in built)
    assert (exact.rounding, fine.rounding, coarse.rounding) == (0, 0, 0.1)
    assert (exact.step, fine.step, coarse.step) == (0, 1e-4, 0.1)
    assert fine.output.shape == exact.output.shape
    more = coarse.output.shape[-1] - exact.output.shape[-1]
    classes = shadow.after.shape[-1]
    assert more == classes * values_of_steps(classes)


def test_logarithms_are_read_where_updates_move_most_answers() -> None:
    before = np.full((4, 5, 2), 0.5, np.float32)
    before[..., 1] = 0  # of answers that are 0 nothing is known
    for moving, share in ((12, 0.6), (11, 0.55)):
        after = before.copy()
        after[..., 0].reshape(-1)[:moving] -= STEP
        assert (np.abs(after - before)[..., 0] > 0).mean() == pytest.approx(share)
        less = tell_less_than_logarithms(before, after, STEP)
        layer = fit_features("class_pairs", before, after, ROUNDED)
        assert less == (share >= 0.6) == (layer.rounding == 0)
        assert layer.step == STEP
        assert np.isfinite(layer(before, after)).all()
        # Posteriors of cut classes are filled in: the rule was not measured on them.
        both = Form("top-k", step=STEP, kept=1)
        assert fit_features("class_pairs", before, after, both).rounding == STEP


def test_where_all_is_rounded_to_nothing_steps_are_counted() -> None:
    nothing = np.zeros((4, 5, 2), np.float32)
    assert not tell_less_than_logarithms(nothing, nothing, STEP)
