"""Stages: what took how long, and what was found on disk."""

import pytest

from ulk_tf.evaluation.stages import Stages, seconds, stage_lines


def test_stages_are_timed_and_told_in_order() -> None:
    stages = Stages()
    with stages.stage("corpus") as noted:
        noted["reused"] = "all updates"
    with stages.stage("training"):
        pass
    assert list(stages.timing) == ["corpus", "training"]
    assert seconds(stages.timing) < 1
    first, second = stage_lines(stages.timing)
    assert first == "corpus: 0.0 s (found on disk: all updates)"
    assert second == "training: 0.0 s"


def test_a_stage_that_fails_is_none() -> None:
    stages = Stages()
    with pytest.raises(KeyError), stages.stage("training"):
        raise KeyError
    assert stages.timing == {}
