"""Estimates count what is missing, say it in a sentence, and write nothing."""

from pathlib import Path

import numpy as np
import pytest

from tests.corpus.settings import TINY, built, contents, digits, tiny
from ulk_tf.attacks.autoencoder import autoencoder_file, autoencoder_key
from ulk_tf.attacks.gan_parts import convolutional
from ulk_tf.corpus import build
from ulk_tf.estimating import estimate as module
from ulk_tf.estimating import rates
from ulk_tf.estimating.attack_work import attack_work
from ulk_tf.estimating.estimate import Estimate, estimate, learn
from ulk_tf.estimating.rates import Rates
from ulk_tf.estimating.work import BASES, EXPORT, SCORING, START, TRAINING, UPDATES, Found
from ulk_tf.files import save_npz
from ulk_tf.preflight import Loaded
from ulk_tf.settings import presets
from ulk_tf.settings.experiment import Experiment

LOADED = Loaded(digits())


def estimated(folder: Path, *flags) -> Estimate:
    experiments = [tiny(folder, **one) for one in flags or ({},)]
    found = estimate(experiments, LOADED, [folder / "run"] * len(experiments), Rates(speed=1.0))
    assert found is not None
    return found


@pytest.mark.slow
def test_counts_are_those_of_what_is_missing(tmp_path) -> None:
    fresh = estimated(tmp_path)
    # Two shadow bases of 40, one held-out of 5, one target of 20.
    assert (fresh.found.bases, fresh.found.updates) == (4, 105)
    assert not list(tmp_path.iterdir())
    assert {START, BASES, UPDATES, TRAINING, SCORING, EXPORT} - {START} <= set(fresh.parts)
    # Corpora that runs share count once.
    both = estimated(tmp_path, {}, {"epochs": 2})
    assert (both.found.bases, both.found.updates) == (4, 105)
    more = estimated(tmp_path, {}, {"training_updates": 50})
    assert (more.found.bases, more.found.updates) == (4, 125)

    built(tmp_path)
    before = contents(tmp_path)
    complete = estimated(tmp_path)
    assert (complete.found.bases, complete.found.updates) == (0, 0)
    assert "; the corpus is on disk: " in complete.sentence
    assert complete.seconds < fresh.seconds

    extended = estimated(tmp_path, {"training_updates": 50, "training_bases": 3})
    assert (extended.found.bases, extended.found.updates) == (1, 2 * 10 + 50)
    shard = next(tmp_path.rglob("shadow-000_*.npz"))
    shard.unlink()
    partly = estimated(tmp_path)
    assert (partly.found.bases, partly.found.updates) == (0, 40)
    assert {**before} == {
        **contents(tmp_path),
        **{k: v for k, v in before.items() if k.endswith(shard.name)},
    }


EXTRACTION = {"extraction_queries": 100, "target_bases": 2}


@pytest.mark.slow
def test_extraction_takes_shadow_models_and_an_attack_for_each_target(tmp_path) -> None:
    fresh = estimated(tmp_path, EXTRACTION)
    # Two targets of 20; for each of them two shadow bases of 40 and one held-out of 5.
    assert (fresh.found.bases, fresh.found.updates) == (2 + 2 * 3, 2 * 20 + 2 * 85)
    kinds = [work.kind for work in fresh.found.works]
    assert [work.count for work in fresh.found.works if work.kind == "query"] == [100, 100]
    assert kinds.count("training start") == 2 and EXPORT not in fresh.parts
    assert not list(tmp_path.iterdir())
    build.build_corpora(tiny(tmp_path, **EXTRACTION), digits())
    complete = estimated(tmp_path, EXTRACTION)
    assert (complete.found.bases, complete.found.updates) == (0, 0)


@pytest.mark.slow
def test_choosing_probes_takes_updates_of_its_own(tmp_path) -> None:
    chosen = {"probes": "chosen"}
    fresh = estimated(tmp_path, chosen)
    # Two shadow bases of 40 and one held-out of 1 are asked all candidates, beside the usual 105.
    assert (fresh.found.bases, fresh.found.updates) == (4, 105 + 81)
    (choice,) = [work for work in fresh.found.works if work.kind == "chosen probe"]
    assert choice.count == 6 and choice.size > 0
    built(tmp_path, **chosen)
    assert estimated(tmp_path, chosen).found.bases == 0


def test_epochs_of_a_killed_training_are_done(tmp_path) -> None:
    def steps() -> float:
        works = attack_work(tiny(tmp_path, epochs=5), LOADED, tmp_path)
        return sum(work.count for work in works if work.kind == "attack step")

    assert steps() == 5
    state = tmp_path / "training" / "lde.npz"
    save_npz(state, {"told": np.array('{"curves": {"loss": [1, 1], "val_loss": [1, 1]}}')})
    assert steps() == 3
    state.write_bytes(b"damaged")
    assert steps() == 5


def test_an_autoencoder_that_another_run_has_trained_is_done(tmp_path) -> None:
    def msr(**changes: object) -> Experiment:
        sizes = TINY | {"set_size": 8, "autoencoder_epochs": 3}
        return presets.experiment("msr", runs_dir=str(tmp_path), **(sizes | changes))

    def steps(experiment: Experiment, run: str) -> float:
        works = attack_work(experiment, LOADED, tmp_path / run)
        return sum(work.count for work in works if work.kind == "autoencoder step")

    first, fresh = msr(), steps(msr(), "first")
    splits, (design, _) = build.designs_of(first, digits())
    convolves = convolutional(first.attack, digits())
    key = autoencoder_key(digits(), splits, first.attack.noise_dim, 3, first.seed, convolves)
    told = np.array('{"curves": {"loss": [1, 1, 1], "val_loss": [1, 1, 1]}}')
    save_npz(autoencoder_file(design.home, key), {"told": told})
    assert steps(msr(update_epochs=2), "second") == 0 < fresh
    assert steps(msr(autoencoder_epochs=6), "third") == 2 * fresh
    # One is enough for the attacks of several targets.
    stolen = {"extraction_queries": 100, "target_bases": 2, "autoencoder_epochs": 6}
    assert steps(msr(**stolen), "fourth") == 2 * fresh


@pytest.mark.parametrize(
    ("bases", "updates", "parts", "sentence"),
    [
        (
            37,
            66_600,
            {BASES: 480, UPDATES: 120, TRAINING: 60, SCORING: 60},
            "about 12 minutes: 37 base models (8 min), 66,600 updates (2 min), training (60 s), "
            "scoring (60 s)",
        ),
        (
            0,
            0,
            {START: 8, TRAINING: 150, SCORING: 1},
            "about 3 minutes; the corpus is on disk: corpus (8 s), training (2 min)",
        ),
        (1, 1, {BASES: 1, UPDATES: 0.2}, "about 5 seconds: 1 base model (1 s), 1 update (1 s)"),
        (1, 0, {BASES: 7200}, "about 2.0 hours: 1 base model (2.0 h)"),
    ],
)
def test_the_sentence(bases, updates, parts, sentence) -> None:
    assert Estimate(Found((), bases, updates), parts).sentence == sentence


def test_a_run_is_estimated_as_the_last_one_went(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(rates, "multiplying", lambda: rates.REFERENCE)
    first = estimated(tmp_path)
    # A machine on which everything takes three times as long.
    timing = {stage: {"seconds": 3 * one} for stage, one in first.stages.items()}
    slow = {part: 3 * first.parts[part] for part in (BASES, UPDATES)}
    timing["corpus"] = {"seconds": sum(slow.values()), "parts": slow}
    learn(first.found.works, timing)
    again = estimate([tiny(tmp_path)], LOADED, [tmp_path / "run"])
    assert again is not None
    assert set(again.stages) == set(timing)
    for stage, seconds in again.stages.items():
        assert seconds == pytest.approx(timing[stage]["seconds"], rel=0.3)


def test_an_estimate_that_cannot_be_made_is_left_out(tmp_path, monkeypatch, capsys) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(module, "corpus_work", broken)
    none = estimate([tiny(tmp_path)], LOADED, [tmp_path])
    assert none is None
    module.announce(none)
    assert capsys.readouterr().err == ""
