"""The table of outputs: what an answer gives away and how it is drawn, by its name.

An attack's row names its output. An output that is in no table is drawn by no picture of its own.
Audits put answers into words (`auditing.telling`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class OutputRow:
    """An output of an attack.

    Attributes:
        name: as a signature gives it.
        gives_away: what updates give away where the attack is right, after "Updates give away".
        judged_by: metrics of what an audit says of such an answer, the first of them decides
            whether it is better than a guess.
        draw: module:function (folder, what `Scores.pictures` holds, data set) -> paths of figures
            by caption.
    """

    name: str
    gives_away: str
    judged_by: tuple[str, ...]
    draw: str


_DRAW = "ulk_tf.evaluation.pictures"
_ROWS = (
    OutputRow(
        "label_probabilities",
        "the label of the sample they were made with",
        ("accuracy",),
        f"{_DRAW}:draw_confusion",
    ),
    OutputRow(
        "label_distribution",
        "how the labels of their samples are distributed",
        ("kl", "most_frequent_accuracy"),
        f"{_DRAW}:draw_distributions",
    ),
    OutputRow(
        "sample",
        "something of the sample they were made with",
        ("mse",),
        f"{_DRAW}:draw_rows",
    ),
    OutputRow(
        "samples",
        "something of the samples they were made with",
        ("matched_mse_samples",),
        f"{_DRAW}:draw_matched",
    ),
)
OUTPUTS: dict[str, OutputRow] = {row.name: row for row in _ROWS}
