"""The built-in digits classifier in PyTorch: `--procedure=examples.torch_digits:Digits`."""

import torch
from torch import nn

from ulk_tf import TorchProcedure


class Digits(TorchProcedure):
    """Network, training and update of the built-in procedure at its defaults for digits."""

    def module(self):
        """Build the network; initial weights are drawn as Keras draws them."""
        layers = [
            *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 32, 3), nn.ReLU(), nn.Flatten()),
            *(nn.Linear(128, 32), nn.ReLU(), nn.Dropout(0.25), nn.Linear(32, self.classes)),
        ]
        for layer in layers:
            if hasattr(layer, "weight"):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        return nn.Sequential(*layers)

    def inputs(self, samples):
        """Normalise pixels."""
        return (super().inputs(samples) - 0.3) / 0.38

    def optimizer(self, parameters):
        """Make the optimizer of base training and update."""
        return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)
