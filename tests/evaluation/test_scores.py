"""Scores: a gain over every baseline, for any attack that can be asked."""

import numpy as np
import pytest

from tests.evaluation import fakes
from ulk_tf.evaluation.baselines_table import baselines_of
from ulk_tf.evaluation.compared import parts_of
from ulk_tf.evaluation.intervals import interval
from ulk_tf.evaluation.label_scores import score_lde, score_li
from ulk_tf.evaluation.metrics_table import metrics_of
from ulk_tf.evaluation.scores import Scores


def test_every_metric_has_a_gain_over_every_baseline() -> None:
    scores = score_li(fakes.label_attack(), fakes.corpus(), 0)
    names = {
        f"{metric.name}:{baseline.name}"
        for metric in metrics_of("label_probabilities")
        for baseline in baselines_of("label_probabilities")
    }
    assert set(scores.gains) == set(scores.baselines) == names
    assert scores.metrics["accuracy"].mean > 0.9
    gain = scores.gains["accuracy:most_frequent_label"]
    apart = scores.metrics["accuracy"].mean - scores.baselines["accuracy:most_frequent_label"].mean
    assert gain.mean == pytest.approx(apart) and gain.low > 0
    assert scores.pictures["confusion"].sum() == 40


def test_a_gain_is_relative_where_less_is_better() -> None:
    attack = fakes.label_attack("lde", "label_distribution")
    scores = score_lde(attack, fakes.corpus(set_size=5), 0)
    own, other = scores.metrics["kl"].mean, scores.baselines["kl:uniform"].mean
    assert scores.gains["kl:uniform"].mean == pytest.approx(1 - own / other)
    assert scores.metrics["kl"] == interval(scores.values["kl"], scores.groups)


def test_scores_of_several_targets_are_joined() -> None:
    corpus = fakes.corpus()
    whole = score_li(fakes.label_attack(), corpus, 0)
    parts = [
        score_li(fakes.label_attack(), corpus.of_target(number), 0)
        for number in np.unique(corpus.updates["target"].base)
    ]
    joined = Scores.joined(parts)
    assert len(parts) > 1 and joined.metrics == whole.metrics
    np.testing.assert_array_equal(joined.groups, np.sort(whole.groups))
    assert set(joined.gains) == set(joined.baselines) == set(whole.gains)
    key = "accuracy:most_frequent_label"
    assert joined.gains[key] == whole.gains[key]
    assert Scores.joined(parts[:1]) is parts[0]


def test_only_some_baselines_may_be_asked_for() -> None:
    some = [row for row in baselines_of("label_probabilities") if row.trivial]
    scores = score_li(fakes.label_attack(), fakes.corpus(), 0, some)
    assert {parts_of(name)[1] for name in scores.baselines} == {"most_frequent_label"}


@pytest.mark.parametrize(("metric", "baseline"), [("unheard", "prior"), ("kl", "unheard")])
def test_what_is_in_no_table_is_refused(metric: str, baseline: str) -> None:
    scores = Scores(np.zeros(4, np.int32))
    with pytest.raises(KeyError, match="unheard"):
        scores.metric(metric, np.ones(4), {baseline: np.ones(4)})


def test_a_class_without_shadow_samples_is_no_error() -> None:
    corpus = fakes.corpus(set_size=5)
    own = corpus.splits.shadow
    corpus.dataset.labels[own[corpus.dataset.labels[own] == 2]] = 0
    attack = fakes.label_attack("lde", "label_distribution")
    scores = score_lde(attack, corpus, 0)
    assert np.isfinite(scores.baselines["kl:random_histogram"].mean)
