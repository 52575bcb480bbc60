"""Keys of metrics beside baselines: made, taken apart, selected by metric."""

from ulk_tf.evaluation.baselines_table import BASELINES
from ulk_tf.evaluation.compared import by_baseline, key_of, parts_of
from ulk_tf.evaluation.metrics_table import METRICS


def test_every_key_is_taken_apart_as_it_was_made() -> None:
    figures = {key_of(metric, other): (metric, other) for metric in METRICS for other in BASELINES}
    assert len(figures) == len(METRICS) * len(BASELINES)
    for key, parts in figures.items():
        assert parts_of(key) == parts
    for metric in METRICS:
        assert parts_of(metric) == (metric, "")
        assert by_baseline(figures, metric) == {other: (metric, other) for other in BASELINES}


def test_the_figure_of_a_metric_itself_is_beside_no_baseline() -> None:
    assert by_baseline({"kl": 1, "kl:prior": 2, "mae:prior": 3}, "kl") == {"prior": 2}
