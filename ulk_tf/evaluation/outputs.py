"""The table of outputs: how an answer is put into words and drawn, by its name.

An attack's row names its output. An output that is in no table is told by a sentence that states
the numbers, and drawn by no picture of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class OutputRow:
    """An output of an attack.

    Attributes:
        name: as a signature gives it.
        gives_away: what updates give away where the attack is right, after "Updates give away".
        tell: module:function (value, class names) -> `audit.findings.Told`.
        draw: module:function (folder, what `Scores.pictures` holds, data set) -> paths of figures
            by caption.
    """

    name: str
    gives_away: str
    tell: str
    draw: str


_TELL = "ulk_tf.auditing.findings"
_DRAW = "ulk_tf.evaluation.pictures"
_ROWS = (
    OutputRow(
        "label_probabilities",
        "the label of the sample they were made with",
        f"{_TELL}:tell_label",
        f"{_DRAW}:draw_confusion",
    ),
    OutputRow(
        "label_distribution",
        "how the labels of their samples are distributed",
        f"{_TELL}:tell_distribution",
        f"{_DRAW}:draw_distributions",
    ),
    OutputRow(
        "sample",
        "something of the sample they were made with",
        f"{_TELL}:tell_sample",
        f"{_DRAW}:draw_rows",
    ),
    OutputRow(
        "samples",
        "something of the samples they were made with",
        f"{_TELL}:tell_samples",
        f"{_DRAW}:draw_matched",
    ),
)
OUTPUTS: dict[str, OutputRow] = {row.name: row for row in _ROWS}
