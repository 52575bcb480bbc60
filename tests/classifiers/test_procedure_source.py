"""The key of a procedure follows its source, that of its package, and its libraries."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ulk_tf.classifiers.procedure_source import Source, source_of


@pytest.fixture(autouse=True)
def forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in [name for name in sys.modules if name.startswith("ulk_test_")]:
        del sys.modules[name]


def read(folder: Path, name: str, **files: str) -> Source:
    """The source of P of a module, after its files were written."""
    for path, text in files.items():
        place = folder / f"{path.replace('__', '/')}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, "utf-8")
    for known in [known for known in sys.modules if known.startswith("ulk_test_")]:
        del sys.modules[known]
    importlib.invalidate_caches()
    return source_of(importlib.import_module(name).P)


def test_the_modules_of_a_package_count_and_others_by_version(tmp_path: Path) -> None:
    (tmp_path / "ulk_test_pack").mkdir()
    (tmp_path / "ulk_test_pack" / "__init__.py").touch()
    (tmp_path / "ulk_test_pack" / "unused.py").write_text("x = 1\n", "utf-8")
    files = {
        "ulk_test_pack__own": "from . import parts\nimport os, numpy.linalg\nclass P: ...\n",
        "ulk_test_pack__parts": "from .deeper import y\n",
        "ulk_test_pack__deeper": "y = 1\n",
    }
    first = read(tmp_path, "ulk_test_pack.own", **files)
    assert {name.rpartition(".")[2] for name in first.texts} >= {"own", "parts", "deeper"}
    assert not [name for name in first.texts if "unused" in name or "numpy" in name]
    assert first.libraries == {"numpy": np.__version__}
    assert read(tmp_path, "ulk_test_pack.own", **files).digest == first.digest
    deeper = {"ulk_test_pack__deeper": "y = 2\n"}
    assert read(tmp_path, "ulk_test_pack.own", **deeper).digest != first.digest


def test_modules_in_the_same_folder_count(tmp_path: Path) -> None:
    files = {"ulk_test_own": "import ulk_test_nets\nclass P: ...\n", "ulk_test_nets": "z = 1\n"}
    first = read(tmp_path, "ulk_test_own", **files)
    assert set(first.texts) == {"ulk_test_own", "ulk_test_nets"} and first.libraries == {}
    changed = {"ulk_test_nets": "z = 2\n"}
    assert read(tmp_path, "ulk_test_own", **changed).digest != first.digest


def test_inherited_classes_count_and_broken_imports_do_not(tmp_path: Path) -> None:
    text = (
        "from ulk_tf import SklearnProcedure\n"
        "try:\n    import ulk_test_missing.part\nexcept ImportError:\n    pass\n"
        "class P(SklearnProcedure): ...\n"
    )
    source = read(tmp_path, "ulk_test_own", ulk_test_own=text)
    assert set(source.texts) == {"ulk_test_own", "ulk_tf.classifiers.sklearn_procedure"}


def test_a_class_of_a_function_is_another_one_each_time() -> None:
    def made(rate: float) -> type:
        class P:
            step = rate

        return P

    one, other = made(1), made(2)
    assert source_of(one).digest != source_of(other).digest
    assert source_of(one).digest == source_of(one).digest
