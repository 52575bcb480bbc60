"""Corpora of a base model from a file: the owner's updates, an outsider's, an insider's."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.corpus.settings import digits
from ulk_tf.classifiers import base_file
from ulk_tf.classifiers.zoo import mlp
from ulk_tf.corpus import build
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.redrawn import DRAWINGS
from ulk_tf.data import base_samples
from ulk_tf.settings import presets

OLD = np.arange(0, 900, 3, dtype=np.int32)
FLAGS: dict[str, Any] = {
    "set_size": 1,
    "n_probes": 5,
    "base_epochs": 0,
    "target_updates": 6,
    "validation_updates": 4,
    "executor": "inline",
    "target": "mlp",
}
BASES = {"training_bases": 1, "validation_bases": 1}


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(0)
    return mlp((8, 8, 1), 10)


def built(home: Path, model: keras.Model, insider: bool, **flags: Any) -> build.Corpus:
    name = base_file.give(model)
    files = {"base_model": name} | ({"shadow_base_model": name} if insider else BASES)
    given = FLAGS | files | {"base_samples": base_samples.give(OLD), "training_updates": 8} | flags
    experiment = presets.experiment("li", runs_dir=str(home), **given)
    return build.build_corpus(experiment, digits())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("insider")


@pytest.fixture(scope="module")
def both(home: Path, model: keras.Model) -> tuple[build.Corpus, build.Corpus]:
    return built(home, model, False), built(home, model, True)


def test_updates_are_those_of_the_very_model(
    both: tuple[build.Corpus, build.Corpus], model: keras.Model
) -> None:
    _, insider = both
    probes = insider.probing_set
    for role in ("shadow", "validation", "target"):
        np.testing.assert_allclose(insider.updates[role].before[0], model(probes), atol=1e-6)
    # Keras' own fit takes one step of SGD on the sample.
    updates, data = insider.updates["target"], digits()
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    rule, loss = keras.optimizers.SGD(0.01, 0.9), "sparse_categorical_crossentropy"
    copy.compile(rule, loss, jit_compile=False, run_eagerly=True)
    own = updates.indices[2]
    copy.fit(data.samples[own], data.labels[own], verbose=0)
    np.testing.assert_allclose(updates.after[2], copy(probes), atol=1e-5)


def test_outsider_and_insider_share_the_owner_s_updates(
    both: tuple[build.Corpus, build.Corpus],
) -> None:
    outsider, insider = both
    assert insider.insider and not outsider.insider
    for one, other in (
        (outsider.updates["target"].after, insider.updates["target"].after),
        (outsider.updates["target"].indices, insider.updates["target"].indices),
    ):
        np.testing.assert_array_equal(one, other)
    assert "6 of 18 updates" in insider.reused
    assert not np.allclose(outsider.updates["shadow"].before, insider.updates["shadow"].before)


def test_roles_draw_from_samples_of_their_own_and_never_from_old_ones(
    both: tuple[build.Corpus, build.Corpus],
) -> None:
    _, insider = both
    drawn = [set(insider.updates[role].indices.ravel()) for role in insider.updates]
    pools = [set(insider.splits.for_base(role, 0).pool) for role in insider.updates]
    for number, (own, pool) in enumerate(zip(drawn, pools, strict=True)):
        assert own <= pool and not pool & set(OLD)
        assert not any(pool & other for other in pools[number + 1 :])
    split = insider.splits.for_base("target", 0)
    assert split.base_known
    np.testing.assert_array_equal(split.base, OLD)
    assert insider.warnings == built_warnings(insider)
    # No flag trains a file longer.
    assert all("give another --base_model" in warning for warning in insider.warnings)


def built_warnings(corpus: build.Corpus) -> tuple[str, ...]:
    """An untrained model is all that is warned of."""
    return tuple(warning for warning in corpus.warnings if "learned nothing" in warning)


def test_a_file_is_measured_and_not_copied(
    both: tuple[build.Corpus, build.Corpus], home: Path, model: keras.Model
) -> None:
    _, insider = both
    data, base = digits(), insider.bases[BaseId("target", 0)]
    right = np.asarray(model(data.samples[OLD])).argmax(1) == data.labels[OLD]
    assert base.train_accuracy == pytest.approx(right.mean())
    stored = [path.name for path in (home / "digits" / "bases").glob("*.npz")]
    assert sorted(name[:6] for name in stored) == ["shadow", "valida"]


def test_other_weights_are_another_corpus(home: Path, model: keras.Model) -> None:
    other = keras.models.clone_model(model)
    folders = []
    for one in (model, other):
        experiment = presets.experiment(
            "li", runs_dir=str(home), base_model=base_file.give(one), **FLAGS
        )
        _, designs = build.designs_of(experiment, digits())
        folders.append(designs[1].folder)
        assert (
            designs[1].base_key(BaseId("target", 0))
            == base_file.BaseFile("", tuple(one.get_weights()), None).digest
        )
    assert folders[0] != folders[1]


def test_unknown_old_samples_are_warned_of(
    home: Path, model: keras.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = built(home, model, True, base_samples=None)
    assert any("makes the figures too low" in warning for warning in corpus.warnings)
    assert "makes the figures too low" in capsys.readouterr().err
    split = corpus.splits.for_base("target", 0)
    assert not split.base_known and not len(split.base)
    assert corpus.bases[BaseId("target", 0)].train_accuracy is None


def test_answers_of_the_very_model_lie_near_a_step_or_not(home: Path, model: keras.Model) -> None:
    """Rounding falls for an insider as for the target: there is nothing to draw again."""
    found = [
        built(home, model, insider, defence="round:2").updates["shadow"]
        for insider in (False, True)
    ]
    assert [len(one.drawings) for one in found] == [DRAWINGS, 1]
