"""Insider and outsider beside each other: one command, one table, one page."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import ulk_tf
from tests.standins import run
from ulk_tf import insider
from ulk_tf.auditing.assumed import assumed
from ulk_tf.data.datasets import load
from ulk_tf.evaluation.results import read_results
from ulk_tf.files import read_json
from ulk_tf.result import Result
from ulk_tf.serving import assets


def result(folder: Path, mean: float, sentence: str) -> Result:
    estimate = {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": 50}
    key = "accuracy:most_frequent_label"
    return Result(
        folder,
        {
            "attack": "li",
            "dataset": "toy",
            "metrics": {"accuracy": estimate},
            "baselines": {key: estimate},
            "gains": {key: estimate},
            "warnings": ["Mind <this>."],
            "knowledge": {"sentences": ["One base model.", sentence]},
        },
    )


def test_a_comparison_holds_both_and_says_who_knows_what(tmp_path: Path) -> None:
    one, other = result(tmp_path / "o", 0.5, "Outsider."), result(tmp_path / "i", 0.75, "Insider.")
    both = insider.Comparison(one, other)
    page = both.write(tmp_path / "both")
    lines = both.table().splitlines()
    assert lines[1].split() == ["Accuracy", "0.5", "[0.4,", "0.6]", "0.75", "[0.65,", "0.85]"]
    assert "gain over most frequent label" in lines[2]
    text = page.read_text()
    assert "Mind &lt;this&gt;." in text and text.count("One base model.") == 1
    assert "0.75 [0.65, 0.85]" in text and "Outsider." in text and "Insider." in text
    found = read_json(tmp_path / "both" / "comparison.json")
    assert found["figures"]["accuracy"]["insider"]["mean"] == 0.75
    assert found["figures"]["accuracy:most_frequent_label"]["outsider"]["mean"] == 0.5
    assert found["warnings"] == ["Mind <this>."]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ([], "Expected --base_model=model.keras. Received none."),
        (["--base_model=gone.keras"], "which does not exist"),
        (["--base_model=a.keras", "--shadow_base_model=b.keras"], "no --shadow_base_model"),
    ],
)
def test_mistakes_end_before_anything_is_written(
    flags: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("insider", "li", *flags) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_its_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("insider", "li", "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Owner of the model, you are the insider" in text
    assert "python -m ulk_tf insider li" in text or "insider li --base_model" in text
    assert "--base_samples" in text


SMALL: dict[str, Any] = {
    "preset": "quick",
    "base_epochs": 3,
    "training_updates": 300,
    "target_updates": 100,
    "executor": "inline",
}


@pytest.mark.slow
def test_an_owner_s_model_from_the_command_line_and_from_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    digits = load("digits", None, tmp_path)
    seen = np.arange(len(digits.labels)) % 4 == 0
    inputs = keras.Input((8, 8, 1))
    hidden = keras.layers.Dense(32, "relu")(keras.layers.Flatten()(inputs / 255))
    model = keras.Model(inputs, keras.layers.Dense(10, "softmax")(hidden))
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    model.fit(digits.samples[seen], digits.labels[seen], epochs=20, verbose=0)
    model.save("m.keras")
    np.savez("own.npz", images=digits.samples, labels=digits.labels, seen=seen)
    given = [f"--{name}={value}" for name, value in SMALL.items()]
    assert run("insider", "msr", "--base_model=m.keras", "--dataset=own.npz", *given) == 0
    out = capsys.readouterr().out
    assert "outsider" in out and "insider" in out
    page = Path(out.splitlines()[-1])
    paths = read_json(page.parent / "comparison.json")["results"]
    inner = read_results(Path(paths["insider"]))
    assert inner["knowledge"]["insider"] and not inner["warnings"]
    assert "SGD" in inner["procedures"]["owner"]
    card = Path(inner["export"], "assets.extra", "MODEL_CARD.md")
    texts = [path.read_text() for path in card.parent.glob("*.md")]
    assert any("codes of up to 1,000 of the owner's samples" in text for text in texts)
    metadata = assets.read(Path(inner["export"])).metadata
    assert metadata["knowledge"]["insider"]
    # An audit says from it how shadow models were updated.
    assert metadata["procedures"] == inner["procedures"]
    assert "An update uses" in assumed(metadata).procedure
    again = ulk_tf.run(
        "li",
        dataset=(digits.samples, digits.labels),
        base_model=model,
        base_samples=np.flatnonzero(seen),
        shadow_base_model=model,
        **SMALL,
    )
    assert again.metrics["accuracy"]["mean"] > 0.8
    assert "insider" in again.summary()
