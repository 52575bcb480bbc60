"""Whole experiment of A_LDE in PyTorch, stage by stage: no TensorFlow in any of its processes.

    python -m benchmarks.torch_experiment given.npz found.json

Base models and updates are computed in as many single-threaded processes as the machine has cores;
the attack models are trained one after the other by all cores, as ours are.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.torch_targets import TWINS, translated
from benchmarks.torch_updates import TorchLoop
from benchmarks.torch_worker import single_thread
from ulk_tf.files import Array, load_npz, write_json
from ulk_tf.machine import cores
from ulk_tf.settings.attack_configs import LabelConfig
from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.update_config import UpdateConfig

ROLES = ("shadow", "validation", "target")
SHARE = 256  # updates in a job
# State that the pool's initialiser leaves for its tasks.
_KEPT: dict[str, "Given"] = {}


class Given:
    """Work of the experiment, as `benchmarks.experiment` writes it.

    Args:
        path: a .npz with samples, labels, the probes' positions and, for each role, the base set,
            the updating sets with their seeds, and the weights of our base model.

    Attributes:
        target: name of the classifier.
        images: all samples, normalised.
        labels: int64 [n].
        probes: positions of the probing set.
        training: settings of a base model.
        update: settings of an update.
        attack: settings of an attack model.
    """

    def __init__(self, path: Path) -> None:
        self.arrays = load_npz(path)
        told = json.loads(str(self.arrays["settings"]))
        self.target = str(told["target"])
        self.training = TrainingConfig(**told["training"])
        self.update = UpdateConfig(**told["update"])
        self.attack = LabelConfig(**told["attack"])
        self.twin = TWINS[self.target](10)
        self.images = self.twin.images(self.arrays["samples"])
        self.probes = self.arrays["probes"]
        self.labels = torch.from_numpy(self.arrays["labels"].astype(np.int64))

    def of(self, role: str, name: str) -> Array:
        """Return an array of a role."""
        return self.arrays[f"{role}_{name}"]

    def weights(self, role: str) -> list[torch.Tensor]:
        """Return our base model of a role, in PyTorch's layout."""
        count = sum(name.startswith(f"{role}_weight_") for name in self.arrays)
        return translated([self.of(role, f"weight_{number}") for number in range(count)])


def start(path: str) -> None:
    """Set up a process of the pool."""
    single_thread()
    _KEPT["given"] = Given(Path(path))


def base_model(role: str) -> float:
    """Train the base model of a role; return its accuracy on its updating sets."""
    given = _KEPT["given"]
    config, net = given.training, TWINS[given.target](10).net
    torch.manual_seed(0)
    optimizer = torch.optim.SGD(net.parameters(), config.base_learning_rate, config.base_momentum)
    own = torch.from_numpy(given.of(role, "base").astype(np.int64))
    images, labels = given.images[own], given.labels[own]
    net.train()
    for _ in range(config.base_epochs):
        for part in torch.randperm(len(own)).split(config.base_batch):
            optimizer.zero_grad(set_to_none=True)
            functional.cross_entropy(net(images[part]), labels[part]).backward()
            optimizer.step()
    net.eval()
    new = torch.from_numpy(np.unique(given.of(role, "indices")[:100]).astype(np.int64))
    with torch.inference_mode():
        right = net(given.images[new]).argmax(-1) == given.labels[new]
    return float(right.float().mean())


def updates(role: str, first: int, stop: int) -> Array:
    """Compute updates of our base model of a role; return their posteriors."""
    given, rows = _KEPT["given"], slice(first, stop)
    loop = TorchLoop(given.twin, given.weights(role), given.images, given.labels, given.update)
    indices, seeds = given.of(role, "indices")[rows], given.of(role, "seeds")[rows]
    return loop.after(indices, seeds, given.probes, len(given.probes))


def before(given: Given, role: str) -> Array:
    """Compute the posteriors of our base model of a role."""
    net = given.twin.net.eval()
    with torch.no_grad():
        for parameter, weight in zip(net.parameters(), given.weights(role), strict=True):
            parameter.copy_(weight)
        return functional.softmax(net(given.images[torch.from_numpy(given.probes)]), -1).numpy()


def attack_net(features: int, classes: int, config: LabelConfig) -> nn.Sequential:
    """Build the twin of encoder and decoder of A_LDE: features -> logits."""
    layers: list[nn.Module] = []
    width = features
    for size in (config.hidden, config.hidden // 2):
        layers += [nn.Linear(width, size), nn.LeakyReLU(0.2), nn.Dropout(config.dropout)]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, classes))


def train_attack(
    learned: tuple[torch.Tensor, torch.Tensor],
    held_out: tuple[torch.Tensor, torch.Tensor],
    config: LabelConfig,
    seed: int,
) -> nn.Sequential:
    """Train an attack model; the epoch that is best on held-out updates is kept.

    Args:
        learned: features [updates, features] and label distributions [updates, classes].
        held_out: the same of held-out updates.
        config: settings of the attack.
        seed: seed of weights, dropout and order.
    """
    torch.manual_seed(seed)
    features, truth = learned
    net = attack_net(features.shape[1], truth.shape[1], config)
    adam = torch.optim.AdamW(
        net.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
    )
    steps = -(-len(features) // config.batch)
    best, kept = np.inf, net.state_dict()
    for epoch in range(config.epochs):
        net.train()
        for step, rows in enumerate(torch.randperm(len(features)).split(config.batch)):
            adam.param_groups[0]["lr"] = rate(config, epoch * steps + step, config.epochs * steps)
            adam.zero_grad(set_to_none=True)
            divergence(net(features[rows]), truth[rows]).backward()
            adam.step()
        net.eval()
        with torch.inference_mode():
            found = float(divergence(net(held_out[0]), held_out[1]))
        if found < best:
            best, kept = found, {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(kept)
    return net.eval()


def rate(config: LabelConfig, step: int, steps: int) -> float:
    """Compute the learning rate of a step: falling by a cosine to 2%."""
    return config.learning_rate * (0.02 + 0.98 * (1 + np.cos(np.pi * step / steps)) / 2)


def divergence(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Compute the mean KL divergence of predictions from the truth."""
    return functional.kl_div(functional.log_softmax(logits, -1), truth, reduction="batchmean")


def distributions(given: Given, role: str) -> torch.Tensor:
    """Compute the label distribution of each updating set, float32 [updates, classes]."""
    labels = given.labels[torch.from_numpy(given.of(role, "indices").astype(np.int64))]
    return functional.one_hot(labels, 10).float().mean(1)


class Clock:
    """Clock of the stages; `seconds` by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 2)


def run(path: Path) -> dict[str, object]:
    """Run the experiment.

    Args:
        path: the .npz of `Given`.

    Returns:
        Seconds by stage, the base models' accuracies and the KL divergence.
    """
    clock, workers = Clock(), cores()
    spawn = get_context("spawn")
    given = Given(path)
    with ProcessPoolExecutor(workers, spawn, start, (str(path),)) as pool:
        with clock.stage("base models"):
            accuracies = list(pool.map(base_model, ROLES))
        with clock.stage("updates"):
            after = {role: _all_updates(pool, given, role) for role in ROLES}
    features = {
        role: torch.from_numpy((before(given, role) - after[role]).reshape(len(after[role]), -1))
        for role in ROLES
    }
    truth = {role: distributions(given, role) for role in ROLES}
    with clock.stage("training"):
        learned, held_out = ((features[role], truth[role]) for role in ROLES[:2])
        nets = [
            train_attack(learned, held_out, given.attack, seed)
            for seed in range(given.attack.ensemble)
        ]
    with clock.stage("scoring"), torch.inference_mode():
        mean = sum(functional.softmax(net(features["target"]), -1) for net in nets) / len(nets)
        kl = float(functional.kl_div(mean.log(), truth["target"], reduction="batchmean"))
    return {"seconds": clock.seconds, "accuracies": accuracies, "kl": kl}


def _all_updates(pool: ProcessPoolExecutor, given: Given, role: str) -> Array:
    count = len(given.of(role, "indices"))
    starts = range(0, count, SHARE)
    stops = [min(first + SHARE, count) for first in starts]
    return np.concatenate(list(pool.map(updates, [role] * len(stops), starts, stops)))


def main(arguments: Sequence[str]) -> None:
    """Run the experiment of a file, and write what was found."""
    given, found = map(Path, arguments)
    write_json(found, run(given))


if __name__ == "__main__":
    main(sys.argv[1:])
