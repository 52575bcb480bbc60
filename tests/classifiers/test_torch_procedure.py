"""PyTorch modules as procedures: what a plain loop in PyTorch does."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="make torch brings it")

from torch import nn  # noqa: E402

import ulk_tf  # noqa: E402
from tests.test_api import examples_of  # noqa: E402
from ulk_tf.classifiers.own_procedure import OwnProcedure  # noqa: E402
from ulk_tf.classifiers.procedure import Change, Samples  # noqa: E402
from ulk_tf.classifiers.procedure_class import give  # noqa: E402
from ulk_tf.classifiers.torch_procedure import TorchProcedure  # noqa: E402
from ulk_tf.errors import UserError  # noqa: E402
from ulk_tf.settings.update_config import UpdateConfig  # noqa: E402

SHAPE, CLASSES = (4, 4, 1), 3
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (60, *SHAPE)).astype(np.uint8)
LABELS = RNG.integers(0, CLASSES, 60).astype(np.int32)
NONE = Samples.none_like(IMAGES)
CHANGE = Change(Samples(IMAGES[:3], LABELS[:3]), NONE, NONE)


class Mine(TorchProcedure):
    """Convolution, batch normalisation and dropout, updated with another optimizer."""

    epochs = 2
    batch = 20
    update_epochs = 2

    def module(self) -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, bias=False),
            nn.BatchNorm2d(4),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(16, 3),
        )

    def update_optimizer(self, parameters: Any) -> Any:
        return torch.optim.Adam(parameters, lr=0.01)


class Softmaxed(Mine):
    def module(self) -> nn.Module:
        return nn.Sequential(super().module(), nn.Softmax(-1))


def test_an_update_is_a_plain_loop() -> None:
    mine, module = Mine(SHAPE, CLASSES), Mine(SHAPE, CLASSES).module()
    weights = mine.fit(IMAGES, LABELS, 1)
    state = dict(zip(module.state_dict(), map(torch.tensor, weights), strict=True))
    assert "1.num_batches_tracked" in state  # buffers are weights too
    module.load_state_dict(state)
    inputs = torch.tensor(IMAGES.transpose(0, 3, 1, 2) / 255, dtype=torch.float32)
    module.eval()
    with torch.no_grad():
        before = module(inputs).softmax(-1).numpy()
    np.testing.assert_allclose(mine.predict_proba(weights, IMAGES), before, atol=1e-6)
    torch.manual_seed(9)
    module.train()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(2):
        order = torch.randperm(3)
        optimizer.zero_grad()
        labels = torch.tensor(LABELS[:3], dtype=torch.int64)
        nn.functional.cross_entropy(module(inputs[:3][order]), labels[order]).backward()
        optimizer.step()
    for weight, tensor in zip(
        mine.update(weights, CHANGE, 9), module.state_dict().values(), strict=True
    ):
        np.testing.assert_allclose(weight, tensor.detach().numpy(), atol=1e-6)


def test_it_is_a_sound_procedure_and_leaves_torch_as_it_was() -> None:
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    own = OwnProcedure(give(Mine), SHAPE, CLASSES)
    own.check(IMAGES, LABELS, UpdateConfig(set_size=3))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)
    assert f"torch {torch.__version__}" in own.sentence
    # Asked before it is updated, too: no tensor stays in inference mode.
    mine = Mine(SHAPE, CLASSES)
    weights = own.fit(IMAGES, LABELS, 2)
    mine.predict_proba(weights, IMAGES)
    updated = mine.update(weights, CHANGE, 4), own.update(weights, CHANGE, 4)
    for one, other in zip(*updated, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_second_softmax_is_refused() -> None:
    with pytest.raises(UserError, match=r"Softmaxed\.predict_proba.*leave out its softmax"):
        OwnProcedure(give(Softmaxed), SHAPE, CLASSES).check(
            IMAGES, LABELS, UpdateConfig(set_size=3)
        )


def test_vectors_go_in_as_they_are() -> None:
    vectors = RNG.normal(size=(5, 7)).astype(np.float32)
    inputs = Mine((7,), CLASSES).inputs(vectors)
    np.testing.assert_array_equal(inputs.numpy(), vectors)


def test_its_example_is_true() -> None:
    assert examples_of(TorchProcedure, {}) > 4


def test_it_is_public_and_says_what_it_cannot_do() -> None:
    assert ulk_tf.TorchProcedure is TorchProcedure and "TorchProcedure" in dir(ulk_tf)
    mine = Mine(SHAPE, CLASSES)
    with pytest.raises(ValueError, match="an `update` of the class' own"):
        mine.update(mine.fit(IMAGES, LABELS, 0), Change(CHANGE.added, NONE, CHANGE.added), 0)
