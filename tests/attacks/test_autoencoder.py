"""Trained autoencoders are shared by all attacks on the same samples, and by nothing else."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from ulk_tf.attacks import autoencoder as module
from ulk_tf.attacks.autoencoder import (
    Autoencoder,
    autoencoder_file,
    autoencoder_key,
    train_autoencoder,
)
from ulk_tf.attacks.epochs import Epochs
from ulk_tf.corpus.build import Corpus

CODE, EPOCHS, SEED = 8, 2, 0


@pytest.fixture
def corpus(single_corpus: Corpus, tmp_path: Path) -> Corpus:
    return dataclasses.replace(single_corpus, home=tmp_path / "home")


def trained(corpus: Corpus, folder: Path, epochs: int = EPOCHS, **changes: int) -> Autoencoder:
    return train_autoencoder(corpus, CODE, epochs, changes.get("seed", SEED), folder)


def weights(model: Autoencoder) -> list[bytes]:
    return [weight.tobytes() for weight in model.model.get_weights()]


def key_of(corpus: Corpus, code: int = CODE, epochs: int = EPOCHS, seed: int = SEED) -> str:
    return autoencoder_key(corpus.shadow_dataset, corpus.splits, code, epochs, seed)


def test_another_run_on_the_same_samples_loads_it(corpus: Corpus, tmp_path: Path) -> None:
    first = trained(corpus, tmp_path / "first")
    assert first.found == "" and autoencoder_file(tmp_path / "home", key_of(corpus)).is_file()
    shadow = corpus.updates["shadow"]
    other = {"shadow": shadow.take(np.arange(3)), "validation": corpus.updates["validation"]}
    fewer = dataclasses.replace(corpus, key="another", updates=other)
    again = trained(fewer, tmp_path / "second")
    assert again.found == "the autoencoder" and weights(again) == weights(first)
    assert not (tmp_path / "second").exists()


def test_what_decides_its_weights_is_in_its_key(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits, data = corpus.splits, corpus.shadow_dataset
    dealt = dataclasses.replace(splits, shadow=splits.shadow[1:])
    judged = dataclasses.replace(splits, validation=splits.validation[1:])
    brighter = dataclasses.replace(data, samples=data.samples // 2)
    keys = [
        key_of(corpus),
        key_of(corpus, code=9),
        key_of(corpus, epochs=3),
        key_of(corpus, seed=1),
        key_of(dataclasses.replace(corpus, splits=dealt)),
        key_of(dataclasses.replace(corpus, splits=judged)),
        key_of(dataclasses.replace(corpus, shadow_dataset=brighter)),
        autoencoder_key(data, splits, CODE, EPOCHS, SEED, convolves=False),
    ]
    monkeypatch.setattr(module, "VERSION", -1)
    keys.append(key_of(corpus))
    assert len(set(keys)) == len(keys)
    # What is chosen for a sample of this shape anyway is no other autoencoder.
    assert autoencoder_key(data, splits, CODE, EPOCHS, SEED, convolves=True) == key_of(corpus)


def test_a_killed_training_goes_on_and_a_damaged_file_is_made_anew(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = weights(trained(corpus, tmp_path))
    file = autoencoder_file(tmp_path / "home", key_of(corpus))
    file.write_bytes(b"damaged")
    epochs: list[int] = []

    def killed(self: Epochs, epoch: int, logs: object = None) -> None:
        epochs.append(epoch)
        if len(epochs) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Epochs, "on_epoch_begin", killed)
        with pytest.raises(KeyboardInterrupt):
            trained(corpus, tmp_path)
        rest = trained(corpus, tmp_path)
    assert epochs == [0, 1, 1]
    assert rest.found == "" and weights(rest) == whole


def test_without_a_home_it_stays_with_the_run(single_corpus: Corpus, tmp_path: Path) -> None:
    homeless = dataclasses.replace(single_corpus, home=None)
    trained(homeless, tmp_path, epochs=1)
    assert autoencoder_file(tmp_path, key_of(homeless, epochs=1)).is_file()
