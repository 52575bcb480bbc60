"""Features of cut answers: a slow version, what was cut tells nothing, others do without them."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf import defences
from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import interpret
from ulk_tf.attacks import cut
from ulk_tf.attacks.encoder import FEATURES, build_encoder
from ulk_tf.attacks.features import Features, fit_features
from ulk_tf.attacks.logarithms import logits
from ulk_tf.chance import Chance
from ulk_tf.corpus.updates import Updates
from ulk_tf.files import Array

UPDATES, PROBES, CLASSES, KEPT = 3, 12, 6, 3
FLOOR = Form("top-k", kept=KEPT).floor
KINDS = ("by_class", "class_pairs")
Pair = tuple[Array, Array]


def exact(scale: float = 2.0) -> Pair:
    """Posteriors before and after updates of several sizes, the last of which changes nothing."""
    rng = np.random.default_rng(0)
    values = rng.normal(scale=scale, size=(UPDATES, PROBES, CLASSES))
    moved = values + rng.normal(scale=[[[1.0]], [[0.02]], [[0]]], size=values.shape)
    before, after = (np.exp(v) / np.exp(v).sum(-1, keepdims=True) for v in (values, moved))
    return before.astype(np.float32), after.astype(np.float32)


def seen(pair: Pair, kept: int = KEPT) -> Pair:
    """Posteriors as an attack is given them, after a service has cut them."""
    chain = defences.parse(f"top_k:{kept}")
    found = []
    for part in pair:
        answers = [chain(one, Chance(0, (0,), list(range(PROBES)))) for one in part]
        read = interpret(np.concatenate(answers).astype(np.float64), CLASSES)
        assert read.kind == "top-k"
        found.append(read.posteriors.reshape(part.shape))
    return found[0], found[1]


def shown(part: Array, kept: int = KEPT) -> Array:
    """True for the largest posteriors of each sample."""
    return np.argsort(np.argsort(-part, -1), -1) < kept


@pytest.mark.parametrize("scale", [2.0, 12.0])
def test_movements_equal_a_slow_version(scale: float) -> None:
    before, after = exact(scale)
    found = cut.movement(*map(tf.constant, seen((before, after))), FLOOR).numpy()
    both = shown(before) & shown(after)
    # Some classes are answered only once.
    assert (shown(before) != shown(after)).any()
    for place in np.ndindex(UPDATES, PROBES):
        own = both[place]
        moved = np.log(before[place][own].astype(float)) - np.log(after[place][own].astype(float))
        np.testing.assert_allclose(found[place][own], moved - moved.mean(), atol=1e-5)
        assert not found[place][~own].any()


def test_what_was_cut_may_be_anything() -> None:
    before, after = exact()
    other = after.copy()
    # Two classes that are cut both times exchange what they have.
    for place in np.ndindex(UPDATES, PROBES):
        (hidden,) = np.nonzero(~shown(before)[place] & ~shown(after)[place])
        if len(hidden) > 1:
            other[place][hidden[:2]] = other[place][hidden[1::-1]]
    assert np.abs(other - after).max() > 1e-3
    layer = fit_features("class_pairs", *seen((before, after)), Form("top-k", kept=KEPT))
    first, again = (layer(*seen((before, one))).numpy() for one in (after, other))
    np.testing.assert_allclose(first, again, atol=2e-3)


def test_the_rest_is_what_the_answers_leave_to_one() -> None:
    before, after = exact()
    singly = np.array([0, 5, 11])
    given = [tf.constant(one) for one in seen((before, after))]
    means, shared = (one.numpy() for one in cut.rest(*given, singly, FLOOR))
    left = [
        np.log(1 - np.where(shown(one), one, 0).sum(-1, dtype=np.float64))
        for one in (before, after)
    ]
    moved = left[1] - left[0]
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    relative = moved / np.maximum(length, 1e-9) * PROBES**0.5
    assert shared.shape == (UPDATES, 3 * cut.VALUES_OF_A_PROBE + 1)
    np.testing.assert_allclose(shared[:2, :3], relative[:2, singly], rtol=2e-3, atol=2e-4)
    np.testing.assert_allclose(shared[:, 3:6], left[0][:, singly] / 5, atol=1e-5)
    np.testing.assert_allclose(shared[:2, 6], np.log(length[:2, 0]) / 3, rtol=1e-3)
    weights = given[0].numpy()
    slow = np.einsum("upc,up->uc", weights, relative) / (weights.sum(1) + 1)
    np.testing.assert_allclose(means[:2, :, 0], slow[:2], rtol=5e-3, atol=5e-4)
    np.testing.assert_allclose(means[..., 1], np.arcsinh(3 * means[..., 0]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [1, KEPT, CLASSES - 1])
def test_a_layer_takes_answers_of_any_length(kind: str, kept: int) -> None:
    given = seen(exact(), kept)
    layer = fit_features(kind, *given, Form("top-k", kept=kept))
    found = layer(*given).numpy()
    assert np.isfinite(found).all()
    own, of_all = layer.widths(PROBES, CLASSES)
    assert found.shape == (UPDATES, CLASSES * own + of_all)
    assert layer.compute_output_shape(given[0].shape, given[1].shape) == (UPDATES, found.shape[1])
    again = Features.from_config(layer.get_config())
    np.testing.assert_array_equal(again(*given), found)
    assert np.abs(found[0] - found[1]).max() > 0.1


def test_logits_of_unsure_answers_are_clipped_at_the_least_that_was_answered() -> None:
    # Float32 sums do not tell what is left beside a posterior of nearly 1.
    values = np.array([[1 - 2e-9, 1.5e-9, 4e-10, 5e-11, 5e-11]], np.float32)
    rows = np.repeat(np.where(values > 3e-10, values, 0), 12, 0)
    found = interpret(rows.astype(np.float64), 5)
    answered, posteriors = cut.filled(tf.constant(found.posteriors), FLOOR)
    np.testing.assert_array_equal(answered.numpy(), rows > 0)
    assert posteriors.numpy()[0, 3] == np.float32(4e-10)
    assert logits(posteriors).numpy()[0, 1] > logits(posteriors).numpy()[0, 3]


@pytest.mark.parametrize("form", [Form(), Form("rounded", 0.01), Form("top-k", 0.01, kept=3)])
def test_other_answers_do_without(form: Form, tmp_path: Path) -> None:
    before, after = exact()
    base = np.arange(UPDATES, dtype=np.int32)
    updates = Updates(base, before, after, np.zeros((UPDATES, 1), np.int32), form=form)
    layer = build_encoder(updates, "class_pairs", 8, 0.0, 0).get_layer(FEATURES)
    assert not layer.top and "top" not in layer.get_config()
    cut_form = Form("top-k", kept=3)
    layer = build_encoder(updates, "normalised", 8, 0.0, 0).get_layer(FEATURES)
    assert not fit_features("normalised", before, after, cut_form).top
    assert fit_features("by_class", before, after, cut_form).top
