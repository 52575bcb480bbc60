"""The story that every trainer tells: data, corpus, attack, scores, and what is left behind."""

import dataclasses
import importlib.metadata
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras

from ulk_tf import __version__
from ulk_tf.attacks.fit import TRAINING_STATE, Fitted
from ulk_tf.attacks.signature import TrainedAttack
from ulk_tf.classifiers import zoo
from ulk_tf.corpus.build import Corpus, build_corpus
from ulk_tf.data.datasets import Dataset, load, short_name
from ulk_tf.data.splits import check_set_size, split
from ulk_tf.evaluation.pictures import draw
from ulk_tf.evaluation.published import published
from ulk_tf.evaluation.report import headline, write_report
from ulk_tf.evaluation.scores import Scores
from ulk_tf.files import check_folder, digest, write_json
from ulk_tf.serving.export import export_attack
from ulk_tf.settings.experiment import Experiment

SCHEMA_VERSION = 1
PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn", "tensorflow-datasets")


class Study:
    """One experiment from its config to its report.

    Everything the user may have got wrong is checked before anything is written.

    Args:
        experiment: all settings.
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self._seconds: dict[str, float] = {}
        output = experiment.output
        check_folder(Path(output.runs_dir), "--runs_dir")
        check_folder(Path(output.export_dir), "--export_dir")
        with self.stage("data"):
            self.dataset = _load(experiment)
        splits = split(experiment.data, len(self.dataset.labels), experiment.seed)
        check_set_size(splits, experiment.update.set_size)
        zoo.build(experiment.target.target, self.dataset.sample_shape, self.dataset.classes)
        self.folder = run_folder(experiment)
        with self.stage("corpus"):
            self.corpus: Corpus = build_corpus(experiment, self.dataset)
        keras.utils.set_random_seed(experiment.seed)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        start = time.perf_counter()
        yield
        self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start

    def finish(self, attack: TrainedAttack, fitted: Fitted, scores: Scores) -> Path:
        """Export the attack, draw the figures, write results.json and report.html.

        Args:
            attack: trained.
            fitted: its curves.
            scores: on target updates.

        Returns:
            The path of results.json.
        """
        drawn = draw(self.folder / "figures", scores, fitted.curves, self.dataset)
        results = self._results(scores)
        # An export that is refused loses no figure.
        write_json(self.folder / "results.json", results)
        with self.stage("export"):
            exported = export_attack(
                attack,
                export_dir=Path(self.experiment.output.export_dir),
                dataset=self.dataset.name,
                probing_set=self.dataset.samples[self.corpus.splits.probes],
                metadata={
                    "class_names": list(self.dataset.class_names),
                    "config": results["config"],
                    "metrics": results["metrics"],
                    "baselines": results["baselines"],
                },
            )
        results["timing"] = self._timing()
        bases = {
            str(base): {
                "train_accuracy": model.train_accuracy,
                "pool_accuracy": model.pool_accuracy,
            }
            for base, model in self.corpus.bases.items()
        }
        write_report(self.folder / "report.html", results | {"base_models": bases}, drawn)
        results["environment"] |= {"base_models": bases}
        write_json(self.folder / "results.json", results)
        shutil.rmtree(self.folder / TRAINING_STATE, ignore_errors=True)
        for name, estimate in scores.metrics.items():
            print(f"{name:36} {estimate.mean:9.5f}  [{estimate.low:.5f}, {estimate.high:.5f}]")
        print(headline(results))
        for caption, path in drawn.items():
            print(f"picture: {path} ({caption})")
        print(f"export:  {exported}")
        print(f"report:  {self.folder / 'report.html'}")
        return self.folder / "results.json"

    def _results(self, scores: Scores) -> dict[str, Any]:
        experiment = self.experiment
        update = experiment.update
        return {
            "schema_version": SCHEMA_VERSION,
            "attack": experiment.attack_name,
            "dataset": self.dataset.name,
            "config": dataclasses.asdict(experiment),
            "environment": _environment(),
            "timing": {},
            "metrics": {name: e.as_json() for name, e in scores.metrics.items()},
            "baselines": {name: e.as_json() for name, e in scores.baselines.items()},
            "published": published(
                experiment.attack_name, self.dataset.name, update.set_size, update.label_skew
            ),
        }

    def _timing(self) -> dict[str, float]:
        return {f"{name}_seconds": round(value, 2) for name, value in self._seconds.items()}


def run_folder(experiment: Experiment) -> Path:
    """Where a run leaves what it makes: another folder for whatever is set otherwise."""
    home = Path(experiment.output.runs_dir) / short_name(experiment.data.dataset)
    name = f"{experiment.preset}-{digest(dataclasses.asdict(experiment))[:8]}"
    return home / experiment.attack_name / name


def _load(experiment: Experiment) -> Dataset:
    data = experiment.data
    return load(data.dataset, data.data_dir, Path(experiment.output.runs_dir) / "data")


def _environment() -> dict[str, Any]:
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "ulk_tf": __version__,
        "python": platform.python_version(),
        "platform": platform.system() + " " + platform.machine(),
    } | versions
