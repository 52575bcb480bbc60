"""BM-GAN of the package over random posteriors and sets, to be timed beside its PyTorch twin."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.adam import OneKernelAdam
from ulk_tf.attacks.bm_gan import BMGAN
from ulk_tf.attacks.devices import precision
from ulk_tf.attacks.gan_parts import train_parts
from ulk_tf.attacks.msr import build_gan, sets_in_step
from ulk_tf.corpus.build import Corpus, Updates
from ulk_tf.corpus.pipeline import shuffled, updating_sets
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import split
from ulk_tf.settings import presets
from ulk_tf.settings.attack_configs import MsrConfig

CLASSES = 10


def paper_config(**changes: object) -> MsrConfig:
    """Return the settings of the paper's BM-GAN, with changes."""
    config = presets.experiment("msr", "paper", dataset="mnist").attack
    assert isinstance(config, MsrConfig)
    return replace(config, **changes)


def random_corpus(updates: int, set_size: int, probes: int = 100, side: int = 28) -> Corpus:
    """Make a corpus of random images and posteriors; training time does not depend on values."""
    rng = np.random.default_rng(0)
    experiment = presets.experiment("msr", "default", dataset="digits")
    samples = rng.integers(0, 256, (2000, side, side, 1), np.uint8)
    labels = rng.integers(0, CLASSES, len(samples)).astype(np.int32)
    dataset = Dataset("random", samples, labels, tuple("0123456789"))
    posteriors = rng.dirichlet(np.ones(CLASSES), (updates + 1, probes)).astype(np.float32)
    indices = rng.integers(0, len(samples), (updates, set_size)).astype(np.int32)
    shadow = Updates(np.zeros(updates, np.int32), posteriors[:1], posteriors[1:], indices)
    splits = split(experiment, len(samples))
    probing_set = samples[splits.probes]
    return Corpus("random", dataset, dataset, splits, probing_set, {}, {"shadow": shadow})


def compiled(config: MsrConfig, corpus: Corpus, steps: int = 8) -> BMGAN:
    """Build and compile BM-GAN as the attack's training does.

    Args:
        config: config of the attack.
        corpus: defines the shapes.
        steps: training steps in one call of the graph.
    """
    with precision(config.precision):
        gan = build_gan(config, corpus, 0, *train_parts(config, corpus, 0, Path()))
    gan.compile(
        g_optimizer=OneKernelAdam(config.learning_rate, beta_1=0.5),
        d_optimizer=OneKernelAdam(config.discriminator_learning_rate, beta_1=0.5),
        jit_compile=False,
        steps_per_execution=steps,
    )
    return gan


def training_batches(config: MsrConfig, corpus: Corpus) -> tf.data.Dataset:
    """Make the attack's endless data set of training batches."""
    shadow = corpus.updates["shadow"]
    truth = updating_sets(corpus.dataset, shadow)
    return shuffled(shadow, truth, sets_in_step(config, corpus), 0, drop_remainder=True)
