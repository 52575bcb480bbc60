"""Warnings before updates are computed: empty classes, and base models that learned nothing."""

from pathlib import Path

import numpy as np
import pytest

from tests.corpus.settings import digits, tiny
from ulk_tf.corpus.build import build_corpus
from ulk_tf.corpus.soundness import about_data
from ulk_tf.data.datasets import Dataset


def test_classes_that_nobody_has_are_named() -> None:
    plain = digits()
    assert about_data(plain) == []
    names = tuple(map(str, range(12)))
    (told,) = about_data(Dataset("own", plain.samples, plain.labels, names))
    assert "own: no sample is of class 10, 11, of the 12 classes" in told
    (told,) = about_data(Dataset("own", plain.samples, plain.labels + 1, names[:11]))
    assert "class 0, of the 11" in told and "Labels count from 0." in told


@pytest.mark.slow
def test_base_models_that_learned_nothing_are_said_before_updates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = build_corpus(tiny(tmp_path, base_epochs=0, shadow_base_epochs=8), digits())
    (told,) = corpus.warnings
    assert told.startswith("1 of 4 base models have learned nothing")
    assert "(target-000 " in told and ", guess 1" in told
    shown = capsys.readouterr().err
    assert told in shown.replace("note: ", "")
    assert shown.index("learned nothing") < shown.index("updating models")


@pytest.mark.slow
def test_a_class_of_one_sample_and_an_empty_one_can_be_drawn(tmp_path: Path) -> None:
    plain = digits()
    labels = plain.labels.copy()
    labels[np.flatnonzero(labels == 9)[1:]] = 8
    names = tuple(map(str, range(12)))
    own = Dataset("own", plain.samples, labels, names)
    corpus = build_corpus(tiny(tmp_path, label_skew=0.5, base_epochs=3), own)
    assert corpus.updates["shadow"].after.shape[-1] == 12
    assert any("class 10, 11" in told for told in corpus.warnings)
