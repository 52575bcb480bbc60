"""Scores of A_SSR on target updates, on values in [0, 1]."""

from collections.abc import Sequence

import numpy as np

from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.build import Corpus
from ulk_tf.evaluation.asked import Asked, score_output
from ulk_tf.evaluation.baselines_table import BaselineRow
from ulk_tf.evaluation.scores import Scores

# Updates in the picture, and what is shown of each: by the name of a baseline, for people.
SHOWN = 12
ROWS = {
    "attack": "attack",
    "autoencoder": "autoencoder",
    "class_mean_of_true_label": "class mean",
}


def score_ssr(
    trained: Trained, corpus: Corpus, seed: int, baselines: Sequence[BaselineRow] | None = None
) -> Scores:
    """Score A_SSR.

    Args:
        trained: the attack, a `TrainedSsr`.
        corpus: its target updates are asked about.
        seed: of the baselines' chance.
        baselines: to be compared with; all that there are when None.
    """
    asked = Asked(trained, corpus, seed, "sample")
    truth = asked.dataset.scaled(asked.updates.indices[:, 0])
    scores, answers = score_output(asked, truth, baselines)
    shown = np.random.default_rng([seed, 8]).permutation(len(truth))[:SHOWN]
    scores.pictures["rows"] = {"original": truth[shown]} | {
        title: answers[name][shown] for name, title in ROWS.items() if name in answers
    }
    return scores
