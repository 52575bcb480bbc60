"""The tables of metrics, baselines and outputs: whole, and what they name is there."""

import pytest

from ulk_tf.auditing.telling import TELL
from ulk_tf.evaluation import baselines_table, metrics_table
from ulk_tf.evaluation.baselines_table import BASELINES, BaselineRow, trivial, uninformed
from ulk_tf.evaluation.metrics_table import METRICS, MetricRow, metrics_of
from ulk_tf.evaluation.outputs import OUTPUTS
from ulk_tf.settings.attack_table import ATTACKS, imported


def test_every_attack_is_judged_compared_told_and_drawn() -> None:
    for row in ATTACKS.values():
        assert row.headline == metrics_of(row.output)[0].name
        beside = [one for one in BASELINES.values() if row.output in one.answers]
        # A guess, and the attack that is fed another update's posteriors.
        assert {one.trivial for one in beside} == {True, False}
        assert "shuffled" in [one.name for one in beside]
        assert row.output in OUTPUTS
        known = {f"{m.name}:{b.name}" for m in METRICS.values() for b in beside} | set(METRICS)
        assert set(row.figures) <= known
        assert callable(imported(row.train)) and callable(imported(row.score))


def test_functions_that_rows_name_are_there() -> None:
    paths = [path for row in BASELINES.values() for path in row.answers.values()]
    paths += [row.values for row in METRICS.values()]
    paths += [row.draw for row in OUTPUTS.values()]
    assert all(callable(imported(path)) for path in paths)
    measures = [imported(row.measure) for row in METRICS.values()]
    assert all(callable(m.estimate) and callable(m.gain) for m in measures)  # type: ignore[attr-defined]
    assert all(row.title for table in (METRICS, BASELINES) for row in table.values())


def test_every_output_is_put_into_words() -> None:
    assert list(TELL) == list(OUTPUTS)


def test_every_baseline_answers_outputs_that_there_are() -> None:
    for row in BASELINES.values():
        assert row.answers and set(row.answers) <= set(OUTPUTS)


def test_who_is_told_nothing_of_the_update() -> None:
    told = {
        "autoencoder",
        "class_mean_of_true_label",
        "class_mean_of_predicted_label",
        "random_of_same_label",
        "nearest_shadow_update",
        "risen_class",
        "label_oracle",
        "matched_oracle",
    }
    assert uninformed() == set(BASELINES) - told
    assert trivial() == uninformed() - {"shuffled"}


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (baselines_table, BaselineRow("prior", "Another prior")),
        (metrics_table, MetricRow("kl", "Another divergence")),
    ],
)
def test_a_name_is_given_once(table, row) -> None:
    with pytest.raises(ValueError, match="a new name"):
        table.register(row)
