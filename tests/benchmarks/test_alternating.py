"""What is written down of runs, and how it is shown."""

import json
from pathlib import Path

import pytest

from benchmarks import alternating, page
from benchmarks.alternating import Contender, alternate, peak_mib
from ulk_tf.errors import UserError


def _clocked(monkeypatch: pytest.MonkeyPatch, seconds: dict[str, list[float]]) -> list[str]:
    """Contenders that take the seconds given; the order in which they ran comes back."""
    now, order = [0.0], []
    monkeypatch.setattr(alternating.time, "perf_counter", lambda: now[0])

    def runner(name: str, left: list[float]):
        def run() -> float:
            order.append(name)
            now[0] += left.pop(0)
            return 5.0

        return run

    found = alternate(
        [Contender(name, 10, runner(name, [9.0, *left])) for name, left in seconds.items()],
        3,
        [("a", "b")],
    )
    order.append(found)
    return order


def test_contenders_take_turns_and_ratios_are_those_of_each_round(monkeypatch) -> None:
    # Round two is slow for both, as on a machine that became busy.
    *order, found = _clocked(monkeypatch, {"a": [1.0, 10.0, 1.0], "b": [3.0, 20.0, 4.0]})
    assert "".join(order) == "ab" + "abbaab"
    assert found["runs"]["a"]["per_second"] == 10
    assert found["runs"]["b"]["seconds"] == [3.0, 20.0, 4.0]
    assert found["runs"]["a"]["peak_mib"] == 5
    assert found["ratios"] == [{"of": "a", "to": "b", "median": 3.0, "low": 2.0, "high": 4.0}]


def test_peak_memory_counts_what_was_given_back() -> None:
    before = peak_mib()
    if before is None:
        pytest.skip("this system does not say")
    bytearray(200 * 2**20).clear()
    assert peak_mib() >= before


def _result(set_size: int, ours: float) -> dict[str, object]:
    speeds = {"ours": ours, "torch, probing set": 300.2, "torch, whole test set": 4.71}
    ratios = [{"median": 4.1, "low": 3.9, "high": 4.25}, {"median": 262, "low": 250, "high": 270}]
    return {
        "group": "updates",
        "target": "lenet",
        "set_size": set_size,
        "runs": {name: {"per_second": v, "peak_mib": 700.4} for name, v in speeds.items()},
        "ratios": ratios,
        "quick": False,
        "rounds": 3,
        "threads": None,
        "note": "",
        "machine": {
            "date": "2026-01-02",
            "cpu": "A CPU",
            "instructions": ["avx2"],
            "cores": 2,
            "versions": {"python": "3.11", "torch": "2.13"},
        },
    }


def test_the_page_is_made_from_results_and_keeps_its_prose(tmp_path: Path) -> None:
    for size, ours in ((100, 99.96), (10, 1234.5)):
        (tmp_path / f"{size}.json").write_text(json.dumps(_result(size, ours)))
    text = page.tables(tmp_path)
    row, larger = (line for line in text.splitlines() if "CIFAR-10" in line)
    assert "| 100 |" in larger
    assert "| 10 | 1,234 | 300 | 4.7 |" in row
    assert "**4.1x** (3.9-4.2)" in row
    assert "700 MiB" in row
    assert text.count("2026-01-02; A CPU, 2 cores, avx2; python 3.11, torch 2.13; 3 rounds.") == 1
    document = tmp_path / "page.md"
    document.write_text(f"Prose.\n{page.BEGIN}\nold\n{page.END}\nMore.\n")
    page.rewrite(document, text)
    page.rewrite(document, text)
    assert document.read_text() == f"Prose.\n{page.BEGIN}\n{text}\n{page.END}\nMore.\n"


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("Prose.")
    with pytest.raises(UserError, match="marks"):
        page.rewrite(document, "tables")
    assert document.read_text() == "Prose."


def test_bm_gan_and_growth_have_tables_of_their_own(tmp_path: Path) -> None:
    shared = _result(10, 1.0)
    ratio = {"of": "ours", "to": "torch", "median": 2.04, "low": 1.9, "high": 2.2}
    runs = {"ours": {"per_second": 20.0, "peak_mib": None, "units": 24}}
    gan = shared | {"group": "bm_gan", "runs": runs, "ratios": [ratio], "threads": 1}
    grown = {"twice": {"per_second": 500.0, "peak_mib": 800.2, "units": 20_000}}
    (tmp_path / "a.json").write_text(json.dumps(gan))
    (tmp_path / "b.json").write_text(json.dumps(shared | {"group": "growth", "runs": grown}))
    text = page.tables(tmp_path)
    assert "| ours | 20.0 |" in text
    assert "| ours | torch | **2.0x** (1.9-2.2) |" in text
    assert "3 rounds; 1 thread(s) each." in text
    assert "| 20,000 | 40.0 s | 500 | 800 MiB |" in text
