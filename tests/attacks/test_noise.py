"""What generators begin with: normal noise, or codes of shadow samples of a label."""

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.attacks.autoencoder import build_decoder
from ulk_tf.attacks.gan_networks import transferred_generator
from ulk_tf.attacks.noise import CODES_OF_A_CLASS, NormalNoise, ShadowCodes

SEEDS = tf.constant([[1, 2], [3, 4]])


def _codes() -> tuple[np.ndarray, np.ndarray]:
    labels = np.array([0, 0, 0, 2, 2])
    # A code says its label and its number.
    return np.stack([labels, np.arange(5)], -1).astype(np.float32), labels


def test_normal_noise_is_normal_and_follows_its_seed() -> None:
    noise = NormalNoise(7)
    drawn = noise(SEEDS, samples=500, labels=None).numpy()
    assert drawn.shape == (2, 500, 7)
    assert abs(drawn.mean()) < 0.05
    assert abs(drawn.std() - 1) < 0.05
    alone = noise(SEEDS[1:], samples=500, labels=None).numpy()
    np.testing.assert_array_equal(drawn[1], alone[0])
    assert not np.allclose(drawn[0], drawn[1])


def test_codes_have_the_label_that_is_asked_for() -> None:
    codes, labels = _codes()
    noise = ShadowCodes(codes, labels, seed=0)
    assert noise.table.shape == (3, CODES_OF_A_CLASS, 2)
    wanted = np.random.default_rng(0).choice([0, 2], (2, 400))
    drawn = noise(SEEDS, samples=400, labels=tf.one_hot(wanted, 3)).numpy()
    np.testing.assert_array_equal(drawn[..., 0], wanted)
    assert set(drawn[wanted == 0][:, 1]) == {0, 1, 2}
    assert set(drawn[wanted == 2][:, 1]) == {3, 4}


def test_a_class_without_samples_and_no_labels_draw_from_all() -> None:
    codes, labels = _codes()
    missing = tf.one_hot(tf.ones((2, 400), tf.int32), 3)
    drawn = ShadowCodes(codes, labels, seed=0)(SEEDS, samples=400, labels=missing).numpy()
    assert set(drawn[..., 1].ravel()) == {0, 1, 2, 3, 4}
    # A last class of which there is none.
    last = ShadowCodes(codes, labels, seed=0, classes=5)
    drawn = last(SEEDS, samples=400, labels=tf.one_hot(4 * tf.ones((2, 400), tf.int32), 5)).numpy()
    assert set(drawn[..., 1].ravel()) == {0, 1, 2, 3, 4}
    np.testing.assert_array_equal(last.table[:3], ShadowCodes(codes, labels, seed=0).table)
    everything = ShadowCodes(codes, np.zeros(5, int), seed=0)
    drawn = everything(SEEDS, samples=400, labels=None).numpy()
    assert set(drawn[..., 1].ravel()) == {0, 1, 2, 3, 4}


def test_codes_are_kept_with_the_model_and_never_trained() -> None:
    codes, labels = _codes()
    noise = ShadowCodes(codes, labels, seed=0)
    assert not noise.trainable_variables
    assert len(noise.non_trainable_variables) == 1


def test_a_transferred_generator_begins_by_decoding_the_codes_themselves() -> None:
    decoder = build_decoder(6, (8, 8, 1), seed=0, convolves=True)
    generator = transferred_generator(decoder, inputs=6 + 4, scale=3.0, width=16, seed=0)
    rng = np.random.default_rng(0)
    codes, beside = rng.normal(size=(5, 6)), rng.normal(size=(5, 4))
    inputs = np.concatenate([codes, beside], -1).astype(np.float32)
    samples = keras.ops.convert_to_numpy(generator(inputs))
    expected = np.asarray(decoder(codes.astype(np.float32))).reshape(5, -1)
    np.testing.assert_allclose(samples, expected, atol=1e-6)
