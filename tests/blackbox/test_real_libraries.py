"""PyTorch, JAX and pandas themselves, where they are installed; `test_local` has stand-ins."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from ulk_tf.answers.numbers import as_numbers, checked
from ulk_tf.api import load_dataset
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.open import open_target
from ulk_tf.data.datasets import Dataset
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 3)).astype(np.uint8)
WANTED = np.random.default_rng(1).dirichlet(np.ones(3), 10).astype(np.float32)
NAMES = ("ant", "bee", "cat")


def answers(form):
    return open_target(lambda samples: form(WANTED[: len(samples)]), class_names=NAMES).posteriors(
        SAMPLES
    )


TEXTS = {
    "text": lambda p: [[repr(float(v)) for v in row] for row in p],
    "percent": lambda p: [[f"{100 * float(v)!r} %" for v in row] for row in p],
    "bytes": lambda p: p.astype("S20"),
    "decimals": lambda p: [[Decimal(repr(float(v))) for v in row] for row in p],
    "fractions": lambda p: [[Fraction(float(v)) for v in row] for row in p],
    "objects": lambda p: p.astype(object),
}


@pytest.mark.parametrize("form", TEXTS)
def test_numbers_in_other_forms(form):
    np.testing.assert_allclose(answers(TEXTS[form]), WANTED, rtol=1e-6)


def test_text_that_is_no_number_is_named_as_such():
    words = np.array([["ant", "bee"]])
    assert as_numbers(words) is words
    for labels in (["ant", "bee"], ["1", "2"], [["1"], ["2"]]):
        with pytest.raises(UserError, match="labels only"):
            open_target(lambda _, labels=labels: labels).posteriors(SAMPLES[:2])
    with pytest.raises(UserError, match="NaN"):
        checked([["nan", "1"]], 1)


class TestTorch:
    """PyTorch."""

    torch = staticmethod(lambda: pytest.importorskip("torch"))

    @pytest.mark.parametrize(
        "form",
        [
            lambda torch, p: p.requires_grad_(),
            lambda torch, p: [row.requires_grad_() for row in p],
            lambda torch, p: {"loss": torch.tensor(3.0), "probabilities": p.requires_grad_()},
            lambda torch, p: p.to_sparse(),
            lambda torch, p: torch._neg_view(-p),
            lambda torch, p: p.double(),
        ],
    )
    def test_tensors(self, form):
        torch = self.torch()
        np.testing.assert_array_equal(answers(lambda p: form(torch, torch.tensor(p))), WANTED)

    def test_short_floats(self):
        torch = self.torch()
        for name in ("bfloat16", "float16"):
            kind = getattr(torch, name)
            found = answers(lambda p, kind=kind: torch.tensor(p).to(kind))
            np.testing.assert_array_equal(found, torch.tensor(WANTED).to(kind).float().numpy())

    def test_modules(self):
        torch = self.torch()
        torch.manual_seed(0)
        layers = [torch.nn.Conv2d(3, 3, 4), torch.nn.Dropout(0.5), torch.nn.Flatten()]
        module = torch.nn.Sequential(*layers, torch.nn.Softmax(-1))
        sent = torch.from_numpy(np.moveaxis(SAMPLES, -1, 1).astype(np.float32) / 255)
        with torch.no_grad():
            wanted = module.eval()(sent).numpy()
        module.train()
        target = open_target(module, Asking(scale="unit"))
        np.testing.assert_allclose(target.posteriors(SAMPLES), wanted, atol=1e-6)
        assert "channels first" in target.notes[0] and module.training
        version = target.ask(SAMPLES).version
        assert version.startswith("weights ")
        double = open_target(module.double(), Asking(scale="unit"))
        np.testing.assert_allclose(double.posteriors(SAMPLES), wanted, atol=1e-6)
        assert double.ask(SAMPLES).version != version

    def test_data(self):
        torch = self.torch()
        labels = torch.arange(10) % 3
        for samples in (torch.tensor(SAMPLES), [torch.tensor(one) for one in SAMPLES]):
            np.testing.assert_array_equal(load_dataset((samples, labels)).samples, SAMPLES)
        vectors = torch.tensor(WANTED).requires_grad_()
        assert load_dataset((vectors, labels)).samples.dtype == np.float32
        assert load_dataset((vectors.bfloat16(), labels)).classes == 3
        own = Dataset("own", vectors, labels, NAMES)
        assert isinstance(own.samples, np.ndarray) and isinstance(own.labels, np.ndarray)


def test_jax():
    jax = pytest.importorskip("jax")
    for form in (jax.numpy.asarray, lambda p: [*jax.numpy.asarray(p)]):
        np.testing.assert_array_equal(answers(form), WANTED)
    short = answers(lambda p: jax.numpy.asarray(p, jax.numpy.bfloat16))
    np.testing.assert_allclose(short, WANTED, rtol=1 / 128)
    labels = jax.numpy.arange(10) % 3
    np.testing.assert_array_equal(
        load_dataset((jax.numpy.asarray(SAMPLES), labels)).samples, SAMPLES
    )


FRAMES = {
    "by name": lambda pd, p: pd.DataFrame(p[:, [2, 0, 1]], columns=["cat", "ant", "bee"]),
    "by number": lambda pd, p: pd.DataFrame(p),
    "nullable": lambda pd, p: pd.DataFrame(p, columns=NAMES).convert_dtypes(),
    "objects": lambda pd, p: pd.DataFrame(p, columns=NAMES).astype(object),
    "text": lambda pd, p: pd.DataFrame(p, columns=NAMES).map(lambda v: repr(float(v))),
    "categories": lambda pd, p: pd.DataFrame(p, columns=pd.CategoricalIndex(NAMES)),
    "series": lambda pd, p: pd.Series(list(p)),
}


@pytest.mark.parametrize("form", FRAMES)
def test_pandas(form):
    pandas = pytest.importorskip("pandas")
    np.testing.assert_allclose(answers(lambda p: FRAMES[form](pandas, p)), WANTED, rtol=1e-6)


def test_data_in_pandas():
    pandas = pytest.importorskip("pandas")
    frame, labels = pandas.DataFrame(WANTED), pandas.Series(np.arange(10) % 3)
    for one in (frame, frame.convert_dtypes(), frame.astype(object)):
        for two in (labels, labels.convert_dtypes(), labels.astype("category")):
            found = load_dataset((one, two))
            np.testing.assert_array_equal(found.samples, WANTED)
            np.testing.assert_array_equal(found.labels, np.arange(10) % 3)
    with pytest.raises(UserError, match="NaN or infinity in 10 of 10"):
        answers(lambda p: pandas.DataFrame(p).convert_dtypes().mask(p < p.max(1, keepdims=True)))
    with pytest.raises(UserError, match="labels"):
        load_dataset((frame, labels.map(dict(enumerate(NAMES)))))
