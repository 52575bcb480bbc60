"""The form of answers that an attack was trained on, held against the form of a target's.

An attack that was trained on exact posteriors reads little or nothing from rounded ones, and does
not say so itself: a calm report would be wrong.
"""

from typing import Any

from ulk_tf.answers.form import UNSEEN_NOISE, Form
from ulk_tf.auditing.answered import Answered
from ulk_tf.auditing.fit import Fit, apart_in_confidence
from ulk_tf.auditing.remedy import Export
from ulk_tf.errors import UserError
from ulk_tf.evaluation.wording import attack_name
from ulk_tf.files import digest
from ulk_tf.serving import assets
from ulk_tf.serving.loading import LoadedAttack, load_attack


def check_form(export: Export, form: Form) -> Fit | None:
    """Tell whether an attack was trained on answers of such a form.

    Args:
        export: the export; without `answers` in its metadata it was trained on exact posteriors.
        form: form of the target's answers.

    Returns:
        None where it was; else why nothing is claimed, and the command that trains it.
    """
    if export.form.reads(form):
        return None
    return Fit(
        export.attack,
        False,
        f"{attack_name(export.attack)} does not fit these answers, so nothing is claimed: the "
        f"target answers {form.words}, and this attack was trained on {export.form.words} and "
        f"reads less from these, or nothing. {_remedy(export, form)}",
    )


def choose_version(attack: LoadedAttack, answered: Answered) -> tuple[LoadedAttack, str]:
    """Choose the version of an export that was trained on such answers.

    The latest is kept where it was trained on noise that may be there unseen, where the user named
    a version, and where no other one fits better. Candidates were trained for the same probes,
    classes, classifiers and updates. Which temperature answers have shows in no form: of several
    defences that leave one form, that is taken whose shadow models are about as confident.

    Args:
        attack: the latest version, or the one that the user named.
        answered: the target's answers.

    Returns:
        The version to run, and a sentence for the reader where it is not the given one.
    """
    given, form = Export(attack.name, attack.metadata), answered.form
    seen = answered.noise_known and given.adds_new_noise
    if given.form.kind == "noisy" and form.kind in UNSEEN_NOISE and not seen:
        # Noise that keeps sums looks exact: whoever trained for it last knows that it is there.
        return attack, ""
    best, chosen = _grade(given, form), None
    nearest, defence = apart_in_confidence(attack.metadata, answered), given.defence
    for folder in attack.other_versions:
        try:
            extras = assets.read(folder)
        except UserError:  # a damaged version is no candidate
            continue
        other = Export(attack.name, extras.metadata)
        same = digest(extras.probing_set) == digest(attack.probing_set)
        if same and _asked_of(other) == _asked_of(given):
            grade, apart = _grade(other, form), apart_in_confidence(extras.metadata, answered)
            if grade > best or (grade == best and other.defence != defence and apart < nearest):
                best, nearest, defence, chosen = grade, apart, other.defence, folder
    if chosen is None:
        return attack, ""
    taken = load_attack(chosen)
    trained = Export(taken.name, taken.metadata).form
    fits = "which this target answers" if trained.matches(form) else "the finest that it reads"
    if best == _grade(given, form):
        fits += f", and {f'for --defence={defence}' if defence else 'without a defence'}, where "
        fits += "classifiers are about as confident"
    return taken, (
        f"{attack_name(attack.name)}: version {chosen.name} of {chosen.parent} was taken and not "
        f"version {attack.path.name}, since it was trained on {trained.words}, {fits}."
    )


def _asked_of(export: Export) -> tuple[Any, dict[str, Any]]:
    """Classes, classifiers and updates that an attack was trained for; all but the form."""
    party = {name: flags for name, flags in export.adversary.items() if name != "defence"}
    return export.metadata.get("class_names"), party


def _grade(export: Export, form: Form) -> tuple[int, float]:
    """Grade an attack: trained on such answers, 2, or on coarser ones, 1, the finest of these."""
    trained = export.form
    if trained.matches(form):
        return 2, 0.0
    told = 10.0**-trained.digits if trained.kind == "digits" else 0.0
    return (1, -max(trained.step, trained.floor, told)) if trained.reads(form) else (0, 0.0)


def _remedy(export: Export, form: Form) -> str:
    if not form.defence:
        return (
            "No --defence makes such answers to train it on: audit the model with finer ones, or "
            "train it on classifiers that answer so by themselves (--procedure)."
        )
    how = export.command(defence=form.defence)
    return f"Train it on such answers{f': {how}' if how else f' (--defence={form.defence}).'}"
