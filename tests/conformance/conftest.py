"""A tiny attack of every kind, trained on tiny corpora of digits, exported as a trainer does it."""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ulk_tf.attacks.labels import train_lde, train_li
from ulk_tf.attacks.msr import train_msr
from ulk_tf.attacks.signature import Trained, TrainedAttack
from ulk_tf.attacks.ssr import train_ssr
from ulk_tf.corpus.build import Corpus, build_corpus
from ulk_tf.data.datasets import load
from ulk_tf.files import Array
from ulk_tf.serving.export import export_attack
from ulk_tf.serving.loading import load_attack
from ulk_tf.settings import presets
from ulk_tf.settings.attack_configs import ClusteringName, LabelConfig, MsrConfig, SsrConfig

CLUSTERED = 300
# A path -> its attack. To load one takes a second, and it is the same one for every test.
loaded = functools.cache(load_attack)
TINY = {
    "base_epochs": 3,
    "training_bases": 1,
    "target_bases": 1,
    "training_updates": 48,
    "validation_updates": 16,
    "target_updates": 8,
    "executor": "inline",
}


def clustering(corpus: Corpus) -> ClusteringName:
    """Each of the two is exported once."""
    return "matched" if len(corpus.dataset.sample_shape) > 1 else "kmeans"


SHORT = {"epochs": 2, "hidden": 32}
TRAIN: dict[str, Callable[[Corpus, Path], Trained]] = {
    "li": lambda corpus, _: train_li(LabelConfig(**SHORT), corpus, 0, None),
    "ssr": lambda corpus, logs: train_ssr(
        SsrConfig(**SHORT, autoencoder_epochs=2), corpus, 0, logs
    ),
    "lde": lambda corpus, _: train_lde(LabelConfig(**SHORT), corpus, 0, None),
    "msr": lambda corpus, logs: train_msr(
        MsrConfig(
            **SHORT,
            label_epochs=1,
            autoencoder_epochs=2,
            generator_width=32,
            samples_per_set=20,
            cluster_samples=CLUSTERED,
            clustering=clustering(corpus),
        ),
        corpus,
        0,
        logs,
    ),
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A trained attack in memory, what it was exported as, and inputs for it.

    Attributes:
        attack: in memory.
        path: its version folder.
        inputs: of three target updates, by name.
        export: exports it again.
    """

    attack: TrainedAttack
    path: Path
    inputs: dict[str, Array]
    export: Callable[[], Path]


def _vectors(folder: Path) -> str:
    """The digits as a user's own vectors."""
    digits = load("digits", None, folder)
    flat = digits.samples.reshape(len(digits.samples), -1)[:, 8:56].astype(np.float32)
    np.savez(folder / "flat.npz", vectors=flat, labels=digits.labels)
    return str(folder / "flat.npz")


@pytest.fixture(scope="package")
def cases(tmp_path_factory, own_key) -> Callable[[str, str], Case]:
    """Attack and kind of samples -> its case, made when it is first asked for; read only."""
    home = tmp_path_factory.mktemp("conformance")
    datasets = {"images": "digits", "vectors": _vectors(home)}

    @functools.cache
    def corpus(attack: str, size: int, dataset: str) -> Corpus:
        flags = TINY | {"dataset": dataset, "set_size": size, "runs_dir": str(home)}
        return build_corpus(presets.experiment(attack, **flags), load(dataset, None, home))

    @functools.cache
    def case(name: str, kind: str) -> Case:
        updates = ("li", 1) if name in ("li", "ssr") else ("lde", 10)
        learned = corpus(*updates, datasets[kind])
        return _case(TRAIN[name](learned, home / kind / name).attack, learned, home / "exported")

    return case


def _case(attack: TrainedAttack, corpus: Corpus, folder: Path) -> Case:
    def export() -> Path:
        return export_attack(
            attack,
            export_dir=folder,
            dataset=corpus.dataset.name,
            probing_set=corpus.probing_set,
            metadata={"class_names": list(corpus.dataset.class_names)},
        )

    updates = corpus.updates["target"]
    inputs = {"before": updates.before[updates.base[:3]], "after": updates.after[:3]}
    if "seeds" in attack.signatures["serving_default"].inputs:
        inputs["seeds"] = np.array([[1, 2], [3, 4], [5, 6]], np.int32)
    return Case(attack, export(), inputs, export)
