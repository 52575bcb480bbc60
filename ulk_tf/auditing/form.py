"""The form of a target's answers, held against the form that an attack was trained on.

An attack that was trained on exact posteriors reads next to nothing from rounded ones, and says
so of none of them: a calm report would be wrong.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ulk_tf.answers.interpret import Interpreted
from ulk_tf.auditing.fit import Fit
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.files import Array
from ulk_tf.settings import presets

# Steps and noise below this are lost in float32 itself.
NOTHING = 2e-7
# An attack reads answers whose steps are up to so many times those that it was trained on.
ALIKE = 3.0


@dataclass(frozen=True)
class Form:
    """The form of answers.

    Attributes:
        kind: posteriors, rounded, top-k, labels or noisy.
        step: rounding step; 0 where answers are exact.
        noise: standard deviation of noise; 0 where none was seen.
        kept: classes that are answered of each sample, for top-k.
    """

    kind: str
    step: float = 0.0
    noise: float = 0.0
    kept: int = 0

    @classmethod
    def of(cls, answers: tuple[Interpreted, Interpreted], raw: tuple[Array, Array]) -> "Form":
        """The coarser form of two versions' answers.

        Args:
            answers: as they were read.
            raw: as they were given, [n, classes] or [repeats, n, classes].
        """
        step = max(one.step for one in answers)
        noise = max(one.noise for one in answers)
        kinds = {one.kind for one in answers} - {"posteriors", "logits"}
        kind = next((name for name in ("labels", "top-k", "noisy", "rounded") if name in kinds), "")
        if (kind == "rounded" and step <= NOTHING) or (kind == "noisy" and noise <= NOTHING):
            kind = ""
        kept = max(int((values > 0).sum(-1).max()) for values in raw)
        return cls(kind or "posteriors", step, noise, kept)

    @property
    def words(self) -> str:
        """The form in words, to follow "answers"."""
        return {
            "posteriors": "exact posteriors",
            "rounded": f"posteriors rounded to steps of {self.step:.2g}",
            "top-k": f"the likeliest {self.kept} classes only" if self.kept else "top classes only",
            "labels": "labels only",
            "noisy": f"posteriors with noise of {self.noise:.2g}",
        }.get(self.kind, self.kind)

    @property
    def defence(self) -> str:
        """The `--defence` that makes such answers."""
        decimals = max(0, round(-math.log10(self.step))) if self.step else 0
        rounding = f"round:{decimals}" if NOTHING < self.step < 1 else ""
        first = {
            "top-k": f"top_k:{self.kept}",
            "labels": "label",
            "noisy": f"noise:{self.noise:.2g}",
        }.get(self.kind, "")
        return ",".join(filter(None, (first, rounding if first != "label" else "")))


def check_form(attack: str, metadata: Mapping[str, Any], form: Form) -> Fit | None:
    """Tell whether an attack was trained on answers of such a form.

    Args:
        attack: its name.
        metadata: of the export; without `answers` it was trained on exact posteriors.
        form: of the target's answers.

    Returns:
        None where it was; else why nothing is claimed, and the command that trains it.
    """
    known = metadata.get("answers")
    trained = Form("posteriors")
    if isinstance(known, Mapping):
        step = known.get("step")
        number = float(step) if isinstance(step, int | float) and np.isfinite(step) else 0.0
        trained = Form(str(known.get("kind")), number)
    same = form.kind == trained.kind and form.step <= ALIKE * max(trained.step, NOTHING)
    if form.kind == "posteriors" or same:
        return None
    return Fit(
        attack,
        False,
        f"{attack_name(attack)} does not fit these answers, so nothing is claimed: the target "
        f"answers {form.words}, and this attack was trained on {trained.words} and reads next to "
        f"nothing from these. Train it on such answers: {_command(attack, metadata, form)}",
    )


def _command(attack: str, metadata: Mapping[str, Any], form: Form) -> str:
    flags: dict[str, Any] = {}
    with suppress(Exception):  # the config of a stranger's export may be anything
        flags = presets.flags_of(metadata["config"])
    flags.pop("shadow_defence", None)
    flags["defence"] = form.defence
    typed = " ".join(f"--{name}={value}" for name, value in flags.items())
    return f"python -m ulk_tf train {attack} {typed}"
