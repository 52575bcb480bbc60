"""The API reference: a page for each module, and no warning goes by unseen."""

import sys
from pathlib import Path

import pytest

from tools import reference


def test_a_module_becomes_a_page_that_needs_no_network(tmp_path: Path) -> None:
    assert reference.write(tmp_path / "docs", "ulk_tf.errors") == []
    page = (tmp_path / "docs" / "ulk_tf" / "errors.html").read_text(encoding="utf-8")
    assert "what would have been right" in page
    assert not [word for word in ('src="http', "@import", "url(http") if word in page]


def test_an_annotation_that_names_nothing_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "def f(x: 'Missing') -> None:\n    ...\n"
    (tmp_path / "odd_module.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (warning,) = reference.write(tmp_path / "docs", "odd_module")
    assert "Missing" in warning and "odd_module.f" in warning
    del sys.modules["odd_module"]
