"""Scores of A_LI and A_LDE on target updates."""

from collections.abc import Sequence

from ulk_tf.attacks.signature import Trained
from ulk_tf.corpus.build import Corpus
from ulk_tf.corpus.pipeline import label_distributions, single_labels
from ulk_tf.evaluation.asked import Asked, score_output
from ulk_tf.evaluation.baselines_table import BaselineRow
from ulk_tf.evaluation.metrics import confusion_matrix
from ulk_tf.evaluation.scores import Scores


def score_li(
    trained: Trained, corpus: Corpus, seed: int, baselines: Sequence[BaselineRow] | None = None
) -> Scores:
    """Score A_LI.

    Args:
        trained: the attack.
        corpus: its target updates are asked about.
        seed: of the baselines' chance.
        baselines: to be compared with; all that there are when None.
    """
    asked = Asked(trained, corpus, seed, "label_probabilities")
    truth = single_labels(asked.dataset, asked.updates)
    scores, answers = score_output(asked, truth, baselines)
    inferred = answers["attack"].argmax(-1)
    scores.pictures["confusion"] = confusion_matrix(truth, inferred, asked.dataset.classes)
    return scores


def score_lde(
    trained: Trained, corpus: Corpus, seed: int, baselines: Sequence[BaselineRow] | None = None
) -> Scores:
    """Score A_LDE; arguments as those of `score_li`."""
    asked = Asked(trained, corpus, seed, "label_distribution")
    truth = label_distributions(asked.dataset, asked.updates)
    scores, answers = score_output(asked, truth, baselines)
    scores.pictures["distributions"] = (truth, answers["attack"])
    return scores
