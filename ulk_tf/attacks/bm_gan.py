"""BM-GAN: a generative model with a best-match loss (paper: multi-sample reconstruction)."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ulk_tf.attacks.noise import NormalNoise, ShadowCodes
from ulk_tf.attacks.set_losses import SET_LOSSES
from ulk_tf.settings.attack_configs import SetLossName

Batch = tuple[dict[str, tf.Tensor], tf.Tensor]

# Samples that the generator makes at once for an answer; more only need more memory.
GENERATED_AT_ONCE = 2000


def spread_labels(distribution: tf.Tensor, samples: int, offsets: tf.Tensor) -> tf.Tensor:
    """Deal labels out to samples in proportion to a label distribution.

    Args:
        distribution: float32 [batch, classes].
        samples: number of samples for each.
        offsets: float32 [batch], in [0, 1): where on the grid of quantiles to begin.

    Returns:
        One-hot labels, float32 [batch, samples, classes].
    """
    grid = (tf.range(samples, dtype=tf.float32)[None] + offsets[:, None]) / samples
    ends = tf.cumsum(distribution, axis=-1)
    ends = ends / ends[:, -1:]
    labels = tf.reduce_sum(tf.cast(grid[..., None] >= ends[:, None], tf.int32), -1)
    classes = distribution.shape[-1]
    return tf.one_hot(tf.minimum(labels, classes - 1), classes)


def deal_labels(shares: tf.Tensor, samples: int, seeds: tf.Tensor) -> tf.Tensor:
    """The labels that samples are generated for, one-hot, float32 [batch, samples, classes].

    Args:
        shares: shares of the labels, float32 [batch, classes].
        samples: number of samples for each.
        seeds: int32 [batch, 2], of where the dealing begins.
    """
    offsets = tf.map_fn(
        lambda seed: tf.random.stateless_uniform((), seed + 1),
        seeds,
        fn_output_signature=tf.TensorSpec((), tf.float32),
    )
    return spread_labels(shares, samples, offsets)


class BMGAN(keras.Model):
    """Encoder, generator and discriminator, trained together.

    Each training step takes several updating sets; for each it generates samples from the code
    of its posterior difference and fresh noise. The generator and encoder are trained on a loss
    over the set (best match) plus the adversarial loss, the discriminator to tell real from
    generated.
    Noise is drawn from (seed, step), so that a resumed training goes on with new noise.

    Args:
        encoder: posteriors before and after -> code [batch, code].
        generator: noise, code and label -> values of a sample.
        discriminator: values of a sample -> logit.
        labels: posteriors before and after -> label distribution; None leaves labels out.
        noise: what a sample is made from; a layer like those in `noise`.
        generated: samples for a set in a training step.
        adversarial_weight: weight of the adversarial loss beside that of the set.
        seed: seed of the noise.
        set_loss: one of `SET_LOSSES`; the paper's is best match.
    """

    def __init__(
        self,
        encoder: keras.Model,
        generator: keras.Model,
        discriminator: keras.Model,
        labels: keras.Model | None,
        noise: NormalNoise | ShadowCodes,
        generated: int,
        adversarial_weight: float,
        seed: int,
        set_loss: SetLossName = "best_match",
    ) -> None:
        # Its parts have a precision of their own; posteriors must come to them as they are.
        super().__init__(name="bm_gan", dtype="float32")
        self.encoder = encoder
        self.generator = generator
        self.discriminator = discriminator
        self.labels = labels
        self.noise = noise
        self.generated = generated
        self.adversarial_weight = adversarial_weight
        self.seed = seed
        self.set_loss = set_loss
        names = ("loss", set_loss, "shuffled", "discriminator_loss")
        self._means = {name: keras.metrics.Mean(name=name) for name in names}

    def compile(
        self,
        g_optimizer: keras.optimizers.Optimizer,
        d_optimizer: keras.optimizers.Optimizer,
        **kwargs: Any,
    ) -> None:
        """Take two optimizers and build both at once, so that a restore finds their slots."""
        super().compile(optimizer=g_optimizer, **kwargs)
        self.g_optimizer, self.d_optimizer = self.optimizer, d_optimizer
        self.g_optimizer.build(self._generator_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The running means that Keras resets each epoch."""
        return list(self._means.values())

    @property
    def _generator_variables(self) -> list[keras.Variable]:
        return self.encoder.trainable_variables + self.generator.trainable_variables

    def generate(
        self,
        pair: dict[str, tf.Tensor],
        samples: int,
        seeds: tf.Tensor,
        training: bool = False,
    ) -> tf.Tensor:
        """Generate samples for each posterior difference.

        Args:
            pair: `before` and `after`, float32 [batch, probes, classes].
            samples: number of samples for each.
            seeds: int32 [batch, 2].
            training: whether dropout and batch statistics are those of the training.

        Returns:
            float32 [batch, samples, values], in [0, 1].
        """
        return self._made(*self._told(pair, training), samples, seeds, training)

    def _told(
        self, pair: dict[str, tf.Tensor], training: bool
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Compute what the posteriors tell of each set: its code, and the shares of its labels."""
        code = self.encoder(pair, training=training)
        if self.labels is None:
            return code, None
        return code, tf.stop_gradient(self.labels(pair, training=False))

    def _made(
        self,
        code: tf.Tensor,
        shares: tf.Tensor | None,
        samples: int,
        seeds: tf.Tensor,
        training: bool,
    ) -> tf.Tensor:
        """Samples for what was told of each set."""
        parts = [tf.repeat(code[:, None], samples, axis=1)]
        labels = None
        if shares is not None:
            labels = deal_labels(shares, samples, seeds)
            parts.append(labels)
        parts.insert(0, self.noise(seeds, samples=samples, labels=labels))
        inputs = tf.concat([tf.cast(part, tf.float32) for part in parts], -1)
        # A training step normalises over all of its samples, whose number is small.
        sizes = [samples] if training else _sizes(samples)
        made = [
            self.generator(tf.reshape(some, (-1, inputs.shape[-1])), training=training)
            for some in tf.split(inputs, sizes, axis=1)
        ]
        shaped = [
            tf.reshape(tf.cast(flat, tf.float32), (-1, size, flat.shape[-1]))
            for flat, size in zip(made, sizes, strict=True)
        ]
        return tf.concat(shaped, 1)

    def train_step(self, data: Batch) -> dict[str, tf.Tensor]:
        """One step on several updating sets, [batch, set_size, values]."""
        pair, real = data
        sets = tf.shape(real)[0]
        flat_real = tf.reshape(real, (-1, real.shape[-1]))
        with tf.GradientTape() as g_tape:
            generated = self.generate(pair, self.generated, self._seeds(sets), training=True)
            flat = tf.reshape(generated, (-1, generated.shape[-1]))
            match = tf.reduce_mean(SET_LOSSES[self.set_loss](real, generated))
            # Both losses judge the same generated samples; the discriminator's begins with them.
            with tf.GradientTape() as d_tape:
                told = self.discriminator(flat, training=True)
                seen = self.discriminator(flat_real, training=True)
                d_loss = _cross_entropy(seen, 1.0) + _cross_entropy(told, 0.0)
            g_loss = match + self.adversarial_weight * _cross_entropy(told, 1.0)
        # Optimizers add up the gradients of the devices that share a step.
        share = tf.constant(1 / tf.distribute.get_strategy().num_replicas_in_sync)
        variables = self._generator_variables
        self.g_optimizer.apply(g_tape.gradient(g_loss, variables, share), variables)
        judges = self.discriminator.trainable_variables
        self.d_optimizer.apply(d_tape.gradient(d_loss, judges, share), judges)
        return self._record({"loss": g_loss, self.set_loss: match, "discriminator_loss": d_loss})

    def test_step(self, data: Batch) -> dict[str, tf.Tensor]:
        """The set's loss with the right posterior difference, and with that of another update."""
        pair, real = data
        seeds = tf.stack([tf.range(tf.shape(real)[0]), tf.fill([tf.shape(real)[0]], 7)], -1)
        code, shares = self._told(pair, training=False)
        # Of another update: what was told of it, without asking again.
        turned = None if shares is None else tf.roll(shares, 1, axis=0)
        measure = SET_LOSSES[self.set_loss]
        match, shuffled = (
            tf.reduce_mean(measure(real, self._made(*told, self.generated, seeds, training=False)))
            for told in ((code, shares), (tf.roll(code, 1, axis=0), turned))
        )
        return self._record({"loss": match, self.set_loss: match, "shuffled": shuffled})

    def call(self, pair: dict[str, tf.Tensor]) -> tf.Tensor:
        """The code of a posterior difference."""
        return self.encoder(pair)

    def _seeds(self, sets: tf.Tensor) -> tf.Tensor:
        step = tf.cast(self.g_optimizer.iterations, tf.int32)
        high = tf.fill([sets], tf.constant(np.int32(self.seed)))
        # Devices that share a step have noise of their own.
        context = tf.distribute.get_replica_context()
        first = tf.cast(context.replica_id_in_sync_group, tf.int32) * sets
        return tf.stack([high, step * 64 + first + tf.range(sets)], -1)

    def _record(self, values: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        for name, value in values.items():
            self._means[name].update_state(value)
        return {name: self._means[name].result() for name in values}


def _sizes(samples: int) -> list[int]:
    """Split a number of samples into those that are made at once."""
    starts = range(0, samples, GENERATED_AT_ONCE)
    return [min(samples - start, GENERATED_AT_ONCE) for start in starts]


def _cross_entropy(logits: tf.Tensor, truth: float) -> tf.Tensor:
    logits = tf.cast(logits, tf.float32)
    return tf.reduce_mean(
        tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(tf.shape(logits), truth), logits)
    )
