"""Changes of the training data: what each update adds, removes and keeps; corpora of them."""

from pathlib import Path

import numpy as np
import pytest

from tests.corpus.settings import built, designs
from ulk_tf.classifiers.procedure import Change
from ulk_tf.corpus.changes import changes_of, trained_on
from ulk_tf.corpus.jobs import UpdateJob
from ulk_tf.errors import UserError
from ulk_tf.settings.update_config import UpdateConfig

OLD = np.arange(100, 160, dtype=np.int32)
NEW = np.arange(6, dtype=np.int32)
SEED = np.array([3, 4], np.int32)


def test_old_samples_are_mixed_into_every_set() -> None:
    config = UpdateConfig(set_size=3, updates_between=2, old_samples=5)
    first, second = changes_of(config, NEW, SEED, OLD)
    assert [first.added.tolist(), second.added.tolist()] == [[0, 1, 2], [3, 4, 5]]
    for change in (first, second):
        assert len(set(change.kept.tolist())) == 5 and np.isin(change.kept, OLD).all()
        assert not len(change.removed)
    assert sorted(first.kept) != sorted(second.kept)
    rows = trained_on(config, NEW, SEED, OLD)
    for part, change in zip(np.split(rows, 2), (first, second), strict=True):
        assert sorted(part) == sorted([*change.added, *change.kept])
        assert part.tolist() != [*change.added, *change.kept]
    np.testing.assert_array_equal(rows, trained_on(config, NEW, SEED, OLD))
    assert rows.tolist() != trained_on(config, NEW, SEED + 1, OLD).tolist()


def test_plain_updates_train_on_the_plan_as_it_is() -> None:
    np.testing.assert_array_equal(trained_on(UpdateConfig(set_size=6), NEW, SEED, OLD), NEW)


@pytest.mark.parametrize(
    ("method", "old_samples", "added", "removed", "kept"),
    [
        ("retraining", 0, 6, 0, 60),
        ("unlearning_by_retraining", 0, 0, 6, 54),
        ("unlearning_by_fine_tuning", 0, 0, 6, 54),
        ("unlearning_by_fine_tuning", 20, 0, 6, 20),
        ("unlearning_by_ascent", 0, 0, 6, 54),
    ],
)
def test_what_a_method_adds_removes_and_keeps(
    method: str, old_samples: int, added: int, removed: int, kept: int
) -> None:
    config = UpdateConfig(set_size=6, update_method=method, old_samples=old_samples)  # type: ignore[arg-type]
    planned = OLD[:6] if config.removes else NEW
    (change,) = changes_of(config, planned, SEED, OLD)
    assert (len(change.added), len(change.removed), len(change.kept)) == (added, removed, kept)
    assert not np.isin(change.kept, planned).any() and np.isin(change.kept, OLD).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "flags",
    [
        {"old_samples": 4, "updates_between": 2},
        {"update_method": "unlearning_by_fine_tuning", "old_samples": 6},
        {"update_method": "unlearning_by_ascent"},
    ],
)
def test_corpora_are_computed_by_such_updates(tmp_path: Path, flags: dict[str, object]) -> None:
    corpus, plain = built(tmp_path, **flags), built(tmp_path)
    design = designs(tmp_path, **flags)[1]
    base = next(iter(design.updates))
    updates = corpus.updates["target"]
    np.testing.assert_array_equal(updates.indices, design.plan[base].indices[:, -3:])
    removes = design.party.update.removes
    old = design.pool(base) if removes else design.old(base)
    assert np.isin(updates.indices, old).all() == removes
    assert np.abs(updates.after - plain.updates["target"].after).max() > 1e-4
    # Base models are shared: an update changes nothing of their training.
    assert corpus.bases[base].digest == plain.bases[base].digest
    # The same bytes when it is computed in other parts.
    job = design.update_job(base, corpus.bases[base], 5, 9)
    again = job.run({design.dataset.fingerprint: design.dataset})["after"]
    np.testing.assert_array_equal(again, updates.after[5:9])


@pytest.mark.slow
def test_updates_from_scratch_do_not_read_the_base_model(tmp_path: Path) -> None:
    few = {"training_bases": 1, "training_updates": 2, "validation_updates": 1, "target_updates": 2}
    corpus = built(tmp_path, update_method="retraining", **few)
    design = designs(tmp_path, update_method="retraining", **few)[1]
    base = next(iter(design.updates))
    job = design.update_job(base, corpus.bases[base], 0, 1)
    changed = UpdateJob(**{**vars(job), "weights": tuple(0 * w for w in job.weights)})
    after = changed.run({design.dataset.fingerprint: design.dataset})["after"]
    np.testing.assert_array_equal(after[0], corpus.updates["target"].after[0])


def test_a_procedure_of_another_kind_is_told_the_change(tmp_path: Path) -> None:
    """Without `update_many`, each update is one call with what is added, removed and kept."""
    design = designs(tmp_path, updates_between=2, old_samples=4)[1]
    base = next(iter(design.updates))
    seen: list[Change] = []

    class Remembering:
        def update(self, weights: object, change: Change, seed: int) -> object:
            seen.append(change)
            return weights

        def predict_proba(self, weights: object, samples: np.ndarray) -> np.ndarray:
            return np.full((len(samples), 10), 0.1)

    model = type("Model", (), {"weights": ()})()
    job = design.update_job(base, model, 0, 2)
    UpdateJob(**{**vars(job), "procedure": Remembering()}).run(
        {design.dataset.fingerprint: design.dataset}
    )
    assert [len(change.added) for change in seen] == [3] * 4
    assert [len(change.kept) for change in seen] == [4] * 4
    planned = design.plan[base].indices[0]
    np.testing.assert_array_equal(seen[1].added.labels, design.dataset.labels[planned[3:]])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"old_samples": 10_000}, "--old_samples up to"),
        ({"update_method": "unlearning_by_ascent", "set_size": 700}, "no larger than its pool"),
    ],
)
def test_more_old_samples_than_there_are(
    tmp_path: Path, flags: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        designs(tmp_path, **flags)


def test_a_new_class_changes_base_models_and_the_name_of_the_corpus(tmp_path: Path) -> None:
    plain, new = designs(tmp_path)[1], designs(tmp_path, new_classes="3")[1]
    base = next(iter(plain.updates))
    assert 3 in plain.dataset.labels[plain.old(base)]
    assert 3 not in new.dataset.labels[new.old(base)]
    assert plain.base_key(base) != new.base_key(base) and plain.folder != new.folder
