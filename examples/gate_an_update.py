"""The owner's story: may this update of my model be published? Offline, some minutes.

    python examples/gate_an_update.py --folder=gate

An owner has data, a classifier in PyTorch that she trained herself, and a way to update it. Before
she publishes an update, she asks what it would give away to the strongest adversary built here,
the insider, who has the very model; and a gate answers yes or no, with an exit code for CI.
It needs the extra `torch`.
"""

import sys
from pathlib import Path

import fire
import numpy as np
from sklearn.datasets import load_digits
from torch_digits import Digits  # her own network, training and update: a dozen lines

import ulk_tf
from ulk_tf import gating

LIMITS = """
# An attack may tell the label of one new sample at most 30 points more often than a guess.
[[limit]]
attack = "li"
metric = "accuracy"
baseline = "most_frequent_label"
at_most = 0.3
"""
# Her model was trained on the first 700 digits; all later ones are new.
TRAINED_ON = 700


def main(folder: str = "gate", simulated: int = 1500, tested: int = 300) -> None:
    """Train the owner's model, audit updates of it, and gate.

    Args:
        folder: folder of everything that is written.
        simulated: updates that the insider simulates to train the attack.
        tested: updates that it is tested on.
    """
    home = Path(folder)
    digits = load_digits()
    images = (digits.images * 255 / 16).round().astype(np.uint8)[..., np.newaxis]
    labels = digits.target.astype(np.int32)

    owner = Digits(images.shape[1:], 10)
    model = owner.fit(images[:TRAINED_ON], labels[:TRAINED_ON], seed=3)
    right = owner.predict_proba(model, images[TRAINED_ON:]).argmax(-1) == labels[TRAINED_ON:]
    print(f"the owner's model is right on {right.mean():.0%} of new digits")

    result = ulk_tf.run(
        "li",
        dataset=(images, labels),
        procedure=Digits,
        base_model=list(model),
        base_samples=np.arange(TRAINED_ON),
        shadow_base_model=list(model),
        training_updates=simulated,
        target_updates=tested,
        runs_dir=str(home / "runs"),
        export_dir=str(home / "exported"),
    )
    print(result.summary())

    home.mkdir(exist_ok=True, parents=True)
    (home / "limits.toml").write_text(LIMITS)
    checks = ulk_tf.gate(result, home / "limits.toml")
    (home / "gate.md").write_text(gating.markdown(checks))
    print(gating.markdown(checks))
    print(home / "gate.md")
    if not gating.passed(checks):
        sys.exit(3)


if __name__ == "__main__":
    fire.Fire(main)
