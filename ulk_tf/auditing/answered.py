"""Answers of both versions of a target, as an attack reads them."""

from dataclasses import dataclass, replace

import numpy as np

from ulk_tf import defences
from ulk_tf.answers.form import EXACT, Form
from ulk_tf.answers.interpret import interpret
from ulk_tf.chance import Chance
from ulk_tf.evaluation.movement import mean_confidence, mean_movement
from ulk_tf.files import Array


@dataclass(frozen=True)
class Answered:
    """Posteriors of a target before and after its update.

    Attributes:
        before: float32 [probes, classes].
        after: the same of the updated version.
        form: their form.
        noise_known: True if samples of both were asked several times, so that noise would show.
    """

    before: Array
    after: Array
    form: Form = EXACT
    noise_known: bool = False

    @property
    def confidence(self) -> float:
        """Mean top posterior before the update, 0 to 1."""
        return float(mean_confidence(self.before))

    @property
    def movement(self) -> float:
        """Mean total variation distance over the probes, 0 to 1."""
        return float(mean_movement(self.before, self.after))

    @property
    def likeliest(self) -> Array:
        """Likeliest class of each probe before the update, int [probes]."""
        labels: Array = self.before.argmax(axis=1)
        return labels

    @property
    def still(self) -> bool:
        """True where both versions answer the same."""
        return bool(np.array_equal(self.before, self.after))

    def defended(self, text: str) -> "Answered":
        """Make the answers as coarse as a defence would, by the function that trains attacks.

        Args:
            text: a chain of defences, see `ulk_tf.defences`.
        """
        chain = defences.parse(text, self.before.shape[-1])
        read = [
            interpret(chain(one, Chance(0, (look,))), one.shape[-1])
            for look, one in enumerate((self.before, self.after))
        ]
        before, after = (one.posteriors for one in read)
        return replace(self, before=before, after=after)
