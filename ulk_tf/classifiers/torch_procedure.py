"""PyTorch procedure: any `nn.Module` and optimizer, trained and updated with a plain loop."""

import contextlib
from collections.abc import Callable, Iterator

import numpy as np

from ulk_tf.classifiers.procedure import Change, Samples, Shape, Weights
from ulk_tf.errors import UserError
from ulk_tf.files import Array

try:
    import torch
    from torch import nn
except ImportError as error:  # an extra
    raise UserError(
        "PyTorch to be installed for TorchProcedure", str(error), "pip install 'ulk_tf[torch]'"
    ) from error

# Samples queried at once.
QUERIED = 500


class TorchProcedure:
    """Base class of procedures in PyTorch: override `module`, and what else differs from yours.

    Weights are the arrays of `module().state_dict()`, in its order, buffers included. An update
    starts a new optimizer. All randomness follows from the seeds; everything runs on one CPU
    thread, since many updates run side by side.

    Attributes:
        version: version of the procedure; the source of the class' module counts by itself.
        epochs: epochs of the base training.
        batch: batch size of the base training and of an update, in samples.
        update_epochs: epochs of an update over its updating set.

    Args:
        shape: shape of one sample.
        classes: number of classes.

    Example:
        >>> import torch, ulk_tf
        >>> from torch import nn
        >>> class Mine(ulk_tf.TorchProcedure):
        ...     epochs = 5
        ...     def module(self):
        ...         return nn.Sequential(nn.Flatten(), nn.Linear(64, self.classes))
        ...     def optimizer(self, parameters):
        ...         return torch.optim.SGD(parameters, lr=0.1)
        >>> digits = ulk_tf.load_dataset("digits")
        >>> mine = Mine(digits.sample_shape, digits.classes)
        >>> weights = mine.fit(digits.samples, digits.labels, seed=0)
        >>> mine.predict_proba(weights, digits.samples[:2]).shape
        (2, 10)
    """

    version = "1"
    epochs = 10
    batch = 64
    update_epochs = 1

    def __init__(self, shape: Shape, classes: int) -> None:
        self.shape, self.classes = shape, classes
        self._module: nn.Module | None = None

    def module(self) -> nn.Module:
        """Build a module with new weights; its outputs are logits [n, classes]."""
        raise NotImplementedError

    def optimizer(self, parameters: Iterator[nn.Parameter]) -> torch.optim.Optimizer:
        """Make the optimizer of the base training."""
        return torch.optim.SGD(parameters, lr=0.01, momentum=0.9)

    def update_optimizer(self, parameters: Iterator[nn.Parameter]) -> torch.optim.Optimizer:
        """Make the optimizer of an update; that of the base training unless overridden."""
        return self.optimizer(parameters)

    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Compute the loss of a batch; cross-entropy unless overridden."""
        return nn.functional.cross_entropy(logits, labels)

    def inputs(self, samples: Array) -> torch.Tensor:
        """Make the module's inputs of samples as stored.

        Args:
            samples: uint8 images [n, height, width, channels], or float32 vectors [n, features].

        Returns:
            Images as float32 [n, channels, height, width] from 0 to 1; vectors as they are.
        """
        if samples.dtype != np.uint8:
            return torch.tensor(samples, dtype=torch.float32)
        images = torch.tensor(samples).movedim(-1, 1)
        return images.to(torch.float32, memory_format=torch.contiguous_format) / 255

    def fit(self, samples: Array, labels: Array, seed: int) -> Weights:
        """Train a module with new weights; see `Procedure`."""
        with _seeded(seed):
            module = self._built()
            self._train(module, self.optimizer, Samples(samples, labels), self.epochs)
        return _weights(module)

    def update(self, weights: Weights, change: Change, seed: int) -> Weights:
        """Train a module further on the samples that are added; see `Procedure`.

        Raises:
            ValueError: samples are removed or kept, which only an override of this method can use.
        """
        if len(change.removed) or len(change.kept):
            raise ValueError("removed and kept samples need an `update` of the class' own")
        with _seeded(seed):
            module = self._loaded(weights)
            self._train(module, self.update_optimizer, change.added, self.update_epochs)
        return _weights(module)

    def predict_proba(self, weights: Weights, samples: Array) -> Array:
        """Query a module in evaluation mode; see `Procedure`.

        Raises:
            ValueError: its outputs are posteriors instead of logits.
        """
        module = self._loaded(weights).eval()
        with torch.inference_mode(), _one_thread():
            logits = torch.cat([module(part) for part in self.inputs(samples).split(QUERIED)])
            # A second softmax would go unnoticed and hide most of what an update changes.
            if len(logits) > 1 and logits.min() >= 0 and (logits.sum(-1) - 1).abs().max() < 1e-4:
                raise ValueError("the module returns posteriors: leave out its softmax")
            return np.asarray(torch.softmax(logits, -1).numpy())

    def _train(
        self,
        module: nn.Module,
        optimizer: Callable[[Iterator[nn.Parameter]], torch.optim.Optimizer],
        trained_on: Samples,
        epochs: int,
    ) -> None:
        inputs = self.inputs(trained_on.samples)
        labels = torch.tensor(trained_on.labels, dtype=torch.int64)
        steps = optimizer(module.parameters())
        module.train()
        for _ in range(epochs):
            for batch in torch.randperm(len(labels)).split(self.batch):
                steps.zero_grad()
                self.loss(module(inputs[batch]), labels[batch]).backward()
                steps.step()

    def _built(self) -> nn.Module:
        """Build a module; lazy layers, which learn their shapes from inputs, are given some."""
        module = self.module()
        if any(nn.parameter.is_lazy(parameter) for parameter in module.parameters()):
            kind = np.uint8 if len(self.shape) == 3 else np.float32
            with torch.no_grad():
                module.eval()(self.inputs(np.zeros((1, *self.shape), kind)))
        return module

    def _loaded(self, weights: Weights) -> nn.Module:
        """Return the one module of this process, with these weights."""
        if self._module is None:
            with _seeded(0):
                self._module = self._built()
        tensors = self._module.state_dict()
        with torch.no_grad():
            for tensor, weight in zip(tensors.values(), weights, strict=True):
                tensor.copy_(torch.tensor(weight))
        return self._module


def _weights(module: nn.Module) -> Weights:
    return tuple(tensor.detach().numpy().copy() for tensor in module.state_dict().values())


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed PyTorch within the block, on one thread; its generator is as before afterwards."""
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(seed)
        yield


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Run PyTorch on one thread within the block."""
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
