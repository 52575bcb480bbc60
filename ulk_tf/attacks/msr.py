"""A_MSR: all samples of an updating set, by BM-GAN and clustering (paper: section on A_MSR)."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ulk_tf.attacks import gan_networks
from ulk_tf.attacks.adam import OneKernelAdam
from ulk_tf.attacks.adversary import adversary_data
from ulk_tf.attacks.autoencoder import Autoencoder
from ulk_tf.attacks.bm_gan import BMGAN
from ulk_tf.attacks.clustering import principal_directions
from ulk_tf.attacks.devices import answer_in_float32, in_step, policy_of, precision, strategy
from ulk_tf.attacks.encoder import build_encoder
from ulk_tf.attacks.fit import Fitted, Schedule, at_once, fit
from ulk_tf.attacks.gan_parts import train_parts
from ulk_tf.attacks.noise import NormalNoise, ShadowCodes
from ulk_tf.attacks.reconstruction import Clustering, reconstruct_sets, shaped
from ulk_tf.attacks.signature import Signature, Trained, TrainedAttack, pair_specs
from ulk_tf.corpus.build import Corpus
from ulk_tf.corpus.pipeline import learning_batches, updating_sets
from ulk_tf.files import Array
from ulk_tf.settings.attack_configs import MsrConfig

# Samples of the updating sets in one training step, and the most sets.
SAMPLES_IN_STEP, MOST_SETS = 400, 64
# Held-out updates, at most, whose loss an epoch is judged by; epochs are compared on the same
# updates with the same noise.
VALIDATED = 400
# Shadow samples whose principal directions clustering works in, and the seed of their choice.
DIRECTIONS_FROM, DIRECTIONS_SEED = 4000, 0


def train_msr(config: MsrConfig, corpus: Corpus, seed: int, folder: Path) -> Trained:
    """Train A_MSR on shadow updates.

    Args:
        config: settings of the attack.
        corpus: shadow updates are learned from, held-out ones stop the training.
        seed: seed of weights, noise and order.
        folder: folder of the run, for logs and for the state of the training.

    Returns:
        The attack with signatures `serving_default` (clustered) and `raw_samples`.
    """
    with precision(config.precision), strategy(sets_in_step(config, corpus)).scope():
        labels, autoencoder = train_parts(config, corpus, seed, folder)
        gan = build_gan(config, corpus, seed, labels, autoencoder)
    fitted = _fit(gan, config, corpus, seed, folder)
    answer_in_float32(gan.encoder, gan.generator)
    attack = wrap(gan, config, corpus, _directions(corpus))
    return Trained(attack, fitted.curves, reused=autoencoder.found if autoencoder else "")


def sets_in_step(config: MsrConfig, corpus: Corpus) -> int:
    """Updating sets in one training step: a step costs the same for any size of a set."""
    set_size = corpus.updates["shadow"].indices.shape[1]
    return config.sets_per_step or min(max(SAMPLES_IN_STEP // set_size, 1), MOST_SETS)


def build_gan(
    config: MsrConfig,
    corpus: Corpus,
    seed: int,
    labels: keras.Model | None,
    autoencoder: Autoencoder | None,
) -> BMGAN:
    """Build BM-GAN.

    Args:
        config: settings of the attack.
        corpus: defines the shapes, and the codes of shadow samples.
        seed: seed of weights and noise.
        labels: the trained estimator of the label distribution; None: the generator reads none.
        autoencoder: the generator starts from its decoder; None: from random weights.
    """
    dataset, shadow = adversary_data(corpus), corpus.updates["shadow"]
    trunk = build_encoder(shadow, config.feature_map, config.hidden, config.dropout, seed)
    initialiser = keras.initializers.GlorotUniform(seed=seed + 20)
    code = layers.Dense(config.code_dim, "tanh", kernel_initializer=initialiser)(
        layers.Flatten()(trunk.output)
    )
    encoder = keras.Model(trunk.input, code, name="code")
    noise, generator = _generator(config, corpus, seed, autoencoder)
    return BMGAN(
        encoder=encoder,
        generator=generator,
        discriminator=gan_networks.discriminator(
            dataset.sample_shape, config.generator_width, seed + 40
        ),
        labels=labels,
        noise=noise,
        generated=config.samples_per_set or corpus.updates["shadow"].indices.shape[1],
        adversarial_weight=config.adversarial_weight,
        seed=seed,
        set_loss=config.set_loss,
    )


def _generator(
    config: MsrConfig, corpus: Corpus, seed: int, autoencoder: Autoencoder | None
) -> tuple[NormalNoise | ShadowCodes, keras.Model]:
    """The noise that samples are made from, and the generator that makes them."""
    dataset, shadow = adversary_data(corpus), corpus.splits.shadow
    shape, width = dataset.sample_shape, config.generator_width
    beside = config.code_dim + (dataset.classes if config.labels else 0)
    if autoencoder is None:
        build = gan_networks.GENERATORS[gan_networks.choose(config.generator, shape)]
        return NormalNoise(config.noise_dim), build(
            config.noise_dim + beside, shape, width, seed + 30
        )
    codes = autoencoder.codes(dataset.scaled(shadow))
    labels = dataset.labels[shadow] if config.labels else np.zeros(len(shadow), np.int32)
    classes = dataset.classes if config.labels else 1
    return ShadowCodes(codes, labels, seed, classes), gan_networks.transferred_generator(
        autoencoder.own_decoder(), config.noise_dim + beside, float(codes.std()), width, seed + 30
    )


def _fit(gan: BMGAN, config: MsrConfig, corpus: Corpus, seed: int, home: Path) -> Fitted:
    dataset = adversary_data(corpus)
    learning = learning_batches(
        some_held_out(corpus),
        lambda updates: updating_sets(dataset, updates),
        sets_in_step(config, corpus),
        seed,
        drop_remainder=True,
    )
    steps = min(config.epoch_steps or learning.steps, learning.steps)
    rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate, config.epochs * steps, alpha=0.02
    )
    shared = gan.distribute_strategy
    with shared.scope():
        in_call = 1 if in_step() else at_once(steps)
        gan.compile(
            g_optimizer=OneKernelAdam(rate, beta_1=0.5),
            d_optimizer=OneKernelAdam(config.discriminator_learning_rate, beta_1=0.5),
            jit_compile=False,
            steps_per_execution=in_call,
        )
    optimizers = [gan.g_optimizer, gan.d_optimizer]
    schedule = Schedule(
        "training msr", config.epochs, steps, f"val_{config.set_loss}", config.patience
    )
    schedule = schedule.at(home, "msr", corpus, config, seed, policy_of(config.precision))
    return fit(gan, optimizers, learning.shadow, learning.validation, schedule)


def _directions(corpus: Corpus) -> Array | None:
    """Directions in which clustering works, from some shadow samples."""
    rows = np.random.default_rng(DIRECTIONS_SEED).permutation(corpus.splits.shadow)
    some = adversary_data(corpus).scaled(rows[:DIRECTIONS_FROM])
    return principal_directions(some.reshape(len(some), -1))


def some_held_out(corpus: Corpus) -> Corpus:
    """Keep at most `VALIDATED` held-out shadow updates of a corpus, evenly from all their bases."""
    held_out = corpus.updates["validation"]
    count = min(len(held_out), VALIDATED)
    rows = np.arange(count) * len(held_out) // count
    return replace(corpus, updates={**corpus.updates, "validation": held_out.take(rows)})


def wrap(gan: BMGAN, config: MsrConfig, corpus: Corpus, directions: Array | None) -> TrainedAttack:
    """Wrap BM-GAN and clustering as an attack that can be run and exported."""
    shape = corpus.dataset.sample_shape
    k = corpus.updates["shadow"].indices.shape[1]
    specs = pair_specs(*corpus.updates["shadow"].after.shape[1:])
    specs["seeds"] = tf.TensorSpec((None, 2), tf.int32, name="seeds")
    return TrainedAttack(
        "msr",
        (gan,),
        {
            "serving_default": Signature(
                lambda before, after, seeds: reconstruct_sets(
                    gan,
                    {"before": before, "after": after},
                    seeds,
                    k,
                    shape,
                    Clustering(config.clustering, config.cluster_samples, directions),
                ),
                specs,
            ),
            "raw_samples": Signature(
                lambda before, after, seeds: {
                    "raw_samples": shaped(
                        gan.generate({"before": before, "after": after}, k, seeds), shape
                    )
                },
                specs,
            ),
        },
    )
