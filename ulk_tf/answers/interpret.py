"""The one canonical form of a target's answers: posteriors, and how finely they are told.

Audits, recordings and endpoints all read answers here.
"""

from dataclasses import replace

import numpy as np

from ulk_tf.answers.interpreted import Interpreted
from ulk_tf.answers.one_version import read_rows
from ulk_tf.answers.readings import noise_of
from ulk_tf.answers.repeats import FLOAT32_ROUNDING, noise_between, places_again
from ulk_tf.errors import UserError
from ulk_tf.files import Array


def interpret(values: Array, classes: int | None = None) -> Interpreted:
    """Recognise what `values` are and turn them into posteriors.

    Args:
        values: float64 [n, classes], finite, or [repeats, n, classes] where each sample was
            asked several times; the more rows, the surer the answer. A single column is a
            sigmoid, and two classes.
        classes: number of classes that there should be; None where nobody knows.

    Raises:
        UserError: they are nothing from which posteriors can be had.
    """
    return _read(values, classes)


def interpret_both(
    before: Array, after: Array, classes: int | None = None
) -> tuple[Interpreted, Interpreted]:
    """Read the answers of two versions alike.

    A version whose logits look like something else by chance is read as the other one is; where
    one certainly answers posteriors and the other one certainly logits, each is what it is.

    Args:
        before: as `interpret` takes it.
        after: the same of the other version.
        classes: number of classes that there should be; None where nobody knows.

    Raises:
        UserError: as `interpret`.
    """
    pair = (before, after)
    found = [_attempt(values, classes) for values in pair]
    kinds = [one.kind if isinstance(one, Interpreted) else "" for one in found]
    if "logits" in kinds and set(kinds) != {"logits"}:
        number = kinds.index("logits")
        other = 1 - number
        # Noise and refusals are weak evidence; rows that sum to 1 are strong.
        if kinds[other] == "noisy" and before.shape == after.shape:
            both = _attempt(np.concatenate(pair, axis=-2), classes)
            if isinstance(both, Interpreted) and both.kind == "noisy":
                return _halved(both)
        if kinds[other] in ("", "noisy") or before.shape[-1] == 1:
            found[other] = _attempt(pair[other], classes, logits=True)
    if set(kinds) == {"posteriors", "rounded logits"}:
        both = _attempt(np.concatenate(pair, axis=-2), classes)
        if isinstance(both, Interpreted) and both.kind == "rounded logits":
            return _halved(both)
    for one in found:
        if isinstance(one, UserError):
            raise one
    first, second = (one for one in found if isinstance(one, Interpreted))
    return first, second


def _halved(both: Interpreted) -> tuple[Interpreted, Interpreted]:
    """The readings of two versions that were read as one."""
    first, second = np.split(both.posteriors, 2)
    return replace(both, posteriors=first), replace(both, posteriors=second)


def asked_again(
    found: Interpreted, values: Array, again: Array | None, classes: int | None = None
) -> Interpreted:
    """Add how differently a version answers the same samples.

    Args:
        found: the answers as they were read.
        values: the same as they were given, [n, classes] or [repeats, n, classes].
        again: further answers to samples at `repeats.places_again`, [some, classes]; None where
            none were asked again.
        classes: number of classes that there should be; None where nobody knows.
    """
    if again is None or values.ndim == 3:
        return found
    places = places_again(len(values), len(again))
    if np.array_equal(again, values[places]):
        return found
    # Few rows alone may look like another kind of answers.
    rows = values.copy()
    rows[places] = again
    second = _attempt(rows, classes)
    if found.kind == "logits" and getattr(second, "kind", "") != "logits":
        second = _attempt(rows, classes, logits=True)
    if isinstance(second, UserError) or (found.kind == "logits") != (second.kind == "logits"):
        how = second if isinstance(second, UserError) else f"they look like {second.kind}."
        note = (
            "The target's answers to the same samples, asked again, could not be read as the first "
            f"ones were ({found.kind}), so that no movement can be told: {how}"
        )
        return replace(found, spread=1.0, notes=(*found.notes, note))
    each = np.stack([one.posteriors[places].astype(np.float64) for one in (found, second)])
    # More probes may differ by more than these did.
    spread = min(2 * float(np.ptp(each, axis=0).max()), 1.0)
    return _with_noise(replace(found, spread=spread), each, 1)


def _with_noise(found: Interpreted, each: Array, averaged: int) -> Interpreted:
    """Add the noise between answers of one version, of which so many are averaged."""
    most, noise = float(np.ptp(each, axis=0).max()), noise_between(each, averaged)
    if most <= FLOAT32_ROUNDING:
        return found
    note = (
        "The target answers the same sample differently each time, or was replaced between two "
        f"queries: answers differ by up to {most:.2g}. Changes below {found.spread:.2g} cannot be "
        "seen"
    )
    if noise:
        mean = "the mean" if averaged > 1 else "an answer"
        note += f", and noise of {noise:.2g} in {mean} hides small posteriors from attacks"
    if averaged == 1 and not any("--repeat=" in told for told in found.notes):
        note += "; --repeat=10 asks each sample ten times and takes the mean"
    if found.kind == "noisy":
        # Noise that is the same each time shows only in the sums of rows.
        same = (noise_of(each.mean(axis=0)) or 0.0) if averaged > 1 else found.noise
        noise = max(noise, same)
    return replace(found, noise=noise, notes=(*found.notes, f"{note}."))


def _attempt(values: Array, classes: int | None, logits: bool = False) -> Interpreted | UserError:
    try:
        return _read(values, classes, logits)
    except UserError as error:
        return error


def _read(values: Array, classes: int | None, logits: bool = False) -> Interpreted:
    repeats = values if values.ndim == 3 else values[np.newaxis]
    rows = repeats.reshape(-1, repeats.shape[-1])
    return _averaged(read_rows(rows, classes, logits), len(repeats))


def _averaged(found: Interpreted, repeats: int) -> Interpreted:
    """The mean over repeats of all samples, and how far these lay apart."""
    if repeats == 1:
        return found
    each = found.posteriors.reshape(repeats, -1, found.posteriors.shape[1]).astype(np.float64)
    # Means of more repeats lie nearer together than single answers.
    spread = float(np.ptp(each, axis=0).max()) * np.sqrt(2 / repeats)
    mean = each.mean(axis=0).astype(np.float32)
    if found.logits is not None:
        logits = found.logits.reshape(repeats, -1, found.logits.shape[1]).mean(axis=0)
        found = replace(found, logits=logits)
    return _with_noise(replace(found, posteriors=mean, spread=float(spread)), each, repeats)
