"""Recorded sweeps: kept without other sweeps' settings, and the documents show what is recorded."""

import json
from pathlib import Path

import pytest

from reproduction import sweeps
from ulk_tf.errors import UserError
from ulk_tf.sweeping.settings import SETTINGS
from ulk_tf.sweeping.table import UTILITY


def entry(mean: float) -> dict[str, object]:
    own = {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": 9}
    gain = {"mean": mean - 0.1, "low": mean - 0.2, "high": mean, "n": 9}
    return {"metrics": {"accuracy": own}, "gains": {"accuracy:most_frequent_label": gain}}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Records and a document of the test's own."""
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- updates: begin -->\nold\n<!-- updates: end -->\nbelow\n")
    monkeypatch.setattr(sweeps, "KEPT", tmp_path / "kept")
    monkeypatch.setitem(sweeps.PAGES, "updates", ((page, "updates", sweeps.side_by_side),))
    (tmp_path / "kept").mkdir()
    return tmp_path


def measured(folder: Path, plain: float = 0.9) -> str:
    entries = {"plain": entry(plain), "5 epochs": entry(0.5), "round:4": entry(0.3)}
    entries |= {"plain, seed 1": entry(0.9)}
    path = folder / "sweep.json"
    path.write_text(json.dumps({"schema_version": 1, "entries": entries}))
    return str(path)


def test_a_sweep_is_kept_without_the_settings_of_others(kept: Path) -> None:
    sweeps.keep(measured(kept), "updates", "li", "mnist")
    found = json.loads((kept / "kept" / "updates_mnist_li.json").read_text())
    assert set(found["entries"]) == {"plain", "plain, seed 1", "5 epochs"}


def test_the_document_shows_each_setting_beside_each_record(kept: Path) -> None:
    for dataset in ("cifar10", "mnist"):
        sweeps.keep(measured(kept), "updates", "li", dataset)
    lines = (kept / "page.md").read_text().splitlines()
    assert lines[0] == "above" and lines[-1] == "below" and "old" not in lines
    assert lines[2] == "| A_LI: Accuracy | mnist | cifar10 |"
    assert "| 5 epochs | 50% [37%, 62%]: 0.5 | 50% [37%, 62%]: 0.5 |" in lines


def test_defences_are_shown_below_their_picture(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = kept / "threats.md"
    page.write_text("<!-- defences: begin -->\n<!-- defences: end -->\n")
    monkeypatch.setitem(sweeps.PAGES, "defences", ((page, "defences", sweeps.one_by_one),))
    monkeypatch.setattr(sweeps, "IMAGES", kept / "img")
    useful = {name: entry(0.9)["metrics"]["accuracy"] for name in UTILITY}  # type: ignore[index]
    entries = {name: entry(0.5) for name in ("plain", "round:4", "round:4, naive")}
    entries |= {f"{name}, utility": useful for name in ("plain", "round:4")}
    path = kept / "sweep.json"
    path.write_text(json.dumps({"schema_version": 1, "entries": entries}))
    sweeps.keep(str(path), "defences", "li", "digits")
    lines = page.read_text().splitlines()
    assert lines[1].endswith("(img/defences_digits_li.png)")
    assert (kept / "img" / "defences_digits_li.png").stat().st_size > 1000
    assert lines[3].startswith("On digits. Label inference")


def test_a_sweep_of_other_sizes_has_a_record_and_a_column_of_its_own(kept: Path) -> None:
    for sizes in ("4x500", None):
        sweeps.keep(measured(kept), "updates", "li", "digits", sizes)
    assert (kept / "kept" / "updates_digits_li_4x500.json").exists()
    lines = (kept / "page.md").read_text().splitlines()
    assert lines[2] == "| A_LI: Accuracy | digits | digits, 4 x 500 |"


def test_where_the_plain_gain_is_not_shown_scores_stand_alone(kept: Path) -> None:
    sweeps.keep(measured(kept, plain=0.15), "updates", "li", "mnist")
    lines = (kept / "page.md").read_text().splitlines()
    assert "| plain | 0.15 |" in lines and "| 5 epochs | 0.5 |" in lines


def test_samples_beyond_their_labels_have_a_column_beside_each_record(kept: Path) -> None:
    for dataset, names in (("cifar10", ("plain",)), ("mnist", ("plain", "5 epochs"))):
        gain = {"mean": 0.2, "low": 0.1, "high": 0.3, "n": 9}
        gains = {f"mse:{one}": gain for one in ("mean_sample", "class_mean_of_true_label")}
        one = {"metrics": {"mse": gain}, "gains": gains}
        text = json.dumps({"schema_version": 1, "entries": dict.fromkeys(names, one)})
        (kept / "sweep.json").write_text(text)
        sweeps.keep(str(kept / "sweep.json"), "updates", "ssr", dataset)
    lines = (kept / "page.md").read_text().splitlines()
    over = "over class mean, true label"
    assert lines[2] == f"| A_SSR: Mean squared error | mnist | {over} | cifar10 | {over} |"
    assert "| 5 epochs | 100% [50%, 150%]: 0.2 | 20% [10%, 30%] |  |  |" in lines


def test_mistakes_are_told(kept: Path) -> None:
    with pytest.raises(UserError, match="--sweep to be one of defences"):
        sweeps.keep(measured(kept), "updatez")
    with pytest.raises(UserError, match=r"--sizes such as 4x500\. Received few"):
        sweeps.keep(measured(kept), "updates", sizes="few")


@pytest.mark.parametrize("sweep", SETTINGS)
def test_documents_show_what_is_recorded(sweep: str) -> None:
    for page, name, written in sweeps.PAGES[sweep]:
        first, last = sweeps.marks(name)
        if not sweeps.recorded(sweep):
            assert first not in page.read_text()
            continue
        shown = page.read_text().partition(first)[2].partition(last)[0]
        assert shown.strip() == written(sweep).strip()
