"""Features of all updates, computed once for every pass and every model of an ensemble."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.features import BY_CLASS, Features
from ulk_tf.corpus.build import Corpus
from ulk_tf.corpus.locks import disk_errors
from ulk_tf.corpus.pipeline import Inputs, stored, table
from ulk_tf.corpus.updates import Updates
from ulk_tf.data.splits import Role
from ulk_tf.files import Array
from ulk_tf.progress import bar
from ulk_tf.rows import Rows, stacked

LEARNED: tuple[Role, ...] = ("shadow", "validation")
# Updates whose features are computed at once.
TOGETHER = 256
# Features by class are a few units large; whole numbers of this step take half the space of
# float32. What lies outside of their range is clipped to it.
STEP, LARGEST = 2.0**-10, 2**15 - 1


def cached_features(features: Features, corpus: Corpus, folder: Path | None) -> dict[Role, Inputs]:
    """Compute what the trainable part of an attack is given: the features of all shadow updates.

    Args:
        features: the feature map, scaling constants included.
        corpus: its shadow and validation updates are used.
        folder: where features lie that would fill the memory; None: the system's folder for
            temporary files.

    Returns:
        Of each role, rows int32 [batch] -> features float32 [batch, features]; rows past the last
        update are those of its further drawings.

    Raises:
        UserError: there is no room for them on disk.
    """
    return {
        role: _widened(_read(compute_features(features, corpus.updates[role], folder)))
        for role in LEARNED
    }


def compute_features(features: Features, updates: Updates, folder: Path | None = None) -> Rows:
    """Compute the features of updates, and of their further drawings one after the other.

    Args:
        features: the feature map.
        updates: updates of one role.
        folder: where they lie if they would fill the memory; None as above.

    Returns:
        float32 [updates, features]; features by class in multiples of `STEP`, int16.
    """
    compute = tf.function(features, reduce_retracing=True, autograph=False)
    count = len(updates) * len(updates.drawings)
    with bar(count, "features", "update") as shown:

        def part(drawing: Updates, start: int) -> Array:
            rows = np.arange(start, min(start + TOGETHER, len(drawing)))
            found = compute(*map(tf.constant, drawing.pair(rows))).numpy()
            shown.update(len(rows))
            if features.kind not in BY_CLASS:
                return found
            return np.clip(np.rint(found / STEP), -LARGEST, LARGEST).astype(np.int16)

        parts = (
            part(drawing, start)
            for drawing in updates.drawings
            for start in range(0, len(drawing), TOGETHER)
        )
        if folder is None:
            return stacked(parts, count)
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            return stacked(parts, count, folder)


def _read(values: Rows) -> Inputs:
    # Features in memory are gathered without a call of Python.
    return table(values) if isinstance(values, np.ndarray) else stored(values)


def _widened(read: Inputs) -> Inputs:
    def widened(rows: tf.Tensor) -> tf.Tensor:
        found = read(rows)
        return tf.cast(found, tf.float32) * STEP if found.dtype == tf.int16 else found

    return widened
