"""Running one attack on a target's answers, where it was trained on such."""

from dataclasses import dataclass

import numpy as np

from ulk_tf.answers.doubts import are_sorted
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.finding import Finding
from ulk_tf.auditing.fit import Fit, check_fit
from ulk_tf.auditing.remedy import Export
from ulk_tf.auditing.trained_form import check_form, choose_version
from ulk_tf.errors import UserError
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.files import Array
from ulk_tf.serving.loading import LoadedAttack

SORTED_CLASSES = 5


@dataclass(frozen=True)
class Run:
    """Run of one attack.

    Attributes:
        fit: whether the attack fits the target; if not, why nothing is claimed.
        finding: its answer; None where it does not fit.
        notes: sentences on what was done to its version or to the answers first.
    """

    fit: Fit
    finding: Finding | None = None
    notes: tuple[str, ...] = ()


def run(latest: LoadedAttack, answered: Answered) -> Run:
    """Run an attack on a target's answers, in the version and on answers that fit each other.

    Args:
        latest: the attack; its other versions are candidates unless one was named.
        answered: the target's answers.
    """
    attack, note = choose_version(latest, answered)
    notes = [note] if note else []
    export = Export(attack.name, attack.metadata, attack.path)
    fit = check_form(export, answered.form) or _sorted(attack, answered)
    if fit is None and (defence := _coarser(export, answered)):
        try:
            answered = answered.defended(defence)
        except UserError:  # a stranger's export may name any form
            return Run(_unread(attack, "its export names no form of answers that can be made"))
        notes.append(_made(export, defence))
        if answered.still:
            why = "made as coarse as those that it was trained on, the answers did not move; train"
            fit = _unread(attack, f"{why} it on finer ones")
    fit = fit or check_fit(export, answered)
    if not fit.fits:
        return Run(fit, notes=tuple(notes))
    outputs = _answers(attack, answered.before, answered.after)
    return Run(fit, Finding(attack, outputs), tuple(notes))


def _coarser(export: Export, answered: Answered) -> str:
    """The defence that makes finer answers as coarse as those of training; empty if none does.

    Exact answers hold all that coarse ones do, but an attack has never seen them.
    """
    trained, form = export.form, answered.form
    # Noise may be there, unseen, in answers to samples that were asked once; and that which is the
    # same each time always.
    unseen = not (answered.noise_known and export.adds_new_noise)
    noisy = trained.kind == "noisy" and (form.kind != "posteriors" or unseen)
    return "" if noisy or form.reads(trained) else trained.defence


def _made(export: Export, defence: str) -> str:
    return (
        f"{attack_name(export.attack)} was trained on {export.form.words}; the target answers more "
        f"finely, and its answers were made as coarse first (--defence={defence})."
    )


def _sorted(attack: LoadedAttack, answered: Answered) -> Fit | None:
    """Tell that sorted answers are read by no attack; of few classes chance sorts them, too."""
    if answered.before.shape[-1] < SORTED_CLASSES or not are_sorted(answered.before):
        return None
    return _unread(
        attack,
        "the answers are in order of size, so that they stand in the wrong classes; let the target "
        "answer in a fixed order of classes",
    )


def _unread(attack: LoadedAttack, why: str) -> Fit:
    name = attack_name(attack.name)
    return Fit(attack.name, False, f"{name} reads nothing here, so nothing is claimed: {why}.")


def _answers(attack: LoadedAttack, before: Array, after: Array) -> dict[str, Array]:
    found = attack.run(before, after)
    for name, value in found.items():
        if value.ndim < 2 or len(value) != 1:
            raise UserError(f"one answer from {attack.path}", f"{name} {list(value.shape)}")
        if not np.isfinite(value).all():
            raise UserError(f"finite numbers from {attack.path}", f"NaN or infinity in {name}")
    return {name: value[0] for name, value in found.items()}
