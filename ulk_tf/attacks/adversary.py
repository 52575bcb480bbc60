"""The adversary's samples, from which attacks learn."""

import dataclasses

from ulk_tf.corpus.build import Corpus
from ulk_tf.data.datasets import Dataset


def adversary_data(corpus: Corpus) -> Dataset:
    """The adversary's samples, with the classes of the target.

    Her data set may have fewer classes than the target tells apart.
    """
    own, names = corpus.shadow_dataset, corpus.dataset.class_names
    if own.classes == len(names):
        return own
    return dataclasses.replace(own, class_names=names)
