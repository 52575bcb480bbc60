"""Insiders that were recorded: their table is what the document shows, and it names no path."""

from reproduction import insider, quality
from ulk_tf.evaluation.results import read_results


def test_the_table_is_that_of_the_records() -> None:
    first, last = insider.MARKS
    text = quality.PAGE.read_text(encoding="utf-8")
    assert f"{first}\n{insider.table()}\n{last}" in text
    rows = insider.table().splitlines()[2:]
    assert len(rows) >= 2 and all(row.count("|") == 8 for row in rows)


def test_records_are_of_insiders_and_name_no_folder() -> None:
    records = [read_results(path) for path in insider.KEPT.glob("*.json")]
    assert records
    for record in records:
        assert record["knowledge"]["insider"] and record["config"]["folders"] == {}
        models = [record["config"][side]["model"] for side in ("owner", "adversary")]
        assert all("/" not in str(value) for model in models for value in model.values())
