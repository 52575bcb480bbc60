"""Ten audits of updates that fit an export are silent; of updates that do not, they are not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import SMALL
from ulk_tf.attacks.signature import Trained, TrainedAttack, pair_specs
from ulk_tf.auditing.audit import audit
from ulk_tf.blackbox.recording import Recording
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.build import Corpus, build_corpus, designs_of
from ulk_tf.evaluation.seen import seen
from ulk_tf.files import Array
from ulk_tf.serving.export import export_attack
from ulk_tf.serving.loading import LoadedAttack, load_attack
from ulk_tf.settings import presets
from ulk_tf.settings.attack_table import attack_row

TEN = 10


@pytest.fixture(scope="module")
def attack(single_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> LoadedAttack:
    """A label attack without weights that says, as any export does, what it was made for."""
    return exported(single_corpus, tmp_path_factory.mktemp("exported"))


def exported(corpus: Corpus, folder: Path) -> LoadedAttack:
    """Export the attack for a corpus."""

    def answer(before: tf.Tensor, after: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"label_probabilities": tf.nn.softmax(tf.reduce_sum(after - before, 1))}

    shape = corpus.updates["shadow"].after.shape[1:]
    trained = Trained(TrainedAttack.of("li", answer, pair_specs(*shape)), {})
    path = export_attack(
        trained.attack,
        export_dir=folder,
        dataset="digits",
        probing_set=corpus.probing_set,
        metadata={
            "output": "label_probabilities",
            "class_names": list(corpus.dataset.class_names),
            "answers": corpus.updates["shadow"].form.as_json(),
            "metrics": {},
            "config": {},
            "seen": seen(attack_row("li"), trained, corpus, 0),
        },
    )
    return load_attack(path)


def misfits(attack: LoadedAttack, before: Array, after: Array) -> Iterator[bool]:
    """Whether an audit of each update says that the attack does not fit, and claims nothing."""
    versions = [Recording(before.astype(np.float64), versions=("1",))]
    for one in after.astype(np.float64):
        found = audit(versions[0], Recording(one, versions=("2",)), [attack])
        said = any("does not fit" in warning for warning in found.warnings)
        assert said == (not found.findings) == ("No attack fits" in found.verdict)
        yield said


def updated(corpus: Corpus, **flags: Any) -> tuple[Array, Array]:
    """Posteriors before and after ten real updates of the first target, with other settings."""
    settings = SMALL | {"target_updates": TEN, "runs_dir": "unused"} | flags
    _, (_, design) = designs_of(presets.experiment("li", **settings), corpus.dataset)
    base = BaseId("target", 0)
    job = design.update_job(base, corpus.bases[base], 0, TEN)
    found = job.run({corpus.dataset.fingerprint: corpus.dataset})
    return found["before"], found["after"]


def test_ten_audits_that_fit_are_silent(attack: LoadedAttack, single_corpus: Corpus) -> None:
    updates = single_corpus.updates["target"]
    assert len({*updates.base.tolist()}) == 2
    for base in range(2):
        rows = np.flatnonzero(updates.base == base)[: TEN // 2]
        before, after = updates.pair(rows)
        assert list(misfits(attack, before[0], after)) == [False] * (TEN // 2)


def test_ten_updates_with_thirty_times_the_rate_are_not(
    attack: LoadedAttack, single_corpus: Corpus
) -> None:
    usual = presets.experiment("li", **SMALL).owner.update.update_learning_rate
    before, after = updated(single_corpus, update_learning_rate=30 * usual)
    assert sum(misfits(attack, before, after)) == TEN


def sharpened(posteriors: Array) -> Array:
    """Answers of a classifier of another kind that is far surer of itself."""
    raised = posteriors.astype(np.float64) ** 6
    return raised / raised.sum(-1, keepdims=True)


def test_ten_updates_of_a_far_surer_classifier_are_not(
    attack: LoadedAttack, single_corpus: Corpus
) -> None:
    updates = single_corpus.updates["target"]
    before, after = updates.pair(np.flatnonzero(updates.base == 0)[:TEN])
    assert sum(misfits(attack, sharpened(before[0]), sharpened(after))) == TEN


@pytest.mark.parametrize("moved", ["classes", "two classes", "rows"])
def test_real_answers_in_another_order_are_not(
    moved: str, attack: LoadedAttack, single_corpus: Corpus
) -> None:
    """No range of confidence or movement shows it."""
    before, after = single_corpus.updates["target"].pair(np.arange(TEN))
    classes, rows = np.arange(10), np.arange(before.shape[1])
    if moved == "rows":
        rows = np.random.default_rng(0).permutation(rows)
    else:
        classes = np.roll(classes, 1) if moved == "classes" else np.array([1, 0, *range(2, 10)])
    answers = [one[:, rows][:, :, classes] for one in (before[:1], after)]
    assert list(misfits(attack, answers[0][0], answers[1])) == [True] * TEN


@pytest.mark.slow
def test_an_attack_that_was_trained_on_labels_fits_labels(
    single_corpus: Corpus, tmp_path: Path
) -> None:
    """All of them are as sure as can be."""
    settings = SMALL | {"defence": "label", "runs_dir": str(tmp_path)}
    corpus = build_corpus(presets.experiment("li", **settings), single_corpus.dataset)
    updates = corpus.updates["target"]
    before, after = updates.pair(np.arange(len(updates)))
    moved = [row for row in range(len(after)) if (before[row] != after[row]).any()]
    assert moved
    found = list(misfits(exported(corpus, tmp_path), before[0], after[moved[:TEN]]))
    assert not any(found)
