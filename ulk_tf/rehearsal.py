"""Rehearsal: whatever the end of a run needs, tried with tiny networks before anything is trained.

A training takes minutes to hours. The attack's networks are made in tiny sizes, exported by the
very function that exports trained ones, run by the C++ loader and drawn; nothing is learned.
"""

import dataclasses
import inspect
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ulk_tf.attacks.devices import plain_keras
from ulk_tf.attacks.fit import untrained
from ulk_tf.attacks.signature import Trained
from ulk_tf.classifiers import keras_state
from ulk_tf.corpus.base_id import ROLES_OF
from ulk_tf.corpus.build import Corpus, designs_of
from ulk_tf.corpus.defended import defended
from ulk_tf.corpus.design import Design
from ulk_tf.corpus.updates import Updates
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import Role, Splits
from ulk_tf.errors import UserError
from ulk_tf.files import Array, check_folder, digest, write_text
from ulk_tf.preflight import Loaded
from ulk_tf.progress import no_bars
from ulk_tf.serving.assets import package_versions
from ulk_tf.serving.export import export_attack
from ulk_tf.settings.attack_configs import AttackConfig
from ulk_tf.settings.attack_row import AttackRow
from ulk_tf.settings.attack_table import attack_row, imported
from ulk_tf.settings.experiment import Experiment

# Samples of the tiny data set, by role, and updates of each role.
SAMPLES: dict[Role, int] = {"shadow": 8, "validation": 4, "target": 4}
UPDATES, BASES = 4, 2
REMEDY = "Nothing has been trained yet."


def rehearse(experiment: Experiment, loaded: Loaded) -> None:
    """Try export, C++ loader, pictures and folders of a run.

    An attack that has passed is not exported again by later runs of the same folders.

    Args:
        experiment: all settings of the run.
        loaded: its data.

    Raises:
        UserError: the end of the run would fail.
    """
    folders = experiment.folders
    for folder, flag in ((folders.runs_dir, "--runs_dir"), (folders.export_dir, "--export_dir")):
        check_folder(Path(folder), flag)
    row = attack_row(experiment.attack_name)
    with _put_into_words(f"pictures of {row.title} that can be drawn"):
        _draw()
    with keras_state.kept(seeds=True), keras_state.own_names(), plain_keras(), no_bars():
        with _put_into_words(f"settings with which {row.title} can be built"):
            corpus = _tiny_corpus(experiment, loaded)
            passed = Path(folders.runs_dir) / "rehearsed" / _key(row, experiment, corpus)
        if not passed.exists():
            with _put_into_words(f"an export of {row.title} that TF Serving can run"):
                _export(row, experiment, corpus)
            write_text(passed, "")


def _draw() -> None:
    from ulk_tf.evaluation.charts import curves  # noqa: PLC0415 - its import may fail

    with tempfile.TemporaryDirectory() as folder:
        curves(Path(folder) / "curves.png", {"loss": [1.0, 0.5]}, "epoch", "loss")


def _export(row: AttackRow, experiment: Experiment, corpus: Corpus) -> None:
    config = _tiny_config(row, experiment)
    with tempfile.TemporaryDirectory() as folder:
        with untrained():
            trained: Trained = imported(row.train)(config, corpus, experiment.seed, Path(folder))
        try:
            export_attack(
                trained.attack,
                export_dir=Path(folder) / "exported",
                dataset=corpus.dataset.name,
                probing_set=corpus.probing_set,
                metadata={
                    "output": row.output,
                    "unit": row.unit,
                    "class_names": list(corpus.dataset.class_names),
                    "config": dataclasses.asdict(experiment),
                },
            )
        except UserError as error:
            # The folder is gone when the sentence is read.
            received = error.received.rpartition(f"{folder}/")[2].partition(": ")
            raise UserError(error.expected, received[2] or error.received, error.remedy) from error


def _key(row: AttackRow, experiment: Experiment, corpus: Corpus) -> str:
    """Digest of everything that decides whether a rehearsal passes."""
    updates = corpus.updates["shadow"]
    module = inspect.getmodule(imported(row.train))
    config = _tiny_config(row, experiment)
    return digest(
        [row.name, row.output, dataclasses.asdict(config), package_versions()],  # type: ignore[call-overload]
        inspect.getsource(module) if module else "",
        [list(corpus.dataset.sample_shape), list(updates.after.shape), updates.indices.shape[1]],
        [list(corpus.dataset.class_names), corpus.probing_set.dtype.name, updates.form.as_json()],
    )[:16]


def _tiny_config(row: AttackRow, experiment: Experiment) -> AttackConfig:
    return dataclasses.replace(experiment.attack, **row.rehearsed)  # type: ignore[type-var]


def _tiny_corpus(experiment: Experiment, loaded: Loaded) -> Corpus:
    """A corpus of made-up posteriors, with the run's probes, classes and defences."""
    full, designs = designs_of(experiment, loaded.dataset, loaded.shadow_dataset)
    ends = np.cumsum(list(SAMPLES.values()))
    parts = dict(
        zip(SAMPLES, np.split(np.arange(ends[-1], dtype=np.int32), ends[:-1]), strict=True)
    )
    no_probes = np.zeros(0, np.int32)
    splits = Splits(no_probes, **parts, base_sizes=full.base_sizes, seed=full.seed)
    datasets = [_tiny_dataset(design.dataset) for design in designs]
    probing_set = designs[0].probing_set
    updates = {
        role: defended(design, _made_up(design, loaded.dataset.classes, parts[role]), role)
        for design in designs
        for role in ROLES_OF[design.side]
    }
    return Corpus("rehearsal", datasets[1], datasets[0], splits, probing_set, {}, updates)


def _tiny_dataset(dataset: Dataset) -> Dataset:
    rows = np.resize(np.arange(len(dataset.labels)), sum(SAMPLES.values()))
    return Dataset(dataset.name, dataset.samples[rows], dataset.labels[rows], dataset.class_names)


def _made_up(design: Design, classes: int, samples: Array) -> Updates:
    """Random posteriors in the shape of a corpus, and sets of one or two samples."""
    random = np.random.default_rng(0)
    size = min(design.party.update.set_size, 2)
    before, after = (
        random.dirichlet(np.ones(classes), (count, len(design.probing_set))).astype(np.float32)
        for count in (BASES, UPDATES)
    )
    return Updates(
        np.arange(UPDATES, dtype=np.int32) % BASES,
        before,
        after,
        random.choice(samples, (UPDATES, size)).astype(np.int32),
    )


@contextmanager
def _put_into_words(expected: str) -> Iterator[None]:
    """Turn whatever fails into one sentence, for nothing is lost yet and all can be mended."""
    try:
        yield
    except UserError as error:
        raise UserError(
            error.expected, error.received, f"{error.remedy} {REMEDY}".strip()
        ) from error
    except Exception as error:  # libraries of all kinds take part
        reason = " ".join(str(error).split())[:300]
        received = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
        raise UserError(expected, received, REMEDY) from error
