"""The PyTorch twin of BM-GAN takes the same steps."""

import numpy as np
import pytest
import tensorflow as tf

torch = pytest.importorskip("torch", reason="make torch brings it")

# It needs torch.
from benchmarks.our_bm_gan import compiled, paper_config, random_corpus  # noqa: E402
from benchmarks.torch_bm_gan import TorchBMGAN  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("sets", [1, 4])
def test_twins_have_the_same_losses_for_several_steps(sets: int) -> None:
    # The generator has three layers from this width on. Processors with AMX train in bfloat16 by
    # default, which the twin does not have.
    config = paper_config(
        dropout=0.0,
        generator_width=1024,
        samples_per_set=12,
        sets_per_step=sets,
        hidden=32,
        precision="float32",
    )
    corpus = random_corpus(8, set_size=10, probes=5, side=8)
    gan = compiled(config, corpus)
    twin = TorchBMGAN(
        features=50,
        hidden=32,
        dropout=0.0,
        code=config.code_dim,
        noise=config.noise_dim,
        width=1024,
        values=64,
        scale=gan.encoder.get_layer("features").scale,
        adversarial_weight=config.adversarial_weight,
    )
    parts = (gan.encoder, gan.generator, gan.discriminator)
    twin.load(*(part.get_weights() for part in parts))
    rng = np.random.default_rng(0)
    for step in range(3):
        pair = {
            name: rng.dirichlet(np.ones(10), (sets, 5)).astype(np.float32)
            for name in ("before", "after")
        }
        real = rng.random((sets, 10, 64), np.float32)
        shape = (config.samples_per_set, config.noise_dim)
        noise = [tf.random.stateless_normal(shape, (gan.seed, step * 64 + i)) for i in range(sets)]
        gan.reset_metrics()
        ours = gan.train_step(({k: tf.constant(v) for k, v in pair.items()}, tf.constant(real)))
        theirs = twin.step(*map(torch.from_numpy, (*pair.values(), real, np.stack(noise))))
        found = [float(ours[name]) for name in ("loss", "best_match", "discriminator_loss")]
        # Adam's steps are as large where a gradient is nothing but rounding, so twins drift.
        close = 1e-3 if step else 1e-5
        np.testing.assert_allclose(found, [float(loss) for loss in theirs], atol=close, rtol=0)
