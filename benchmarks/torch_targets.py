"""PyTorch twins of the target classifiers, and our weights in their layout.

They follow the paper's description of the experimental setup: two small CNNs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ulk_tf.files import Array


@dataclass(frozen=True)
class Twin:
    """Classifier in PyTorch.

    Attributes:
        net: images float32 [n, channels, height, width] -> logits [n, classes].
        mean: mean of pixels in [0, 1], for normalisation.
        std: standard deviation of pixels, for normalisation.
    """

    net: nn.Sequential
    mean: float
    std: float

    def images(self, samples: Array) -> torch.Tensor:
        """Normalise samples uint8 [n, height, width, channels] to [n, channels, height, width]."""
        scaled = (samples.astype(np.float32) / 255 - self.mean) / self.std
        return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))

    def without_dropout(self) -> "Twin":
        """Set the dropout rates of the network to 0, and return it."""
        for module in self.net:
            if isinstance(module, nn.Dropout | nn.Dropout2d):
                module.p = 0.0
        return self


def mnist_cnn(classes: int) -> Twin:
    """Build the twin of the target for 28x28 grey images."""
    net = nn.Sequential(
        nn.Conv2d(1, 10, 5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Conv2d(10, 20, 5),
        nn.Dropout2d(0.5),
        nn.MaxPool2d(2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(320, 50),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(50, classes),
    )
    return Twin(net, 0.1307, 0.3081)


def lenet(classes: int) -> Twin:
    """Build the twin of the target for 32x32 colour images."""
    net = nn.Sequential(
        nn.Conv2d(3, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, classes),
    )
    return Twin(net, 0.5, 0.25)


TWINS = {"mnist_cnn": mnist_cnn, "lenet": lenet}


def translated(weights: Sequence[Array]) -> list[torch.Tensor]:
    """Convert the weights of a Keras CNN to PyTorch's layout.

    Keras flattens height, width, channels and PyTorch channels, height, width, so the rows of
    the first dense kernel are permuted.

    Args:
        weights: kernel and bias of each layer, as `model.get_weights()` gives them.
    """
    tensors, channels = [], 0
    for weight in weights:
        if weight.ndim == 4:
            channels = weight.shape[-1]
            moved = weight.transpose(3, 2, 0, 1)
        elif weight.ndim == 2 and channels:
            side = round((len(weight) / channels) ** 0.5)
            rows = weight.reshape(side, side, channels, -1).transpose(2, 0, 1, 3)
            moved, channels = rows.reshape(weight.shape).T, 0
        else:
            moved = weight.T
        tensors.append(torch.from_numpy(np.ascontiguousarray(moved)))
    return tensors
