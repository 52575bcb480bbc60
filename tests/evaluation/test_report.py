"""The report needs nothing but itself, shows what was measured, and runs nobody's text."""

import base64
from html.parser import HTMLParser

import pytest

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.metrics_table import METRICS, metric
from ulk_tf.evaluation.report import write_report

EVIL = "<script>alert('$x &')</script>\"'><img src=http://a.example/b>"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="
)


def estimate(mean, low=None, high=None, n=300):
    return {
        "mean": mean,
        "low": mean - 0.001 if low is None else low,
        "high": mean + 0.001 if high is None else high,
        "n": n,
    }


@pytest.fixture
def results():
    return {
        "schema_version": 2,
        "attack": "msr",
        "dataset": "digits",
        "warnings": ["Only one target base."],
        "config": {"seed": 7, "update": {"set_size": 10, "label_skew": None}, "widths": [64, 32]},
        "environment": {"tensorflow": "2.21.0"},
        "timing": {"corpus": {"seconds": 12.5, "reused": "all updates"}},
        "metrics": {
            "matched_mse_centroids": estimate(0.04),
            "matched_mse_samples": estimate(0.06),
            "accuracy": estimate(0.95),
        },
        "baselines": {
            "accuracy:most_frequent_label": estimate(0.11),
            "matched_mse_centroids:shadow_clustering": estimate(0.05),
            "matched_mse_samples:shadow_clustering": estimate(0.07),
            "matched_mse_centroids:label_oracle": estimate(0.032),
        },
        "gains": {"matched_mse_centroids:shadow_clustering": estimate(1 - 0.04 / 0.05, 0.15, 0.25)},
        "published": {"accuracy": {"value": 0.96, "source": "the paper"}},
    }


@pytest.fixture
def png(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(PNG)
    return path


class Page(HTMLParser):
    """What a browser would make of it: tags with attributes, rows of the scores, and text."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.rows, self.text, self._open = [], [], "", []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "style" in self._open:
            return
        self.text += data + " "
        if {"th", "td"} & set(self._open):
            self.rows[-1][-1] += data + "|"

    def row(self, start, nth=0):
        """The nth row whose name starts so, and its place."""
        found = [
            (place, row) for place, row in enumerate(self.rows) if row and row[0].startswith(start)
        ]
        return found[nth]


def write(tmp_path, results, figures=None):
    path = tmp_path / "out" / "report.html"
    write_report(path, results, figures or {})
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    return Page(path)


def test_the_page_needs_nothing_else(tmp_path, results, png):
    page = write(tmp_path, results, {"A picture": png})
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form", "a"}
    sources = [value for _, attrs in page.tags for key, value in attrs.items() if key == "src"]
    assert len(sources) == 1 and sources[0].startswith("data:image/png;base64,")
    assert base64.b64decode(sources[0].partition(",")[2]) == PNG
    assert "url(" not in page.source and "@import" not in page.source
    assert "http" not in page.source.replace("http-equiv", "")
    policy = [attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs]
    assert "default-src 'none'" in policy[0]


def test_it_is_for_dark_rooms_paper_and_phones(tmp_path, results):
    source = write(tmp_path, results).source
    assert "prefers-color-scheme: dark" in source and "@media print" in source
    assert 'name="viewport"' in source and "max-width: 34rem" in source


def test_it_says_what_was_done_and_found(tmp_path, results, png):
    page = write(tmp_path, results, {"Losses by epoch": png})
    for words in (
        "A_MSR",
        "digits",
        "Updates like these give away something of the samples they were made with",
        "Only one target base.",
        "Losses by epoch",
        "Over 300 target updates",
        "update.set_size",
        "not set",
        "64, 32",
        "2.21.0",
        "Where the time went",
        "12.5",
        "all updates",
        "The exported attack holds the samples of the probing set",
        "shadow models",
    ):
        assert words in page.text, words
    assert sum(tag == "details" for tag, _ in page.tags) == 2


def test_baselines_stand_under_their_metric(tmp_path, results):
    page = write(tmp_path, results)
    centroids, own = page.row("Matched MSE, centroids")
    samples, _ = page.row("Matched MSE, samples")
    accuracy, _ = page.row("Accuracy")
    first, row = page.row("Shadow clustering")
    second, other = page.row("Shadow clustering", 1)
    assert centroids < first < samples < second < accuracy < page.row("Most frequent label")[0]
    assert own[1] == "0.0400|0.0390 to 0.0410|"
    assert row[1].startswith("0.0500|") and other[1].startswith("0.0700|")


def test_the_gain_is_relative_where_less_is_better_else_a_difference(tmp_path, results):
    page = write(tmp_path, results)
    assert page.row("Shadow clustering", 1)[1][2] == "+14.3%|"
    assert page.row("Label-oracle clustering")[1][2] == "−25.0%|"
    assert page.row("Most frequent label")[1][2] == "+0.840|"
    kinds = [attrs.get("class") for tag, attrs in page.tags if tag == "span"]
    assert kinds.count("bad") == 1 and kinds.count("good") == 3


def test_a_gain_that_chance_explains_is_not_coloured(tmp_path, results):
    def kinds():
        page = write(tmp_path, results)
        return [attrs["class"] for tag, attrs in page.tags if tag == "span"]

    assert kinds() == ["good", "bad", "good", "good"]
    results["gains"]["matched_mse_centroids:shadow_clustering"] |= {"low": -0.01}
    results["metrics"]["accuracy"] |= {"low": 0.05}
    assert kinds() == ["unclear", "bad", "good", "unclear"]


def test_a_paired_gain_lends_its_interval_to_its_baseline(tmp_path, results):
    page = write(tmp_path, results)
    assert page.row("Shadow clustering")[1][2] == "+20.0%|+15.0% to +25.0%|"


def test_published_figures_name_their_source(tmp_path, results):
    row = write(tmp_path, results).row("Published")[1]
    assert row == ["Published|the paper|", "0.96|", ""]


def test_nobodys_text_runs(tmp_path, results, png):
    results |= {
        "attack": EVIL,
        "dataset": EVIL,
        "warnings": [EVIL],
        "config": {EVIL: {EVIL: [EVIL]}},
        "environment": {EVIL: EVIL},
        "timing": {EVIL: {"seconds": 1.0, "reused": EVIL}},
    }
    results["metrics"][EVIL] = estimate(1.0)
    results["baselines"][f"{EVIL}:{EVIL}"] = estimate(1.0)
    results["published"]["accuracy"]["source"] = EVIL
    page = write(tmp_path, results, {EVIL: png})
    assert "script" not in {tag for tag, _ in page.tags}
    assert sum(tag == "img" for tag, _ in page.tags) == 1
    assert page.text.count(EVIL) >= 8
    assert next(attrs["alt"] for tag, attrs in page.tags if tag == "img") == EVIL


def test_the_first_metric_is_told_after_the_verdict(tmp_path, results):
    text = write(tmp_path, results).text
    assert "Matched MSE, centroids 0.0400 (95% interval 0.0390 to 0.0410); beside it" in text
    assert "shadow clustering 0.0500" in text
    assert text.index("Updates like these") < text.index("Matched MSE, centroids 0.0400")


def test_little_and_odd_results_still_make_a_page(tmp_path, results):
    bare = {"attack": "new", "dataset": "d", "metrics": {"odd_one": estimate(float("nan"))}}
    page = write(tmp_path, bare)
    assert page.row("Odd one")[1][1] == "–|– to –|"
    assert "h1" in {tag for tag, _ in page.tags}
    write(tmp_path, bare | {"metrics": {}})
    results["baselines"]["matched_mse_centroids:shadow_clustering"] = estimate(0.0)
    assert write(tmp_path, results).row("Shadow clustering")[1][2] == ""


def test_equal_results_are_equal_bytes(tmp_path, results, png):
    one, two = (write(tmp_path / name, results, {"a": png}).source for name in "12")
    assert one == two


def test_every_number_keeps_three_digits_that_count(tmp_path, results):
    results["metrics"] = {"kl": estimate(0.003764, 0.003699, 0.0038)}
    results["baselines"] = {"kl:prior": estimate(0.004583, 0.0045, 0.0047)}
    page = write(tmp_path, results)
    assert page.row("KL divergence")[1][1] == "0.00376|0.00370 to 0.00380|"
    assert page.row("Class prior")[1][1] == "0.00458|0.00450 to 0.00470|"


def test_titles_fall_back_on_the_name():
    assert metric("some_new_metric").title == "Some new metric"
    assert baseline("some_new_baseline").title == "Some new baseline"
    assert not baseline("some_new_baseline").uninformed
    assert all(row.good for row in METRICS.values())
