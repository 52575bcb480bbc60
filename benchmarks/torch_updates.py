"""PyTorch loop over updates, written well, as a reference for the update engine.

Images are normalised once, weights are copied in place, gradients are computed only where they
are needed, and each process has one thread, which is fastest for small kernels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from benchmarks.torch_targets import TWINS, Twin, translated
from ulk_tf.files import Array
from ulk_tf.settings.update_config import UpdateConfig

# Images probed at once: the fastest of 100, 250, 500, 1000 and 2000 for 10,000 images.
PROBED_AT_ONCE = 100


@dataclass(frozen=True)
class TorchLoop:
    """Loop over updates of one base model.

    Attributes:
        twin: the classifier.
        base: its weights before any update.
        images: all samples, normalised [n, channels, height, width].
        labels: int64 [n].
        config: settings of an update with SGD.
    """

    twin: Twin
    base: list[torch.Tensor]
    images: torch.Tensor
    labels: torch.Tensor
    config: UpdateConfig

    def after(self, indices: Array, seeds: Array, probes: Array, kept: int) -> Array:
        """Compute the posteriors after each of many updates.

        Args:
            indices: updating sets [updates, set_size].
            seeds: dropout seeds [updates, 2].
            probes: positions of the samples with which every version is queried.
            kept: number of probes whose posteriors are returned.

        Returns:
            float32 [updates, kept, classes].
        """
        net, config = self.twin.net, self.config
        parameters = list(net.parameters())
        queries = self.images[torch.from_numpy(probes)].split(PROBED_AT_ONCE)
        answers = []
        for updating_set, (_, seed) in zip(torch.from_numpy(indices).long(), seeds, strict=True):
            with torch.no_grad():
                for parameter, weight in zip(parameters, self.base, strict=True):
                    parameter.copy_(weight)
            torch.manual_seed(int(seed))
            optimizer = torch.optim.SGD(
                parameters, config.update_learning_rate, config.update_momentum
            )
            net.train()
            for part in updating_set.split(config.update_batch):
                optimizer.zero_grad()
                functional.cross_entropy(net(self.images[part]), self.labels[part]).backward()
                optimizer.step()
            net.eval()
            with torch.inference_mode():
                posteriors = [functional.softmax(net(part), -1) for part in queries]
                answers.append(torch.cat(posteriors)[:kept])
        return torch.stack(answers).numpy()


def torch_loop(
    target: str,
    weights: Sequence[Array],
    samples: Array,
    labels: Array,
    config: UpdateConfig,
    *,
    dropout: bool = True,
) -> TorchLoop:
    """Make the loop over updates of a built-in classifier.

    Args:
        target: its name.
        weights: of the base model, as Keras has them.
        samples: uint8 [n, height, width, channels].
        labels: [n].
        config: settings of an update.
        dropout: False to train without dropout, for comparison with our engine.
    """
    twin = TWINS[target](weights[-1].shape[0])
    if not dropout:
        twin.without_dropout()
    moved = torch.from_numpy(labels.astype(np.int64))
    return TorchLoop(twin, translated(weights), twin.images(samples), moved, config)
