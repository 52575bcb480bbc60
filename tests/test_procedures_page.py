"""docs/PROCEDURES.md, README and examples: the classes shown there are sound procedures."""

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ulk_tf.classifiers.own_procedure import OwnProcedure
from ulk_tf.classifiers.procedure_class import give
from ulk_tf.data.datasets import load
from ulk_tf.settings.update_config import UpdateConfig

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = [
    (page, name)
    for page in ("README.md", "docs/PROCEDURES.md")
    for name in re.findall(r"^class (\w+)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
]


@pytest.fixture
def forgotten() -> Iterator[None]:
    yield
    sys.modules.pop("ulk_shown", None)


def shown(page: str, name: str, folder: Path) -> ModuleType:
    """The block of a page that has a class, imported as a module."""
    blocks = BLOCK.findall((ROOT / page).read_text("utf-8"))
    (text,) = [block for block in blocks if f"class {name}" in block]
    if "import torch" in text:
        pytest.importorskip("torch", reason="make torch brings it")
    path = folder / "ulk_shown.py"
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location("ulk_shown", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["ulk_shown"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("page", "name"), SHOWN)
def test_a_class_that_is_shown_learns_digits(
    page: str, name: str, tmp_path: Path, forgotten: None
) -> None:
    check(getattr(shown(page, name, tmp_path), name))


@pytest.mark.parametrize("name", ["torch_digits:Digits", "sklearn_digits:Linear"])
def test_the_examples_learn_digits(name: str) -> None:
    module, _, cls = name.partition(":")
    if "torch" in module:
        pytest.importorskip("torch", reason="make torch brings it")
    check(getattr(importlib.import_module(f"examples.{module}"), cls))


def check(cls: type) -> None:
    """Check a procedure on digits, and that it learns them."""
    digits = load("digits", None, Path("unused"))
    own = OwnProcedure(give(cls), digits.sample_shape, digits.classes)
    own.check(digits.samples, digits.labels, UpdateConfig(set_size=1))
    weights = own.fit(digits.samples[:900], digits.labels[:900], 0)
    right = own.predict_proba(weights, digits.samples[900:]).argmax(1) == digits.labels[900:]
    assert np.mean(right) > 0.8


def test_each_framework_is_shown() -> None:
    assert {name for _, name in SHOWN} >= {"Mine", "Linear", "Layers", "NearestMean"}
