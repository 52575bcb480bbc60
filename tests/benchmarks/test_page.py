"""The page of speeds: every result that is kept has its place, whatever groups there are."""

from benchmarks import page
from benchmarks.experiment import NAME
from benchmarks.run import CASES, PAGE, RESULTS, name
from ulk_tf.files import read_json


def test_every_kept_result_is_told_and_the_page_is_up_to_date() -> None:
    kept = {path.stem: read_json(path) for path in RESULTS.glob("*.json")}
    assert set(kept) == {NAME, *(name(case) for case in CASES)}
    text = page.tables(RESULTS)
    for title in (
        "A_LDE on MNIST, published sizes",
        "Updates a second",
        "BM-GAN training",
        "Growth",
    ):
        assert text.count(f"### {title}") == 1
    assert f"{page.BEGIN}\n{text}\n{page.END}" in PAGE.read_text(encoding="utf-8")
