"""One sample changes a classifier, and the change gives away the label of that sample.

    python examples/updates_leak.py

The first attack of "Updates-Leak" (Salem et al., USENIX Security 2020, section 4.1), single-sample
label inference, as one file of plain Keras. It takes less than a minute and downloads nothing.

An owner serves a classifier of handwritten digits. One night he trains it on one more digit. An
adversary asked it about the same 100 images before and after that night, so she holds two tables of
posteriors, each of 100 rows and 10 classes. Which digit was it?

She cannot look into his classifier, but she can play the owner at home: she trains classifiers of
her own (shadow models), updates each of them with one digit, hundreds of times over, and trains a
network that names the digit from the two tables. Then she shows it the tables of his classifier
(the target model), which no part of her training has seen.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

PROBES, CLASSES = 100, 10
BASE_SAMPLES = 400  # digits that a classifier is trained on before it is served
UPDATE_RATE = 0.05  # learning rate of the single step that is an update
tf.get_logger().setLevel("ERROR")  # else it complains that each classifier is traced anew


def split(rng):
    """Deal out 1,797 digits of 8x8 pixels to three purposes that share none of them."""
    digits = load_digits()
    images = (digits.data / 8 - 1).astype(np.float32)  # 0 to 16 becomes -1 to 1
    parts = np.split(rng.permutation(len(images)), [PROBES, PROBES + 1000])
    return [(images[part], digits.target[part]) for part in parts]


def train_base(images, labels):
    """Train a small classifier, as the owner does, and the adversary like him."""
    layers = [keras.layers.Dense(64, activation="tanh") for _ in range(2)]
    model = keras.Sequential([keras.Input((64,)), *layers, keras.layers.Dense(CLASSES, "softmax")])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    model.fit(images, labels, batch_size=32, epochs=30, verbose=0)
    return model


def query_after_each_update(model, images, labels, probes):
    """Update a classifier with each sample alone, and query each version that results.

    Every update starts from the same weights and is one step of gradient descent on one sample. No
    version depends on another, so `vectorized_map` computes all of them side by side.

    Returns: posteriors [updates, probes, classes].
    """

    def update_and_query(sample):
        image, label = sample
        with tf.GradientTape() as tape:
            posterior = model(image[tf.newaxis])
            loss = keras.losses.sparse_categorical_crossentropy(label[tf.newaxis], posterior)
        gradients = tape.gradient(loss, model.trainable_variables)
        pairs = zip(model.trainable_variables, gradients, strict=True)
        weights = [weight - UPDATE_RATE * gradient for weight, gradient in pairs]
        return model.stateless_call(weights, [], probes)[0]  # the model itself stays as it is

    return tf.vectorized_map(update_and_query, (images, labels)).numpy()


def log_change(before, after):
    """Tell how far each log posterior moved, beside the mean of its row [updates, probes, classes].

    Posteriors close to 0 or 1 hardly move, their logarithms do. A row's mean is taken away because
    it only says how the other classes made room: softmax forgets what is added to all of them.
    """
    change = np.log(np.maximum(after, 1e-7)) - np.log(np.maximum(before, 1e-7))
    return change - change.mean(axis=-1, keepdims=True)


def features(change):
    """Turn a change into the attack's input: its direction, and its length as one more number.

    A sample that the classifier had wrong moves it thousands of times as far as one it knew.
    Divided by its own norm, every update is as loud as any other; how loud it was, the last input
    remembers.
    """
    flat = change.reshape(len(change), -1)
    norm = np.linalg.norm(flat, axis=1, keepdims=True) + 1e-7
    return np.hstack([flat / norm * np.sqrt(flat.shape[1]), np.log(norm)])


def observe(samples, probes, bases, updates, rng):
    """Train `bases` classifiers of one side and watch up to `updates` updates of each of them.

    Returns: for each classifier the changes that its updates made, and their true labels.
    """
    images, labels = samples
    for _ in range(bases):
        order = rng.permutation(len(images))
        base, new = order[:BASE_SAMPLES], order[BASE_SAMPLES:][:updates]
        model = train_base(images[base], labels[base])
        before = model(probes).numpy()
        after = query_after_each_update(model, images[new], labels[new], probes)
        yield log_change(before, after), labels[new]


def train_attack(changes, labels):
    """Train the network that names the label from the change."""
    inputs = features(changes)
    hidden = [keras.layers.Dense(256, activation="relu"), keras.layers.Dropout(0.3)]
    attack = keras.Sequential(
        [keras.Input(inputs.shape[1:]), *hidden, keras.layers.Dense(CLASSES, "softmax")]
    )
    attack.compile("adam", "sparse_categorical_crossentropy")
    attack.fit(inputs, labels, batch_size=64, epochs=20, verbose=0)
    return lambda seen: attack.predict(features(seen), verbose=0).argmax(axis=-1)


def main(bases=10, targets=3, updates=600, seed=0):
    """Play both sides, then hold the attack's answers against the truth and against guessing.

    Args:
        bases: shadow classifiers that the adversary trains.
        targets: classifiers of the owner's; a single one could be an easy one.
        updates: of each classifier, at most; there are 600 digits for it here, 297 there.
        seed: decides everything that is drawn.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    (probes, _), adversary, owner = split(rng)
    print(f"Training {bases} shadow and {targets} target classifiers, and updating each of them.")
    shadow = list(observe(adversary, probes, bases, updates, rng))
    target = list(observe(owner, probes, targets, updates, rng))

    changes, labels = (np.concatenate(column) for column in zip(*shadow, strict=True))
    attack = train_attack(changes, labels)
    commonest = np.bincount(labels).argmax()
    answers = {
        "the attack": attack,
        # The attack leaks only what it knows beyond the next two. The first is the shuffled
        # ablation: the same network is shown what another update of the same classifier changed.
        "the attack, shown another update": lambda seen: attack(np.roll(seen, 1, axis=0)),
        "most frequent label, always": lambda seen: np.full(len(seen), commonest),
        # Why the attack works at all: in the last layer a sample's gradient is posterior minus
        # truth, so a step pushes its own class up and all others down, whatever was asked.
        "class that rose most, no training": lambda seen: seen.mean(axis=1).argmax(axis=-1),
    }
    print(f"Share of {sum(len(truth) for _, truth in target)} updates whose label is named:")
    for name, answer in answers.items():
        right = np.concatenate([answer(seen) == truth for seen, truth in target])
        print(f"  {name:34} {right.mean():.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(argument_default=argparse.SUPPRESS)
    for flag in ("bases", "targets", "updates", "seed"):
        parser.add_argument(f"--{flag}", type=int)
    main(**vars(parser.parse_args()))
