"""Members of classes among samples, and their means."""

import numpy as np

from ulk_tf.files import Array


def members(labels: Array, classes: int) -> list[Array]:
    """Find the samples of each class.

    Args:
        labels: int [n].
        classes: number of classes.

    Returns:
        Positions by class, int64. Of a class without samples nothing is known: it has all.

    Example:
        >>> import numpy as np
        >>> [rows.tolist() for rows in members(np.array([0, 2, 0]), 3)]
        [[0, 2], [0, 1, 2], [1]]
    """
    everyone = np.arange(len(labels))
    own = (everyone[labels == label] for label in range(classes))
    return [rows if len(rows) else everyone for rows in own]


def class_means(samples: Array, labels: Array, classes: int) -> Array:
    """Average the samples of each class.

    Args:
        samples: float [n, ...].
        labels: int [n].
        classes: number of classes.

    Returns:
        [classes, ...]; the mean of all for a class without samples.

    Example:
        >>> import numpy as np
        >>> class_means(np.array([[1.0], [4.0], [3.0]]), np.array([0, 2, 0]), 3).tolist()
        [[2.0], [2.6666666666666665], [4.0]]
    """
    return np.stack([samples[rows].mean(0) for rows in members(labels, classes)])
