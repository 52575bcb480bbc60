"""Answers of a trained attack to updates: to their own posterior differences, or another's."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from ulk_tf.attacks.signature import TrainedAttack
from ulk_tf.corpus.build import Updates
from ulk_tf.files import Array
from ulk_tf.progress import bar


def others(updates: Updates) -> Array:
    """Pick for each update another one of the same base model: the shuffled-input ablation.

    Returns:
        int32 [updates]; no update is its own other where its base has two or more.
    """
    rows = np.arange(len(updates), dtype=np.int32)
    shuffled = rows.copy()
    for base in np.unique(updates.base):
        own = rows[updates.base == base]
        shuffled[own] = np.roll(own, 1)
    return shuffled


def predictions(
    attack: TrainedAttack,
    updates: Updates,
    rows: Array,
    *,
    seed: int = 0,
    batch: int = 100,
    what: str | None = None,
    beside: Mapping[str, Array] | None = None,
    at_once: int = 1,
) -> dict[str, Array]:
    """The attack's answers to the posteriors of some updates.

    Args:
        attack: trained.
        updates: updates of one side.
        rows: int32 [n], whose posteriors it is given, in this order.
        seed: seed of the attack's own chance, where it has any; row by row the same for any `rows`.
        batch: updates answered at once.
        what: shown beside a progress bar; no bar when None.
        beside: further inputs by name, [n, ...], one row for each of `rows`.
        at_once: batches answered at the same time, each by a thread of its own; answers are the
            same for any number.

    Returns:
        By output name, [n, ...].
    """
    signature = attack.signatures["serving_default"]
    function = tf.function(signature.function, autograph=False)

    def answers(start: int) -> dict[str, Array]:
        chosen = rows[start : start + batch]
        inputs = {
            "before": tf.constant(updates.before[updates.look[chosen]]),
            "after": tf.constant(updates.after[chosen]),
        }
        if "seeds" in signature.inputs:
            numbers = np.arange(start, start + len(chosen), dtype=np.int32)
            inputs["seeds"] = tf.constant(np.stack([np.full_like(numbers, seed), numbers], -1))
        for name, values in (beside or {}).items():
            inputs[name] = tf.constant(values[start : start + batch])
        return {name: value.numpy() for name, value in function(**inputs).items()}

    parts: list[dict[str, Array]] = []
    threads = ThreadPoolExecutor(at_once)
    try:
        with bar(len(rows), what or "", "update") if what else _Silent() as shown:
            for part in threads.map(answers, range(0, len(rows), batch)):
                parts.append(part)
                shown.update(len(next(iter(part.values()))))
    finally:
        threads.shutdown(cancel_futures=True)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class _Silent:
    """A bar that shows nothing."""

    def __enter__(self) -> "_Silent":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, _: int) -> None:
        """Do nothing."""
