"""Ledgers: an entry counts for its own experiment, and for the same files and code."""

from pathlib import Path

import pytest

from tests.classifiers import own_procedures
from tests.corpus.settings import digits, tiny
from ulk_tf.classifiers.procedure_source import source_of
from ulk_tf.data.datasets import Dataset
from ulk_tf.errors import UserError
from ulk_tf.preflight import Loaded
from ulk_tf.settings.presets import experiment
from ulk_tf.sweeping import ledger as module
from ulk_tf.sweeping import sweep
from ulk_tf.sweeping.ledger import Ledger, read_entries


def test_an_entry_counts_for_its_own_experiment_only(tmp_path: Path) -> None:
    one, other = (experiment("li", seed=seed) for seed in (0, 1))
    ledger = Ledger(tmp_path / "sweep.json")
    ledger.add("plain", one, {"seconds": 1.0})
    again = Ledger(tmp_path / "sweep.json")
    assert again.find("plain", one) == {"key": again.find("plain", one)["key"], "seconds": 1.0}  # type: ignore[index]
    assert again.find("plain", other) is None
    moved = experiment("li", runs_dir="elsewhere", executor="inline")
    assert again.find("plain", moved) is not None
    (tmp_path / "sweep.json").write_text("[]")
    with pytest.raises(UserError, match="a sweep of schema 1"):
        Ledger(tmp_path / "sweep.json")


def test_an_entry_counts_for_the_version_that_measured_it_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, one = Ledger(tmp_path / "sweep.json"), experiment("li")
    ledger.add("plain", one, {"seconds": 1.0})
    monkeypatch.setattr(module, "MEASURED_VERSION", module.MEASURED_VERSION + 1)
    assert ledger.find("plain", one) is None


def test_sweeps_side_by_side_keep_what_the_other_measured(tmp_path: Path) -> None:
    path, one = tmp_path / "sweep.json", experiment("li")
    defences, adversaries = Ledger(path), Ledger(path)
    defences.add("plain", one, {"seconds": 1.0})
    assert adversaries.find("plain", one) is not None
    adversaries.add("10 probes", one, {"seconds": 2.0})
    defences.add("round:2", one, {"seconds": 3.0})
    assert set(read_entries(path)) == {"plain", "10 probes", "round:2"}


def test_another_source_of_a_procedure_or_another_file_is_measured_anew(tmp_path: Path) -> None:
    module = tmp_path / "theirs_in_a_sweep.py"
    text = Path(own_procedures.__file__).read_text()
    module.write_text(text)
    loaded = Loaded(digits())
    one = tiny(tmp_path, procedure="theirs_in_a_sweep:Softmax")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        first = sweep.content_of(one, loaded)
        assert first and sweep.content_of(one, loaded) == first
        module.write_text(text + "\nEDITED = True\n")
        source_of.cache_clear()
        assert sweep.content_of(one, loaded) != first
    assert sweep.content_of(tiny(tmp_path), loaded) == ""
    file = tiny(tmp_path, dataset="own.npz")
    half = Dataset("own", digits().samples[::2], digits().labels[::2], digits().class_names)
    assert sweep.content_of(file, loaded) != sweep.content_of(file, Loaded(half))
