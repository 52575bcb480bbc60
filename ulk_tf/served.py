"""Functions of `import ulk_tf` on served models; `probe` and `audit` are also commands."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ulk_tf.errors import UserError
from ulk_tf.files import check_folder
from ulk_tf.progress import notes
from ulk_tf.quiet import import_tensorflow

if TYPE_CHECKING:
    from ulk_tf.auditing.audited import Audit
    from ulk_tf.blackbox.recording import Recording
    from ulk_tf.serving.loading import LoadedAttack


def load_attack(path: str | Path) -> "LoadedAttack":
    """Load an exported attack, with the interface of a scikit-learn classifier.

    Args:
        path: exported/<dataset>_<attack>, or one of its versions.

    Returns:
        The attack; `predict` and `predict_proba` take posteriors before and after an update.

    Raises:
        UserError: the path holds no export, or a damaged one.

    Example:
        >>> import numpy as np, ulk_tf
        >>> attack = ulk_tf.load_attack(exported)
        >>> attack.classes_.tolist()[:3], attack.probing_set.shape
        (['0', '1', '2'], (100, 8, 8, 1))
        >>> before = np.full((100, 10), 0.1, np.float32)
        >>> after = np.roll(before, 1, axis=1)
        >>> attack.predict_proba(before, after).shape
        (1, 10)
    """
    import_tensorflow()
    from ulk_tf.serving.loading import LoadedAttack  # noqa: PLC0415 - imports TensorFlow

    return LoadedAttack(Path(path))


def probe(
    target: Any,
    attack: "str | Path | LoadedAttack",
    *,
    out: str | Path | None = None,
    **asking: Any,
) -> "Recording":
    """Record a target's posteriors for the probing set of an attack.

    Args:
        target: the URL of a server, a SavedModel, a .keras or .onnx file, module:function, a
            function of samples, a Keras model or a PyTorch module.
        attack: a loaded attack, or the path of its export.
        out: the .npz file to write; None keeps the posteriors in memory.
        **asking: settings of the queries, as flags of `python -m ulk_tf probe`: protocol,
            request, answer, class_names, output, signature, batch, scale, repeat, max_queries.

    Returns:
        The posteriors and their source; an input of `audit`.

    Raises:
        UserError: the target cannot be reached, or does not return posteriors.

    Example:
        >>> import numpy as np, ulk_tf
        >>> def service(samples):
        ...     return np.full((len(samples), 10), 0.1, np.float32)
        >>> recording = ulk_tf.probe(service, exported)
        >>> recording.answers.shape
        (100, 10)
    """
    loaded = load_attack(attack) if isinstance(attack, str | Path) else attack
    from ulk_tf.blackbox.asking import Asking  # noqa: PLC0415
    from ulk_tf.blackbox.probe import probe as record  # noqa: PLC0415 - imports TensorFlow

    where = None if out is None else Path(out)
    names = loaded.class_names
    return record(target, loaded.probing_set, names, Asking(**asking), out=where)[0]


@notes()
def audit(
    before: Any,
    after: Any,
    attacks: "Sequence[str | Path | LoadedAttack]",
    *,
    out: str | Path | None = None,
    **asking: Any,
) -> "Audit":
    """Report what attacks infer from an update of a target.

    Args:
        before: the version before the update: a target as in `probe`, a recording of `probe`, or
            its file.
        after: the version after the update, in the same forms.
        attacks: loaded attacks, or paths of exports.
        out: folder of the report, audit.html and audit.json; None writes nothing.
        **asking: settings of the queries; see `probe`.

    Returns:
        Findings, movement of the posteriors and warnings; `sentences` lists them as text.

    Raises:
        UserError: the attacks have different probing sets, or the posteriors do not fit them.

    Example:
        >>> import numpy as np, ulk_tf
        >>> def service(samples):
        ...     return np.full((len(samples), 10), 0.1, np.float32)
        >>> found = ulk_tf.audit(service, service, [exported])
        >>> found.findings, found.movement["total_variation_max"]
        ((), 0.0)
    """
    loaded = [load_attack(one) if isinstance(one, str | Path) else one for one in attacks]
    if not loaded:
        raise UserError("at least one attack", "none")
    if out is not None:
        check_folder(Path(out), "out")
    from ulk_tf.auditing.audit import audit as compare  # noqa: PLC0415 - imports TensorFlow
    from ulk_tf.auditing.report import write_audit  # noqa: PLC0415
    from ulk_tf.blackbox.asking import Asking  # noqa: PLC0415

    found = compare(before, after, loaded, Asking(**asking))
    if out is not None:
        write_audit(Path(out), found)
    return found
