"""PyTorch twin of BM-GAN: the same networks, losses and optimizers, in a plain training loop.

It follows the description of A_MSR: an encoder, a generator and a discriminator of dense
layers, the best-match loss and the adversarial loss, Adam.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from ulk_tf.files import Array

SLOPE = 0.2
RATE, BETAS, EPSILON = 2e-4, (0.5, 0.999), 1e-7


class TorchBMGAN:
    """BM-GAN in PyTorch.

    Args:
        features: probes x classes.
        hidden: width of the encoder's first layer; the second has half.
        dropout: rate in the encoder.
        code: width of the encoder's answer.
        noise: width of the noise.
        width: units in a layer of the generator.
        values: number of values of a sample.
        scale: divisor of posterior differences.
        adversarial_weight: weight of the adversarial loss, relative to best match.
        fused: True to run Adam in one kernel; False is PyTorch's default.
    """

    def __init__(
        self,
        *,
        features: int,
        hidden: int,
        dropout: float,
        code: int,
        noise: int,
        width: int,
        values: int,
        scale: float,
        adversarial_weight: float,
        fused: bool = False,
    ) -> None:
        self.noise, self.scale, self.adversarial_weight = noise, scale, adversarial_weight
        self.encoder = nn.Sequential(
            nn.Linear(features, hidden),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden // 2),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(dropout),
            nn.Linear(hidden // 2, code),
            nn.Tanh(),
        )
        widths = [noise + code, width, width, width]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after, bias=False), _norm(after), nn.ReLU()]
        self.generator = nn.Sequential(*layers, nn.Linear(width, values), nn.Sigmoid())
        self.discriminator = nn.Sequential(
            nn.Linear(values, width // 2),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width // 2, width // 4),
            _norm(width // 4),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width // 4, width // 8),
            _norm(width // 8),
            nn.LeakyReLU(SLOPE),
            nn.Linear(width // 8, 1),
        )
        makers = [*self.encoder.parameters(), *self.generator.parameters()]
        adam = {"lr": RATE, "betas": BETAS, "eps": EPSILON, "fused": fused}
        self._g_optimizer = torch.optim.Adam(makers, **adam)
        self._d_optimizer = torch.optim.Adam(self.discriminator.parameters(), **adam)

    def step(
        self, before: torch.Tensor, after: torch.Tensor, real: torch.Tensor, noise: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Take one training step.

        Args:
            before: posteriors [sets, probes, classes].
            after: the same shape.
            real: updating sets [sets, set_size, values].
            noise: [sets, generated, noise].

        Returns:
            The losses of the generator, of best match alone, and of the discriminator.
        """
        generated = self.generate(before, after, noise)
        match = best_match(real, generated)
        flat = generated.flatten(0, 1)
        # The generator's loss needs no gradients of the discriminator's weights.
        self.discriminator.requires_grad_(False)
        g_loss = match + self.adversarial_weight * _cross_entropy(self.discriminator(flat), 1.0)
        self._g_optimizer.zero_grad()
        g_loss.backward()
        self.discriminator.requires_grad_(True)
        fake_logits = self.discriminator(flat.detach())
        real_logits = self.discriminator(real.flatten(0, 1))
        d_loss = _cross_entropy(real_logits, 1.0) + _cross_entropy(fake_logits, 0.0)
        self._d_optimizer.zero_grad()
        d_loss.backward()
        self._g_optimizer.step()
        self._d_optimizer.step()
        return g_loss.detach(), match.detach(), d_loss.detach()

    def generate(
        self, before: torch.Tensor, after: torch.Tensor, noise: torch.Tensor
    ) -> torch.Tensor:
        """Generate samples for each posterior difference, [sets, generated, values]."""
        code = self.encoder((before - after).flatten(1) / self.scale)
        code = code[:, None].expand(-1, noise.shape[1], -1)
        flat = self.generator(torch.cat([noise, code], -1).flatten(0, 1))
        return flat.view(*noise.shape[:2], -1)

    def load(self, encoder: Sequence[Array], generator: Sequence[Array], judge: Sequence[Array]):
        """Copy the weights of Keras models, in the order of `get_weights()`."""
        parts = (self.encoder, self.generator, self.discriminator)
        for part, weights in zip(parts, (encoder, generator, judge), strict=True):
            state = {n: v for n, v in part.state_dict().items() if "num_batches" not in n}
            with torch.no_grad():
                for parameter, weight in zip(state.values(), weights, strict=True):
                    parameter.copy_(torch.from_numpy(weight.T.copy()))


def best_match(real: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
    """Compute the mean squared error of each real sample to the nearest generated one."""
    norms = real.square().sum(-1)[:, :, None] + generated.square().sum(-1)[:, None]
    distances = (norms - 2 * real @ generated.mT).clamp_min(0)
    return distances.amin(-1).mean() / real.shape[-1]


def _norm(width: int) -> nn.Module:
    # Epsilon and momentum as ours.
    return nn.BatchNorm1d(width, eps=1e-3, momentum=0.1)


def _cross_entropy(logits: torch.Tensor, truth: float) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))
