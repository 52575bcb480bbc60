"""Ranges and scores as an export carries them, and answers inside and outside of them."""

import numpy as np

from ulk_tf.auditing.answered import Answered

SEEN = {
    "confidence": {"low": 0.5, "high": 0.9},
    "movement": {"low": 0.01, "high": 0.5},
    "coherence": {"low": 0.0, "high": 1.0, "least_movement": 0.01},
    "agreement": {"low": 0.5, "high": 1.0},
    "likeliest": list(range(10)),
    "score_by_tenth": {
        "metric": "accuracy",
        "chance": 0.1,
        "edges": [0.0, *(0.01 * 2**i for i in range(10))],
        "values": [0.1 + 0.08 * i for i in range(10)],
    },
}


def target(confidence, movement):
    """Answers of 10 probes and 10 classes of such a mean top posterior, which moved so far."""
    rest = (1 - confidence) / 9
    before = np.where(np.eye(10, dtype=bool), confidence, rest)
    # All other classes gain alike what the likeliest one loses.
    after = before + np.where(np.eye(10, dtype=bool), -movement, movement / 9)
    return Answered(before, after)


def scored(changed):
    """Return `SEEN` with other scores by tenth."""
    return SEEN | {"score_by_tenth": SEEN["score_by_tenth"] | changed}
