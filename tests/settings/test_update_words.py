"""Words for updates: a plain one needs none, each setting beside it is said."""

import pytest

from ulk_tf.settings.update_config import UpdateConfig
from ulk_tf.settings.update_words import update_words


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({}, ""),
        ({"old_samples": 20}, "mixes 20 old samples into its updating set"),
        ({"updates_between": 3}, "3 updates; attacks infer the last"),
        ({"trained_layers": 1}, "trains the last 1 layers"),
        ({"update_method": "retraining"}, "a new classifier on the old samples and the updating"),
        ({"update_method": "unlearning_by_retraining"}, "What attacks infer is what was removed"),
        ({"update_method": "unlearning_by_fine_tuning"}, "further on all other old samples"),
        ({"update_method": "unlearning_by_fine_tuning", "old_samples": 9}, "on 9 old samples"),
        ({"update_method": "unlearning_by_ascent"}, "raises the base model's loss on it"),
    ],
)
def test_what_an_update_does(flags: dict[str, object], words: str) -> None:
    told = " ".join(update_words(UpdateConfig(**flags)))  # type: ignore[arg-type]
    assert words in told
    assert bool(told) == bool(flags)


def test_classes_that_base_models_have_never_seen() -> None:
    (told,) = update_words(UpdateConfig(), "8,9")
    assert "never seen the classes 8,9" in told
