"""A corpus on disk: what is there is used, what is missing is computed, and nothing else is."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.corpus.conftest import Asked
from tests.corpus.settings import ALL, built, contents, designs, folder_of, tiny
from ulk_tf.classifiers import base_loop, zoo
from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.build import Corpus
from ulk_tf.corpus.locks import locked
from ulk_tf.data.splits import ROLES
from ulk_tf.errors import UserError
from ulk_tf.files import load_npz


def assert_begins(longer: Corpus, shorter: Corpus) -> None:
    """Assert that every base's updates begin with those of a shorter corpus, bit for bit."""
    for side in ROLES:
        one, other = longer.updates[side], shorter.updates[side]
        for number in np.unique(other.base):
            np.testing.assert_array_equal(one.before[number], other.before[number])
            for name in ("after", "indices"):
                more, less = (getattr(part, name)[part.base == number] for part in (one, other))
                np.testing.assert_array_equal(more[: len(less)], less)


def test_a_corpus_holds_what_was_planned(home: Path) -> None:
    corpus = built(home)
    dataset, splits = corpus.dataset, corpus.splits
    model = zoo.build("auto", dataset.sample_shape, dataset.classes)
    engine = UpdateEngine(model, tiny(home).owner.update, dataset.samples[splits.probes])
    plans = [load_npz(design.folder / "plan.npz") for design in designs(home)]
    for number, side in enumerate(ROLES):
        updates = corpus.updates[side]
        plan = plans[side == "target"]
        planned = plan["role"] == number
        assert len(updates) == planned.sum() > 0
        np.testing.assert_array_equal(updates.base, plan["base"][planned])
        np.testing.assert_array_equal(updates.indices, plan["indices"][planned])
        assert updates.after.shape == (len(updates), 6, 10)
        np.testing.assert_allclose(updates.after.sum(-1), 1, atol=1e-5)
        for row in (0, len(updates) - 1):
            base = corpus.bases[BaseId(side, int(updates.base[row]))]
            own = updates.indices[[row]]
            seeds = plan["seeds"][planned][[row]]
            after = engine.after(base.weights, dataset.samples[own], dataset.labels[own], seeds)
            np.testing.assert_allclose(updates.after[row], after[0], atol=1e-6)
            before = engine.before(base.weights)
            np.testing.assert_allclose(updates.before[updates.base[row]], before, atol=1e-6)
            assert np.abs(updates.after[row] - before).max() > 1e-4


def test_a_second_build_computes_nothing(copy: Path, asked: Asked) -> None:
    before = contents(copy)
    built(copy)
    assert asked.look() == (0, 0)
    assert contents(copy) == before


def test_extending_computes_only_what_is_new(copy: Path, asked: Asked, tmp_path: Path) -> None:
    shorter = built(copy)
    shards = {n: d for n, d in contents(copy).items() if "_" in Path(n).name}
    longer = built(copy, training_updates=70, target_updates=21)
    assert asked.look() == (0, 2 * 30 + 1)
    assert shards.items() <= contents(copy).items()
    assert_begins(longer, shorter)
    # One more base model: it alone.
    wider = built(copy, training_updates=70, target_updates=21, training_bases=3)
    assert asked.look() == (1, 70)
    assert_begins(wider, longer)
    # And less again: nothing, and the same as ever.
    again = built(copy)
    assert asked.look() == (0, 0)
    assert_begins(shorter, again)
    assert_begins(again, shorter)
    # As if it had been asked for at once.
    shutil.copytree(copy / "digits" / "bases", tmp_path / "other" / "digits" / "bases")
    at_once = built(tmp_path / "other", training_updates=70, target_updates=21, training_bases=3)
    for side in ROLES:
        np.testing.assert_array_equal(at_once.updates[side].after, wider.updates[side].after)


def test_base_models_are_shared_by_corpora_of_the_same_data(copy: Path, asked: Asked) -> None:
    first = built(copy)
    other = built(copy, set_size=4, training_updates=2)
    assert asked.look() == (0, 2 * 2 + 5 + 20)
    assert other.key != first.key
    assert {b: m.digest for b, m in other.bases.items()} == {
        b: m.digest for b, m in first.bases.items()
    }


@pytest.mark.parametrize(
    "flags",
    [{"seed": 1}, {"set_size": 4}, {"label_skew": 0.5}, {"update_learning_rate": 0.02},
     {"update_epochs": 2}, {"n_probes": 7}, {"target": "mlp"}, {"base_epochs": 2},
     {"base_size": 300}],
    ids=str,
)  # fmt: skip
def test_a_corpus_is_found_by_all_that_decides_its_bytes(
    tmp_path: Path, flags: dict[str, object]
) -> None:
    for side in (0, 1):
        assert folder_of(tmp_path, side, **flags) != folder_of(tmp_path, side)


@pytest.mark.parametrize(
    "flags",
    [{"shadow_update_learning_rate": 0.02}, {"shadow_target": "mlp"}, {"shadow_label_skew": 0.5},
     {"shadow_base_epochs": 2}, {"shadow_samples": 500}, {"shadow_set_size": 2},
     {"shadow_classes": "0-7"}, {"shadow_base_size": 300}],
    ids=str,
)  # fmt: skip
def test_what_the_adversary_assumes_leaves_the_owner_s_corpus(
    tmp_path: Path, flags: dict[str, object]
) -> None:
    assert folder_of(tmp_path, 0, **flags) != folder_of(tmp_path, 0)
    assert folder_of(tmp_path, 1, **flags) == folder_of(tmp_path, 1)


def test_an_adversary_who_is_wrong_about_the_rate_reuses_the_owner_s_corpus(
    copy: Path, asked: Asked
) -> None:
    wrong = built(copy, shadow_update_learning_rate=0.05)
    assert asked.look() == (0, ALL - 20)
    right = built(copy)
    np.testing.assert_array_equal(wrong.updates["target"].after, right.updates["target"].after)
    assert not np.array_equal(wrong.updates["shadow"].after, right.updates["shadow"].after)


def test_a_corpus_of_many_probes_serves_fewer(copy: Path, asked: Asked) -> None:
    many = built(copy, n_probes=9)
    assert asked.look() == (0, ALL)
    few = built(copy, n_probes=5)
    assert asked.look() == (0, 0)
    places = np.flatnonzero(np.isin(many.splits.probes, few.splits.probes))
    for role in ROLES:
        np.testing.assert_array_equal(few.updates[role].after, many.updates[role].after[:, places])
    np.testing.assert_array_equal(few.probing_set, many.probing_set[places])


def test_a_complete_corpus_is_read_while_another_process_holds_it(copy: Path) -> None:
    with locked(folder_of(copy)), locked(folder_of(copy, 1)):
        built(copy)


def test_a_stale_corpus_is_noticed(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(copy)
    plain = UpdateEngine.after

    def edited(*args: object, **flags: object) -> np.ndarray:
        after = plain(*args, **flags)
        return after * np.float32(0.999)

    with monkeypatch.context() as patched:
        patched.setattr(UpdateEngine, "after", edited)
        with pytest.raises(UserError, match=r"that this code and these libraries made.*Remove"):
            built(copy)
        with pytest.raises(UserError, match="that this code"):
            built(copy, training_updates=50)
    assert contents(copy).items() >= before.items() - {
        item for item in before.items() if "plan.npz" in item[0]
    }
    built(copy)


def test_and_by_nothing_else(tmp_path: Path) -> None:
    flags = {"executor": "processes", "workers": 2, "chunk_size": 3, "target_updates": 9}
    for side in (0, 1):
        assert folder_of(tmp_path, side, **flags, training_bases=5) == folder_of(tmp_path, side)
    # A model of the user's that is updated by other code is another corpus, too.
    engines = {designs(tmp_path, target=t)[0].identity["engine"] for t in TARGETS}
    assert len(engines) == 2


def test_another_training_loop_shares_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def names() -> set[object]:
        found = designs(tmp_path)
        return {d.folder for d in found} | {d.base_key(base) for d in found for base in d.updates}

    before = names()
    monkeypatch.setattr(base_loop, "LOOP_VERSION", base_loop.LOOP_VERSION + 1)
    assert not before & names()


TARGETS = ("tests.classifiers.own_targets:residual", "tests.classifiers.own_targets:chain")


def test_settings_that_do_not_fit_write_nothing(tmp_path: Path) -> None:
    for flags in ({"set_size": 500}, {"n_probes": 1700}, {"target": "nonsense"}):
        with pytest.raises(UserError):
            built(tmp_path / "runs", **flags)
    assert not (tmp_path / "runs").exists()
