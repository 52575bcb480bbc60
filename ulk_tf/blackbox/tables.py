"""Tables of answers in text files: as pandas, NumPy, R or a spreadsheet write them."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ulk_tf.answers.numbers import checked
from ulk_tf.blackbox.class_names import named_places, place_of
from ulk_tf.blackbox.outputs import by_columns
from ulk_tf.blackbox.single_columns import LABELS_NOTE, one_hot
from ulk_tf.errors import UserError
from ulk_tf.files import Array

TABLES = (".csv", ".tsv", ".txt")
MAX_LINE = 2**20  # bytes
INDEX_NAMES = ("", "index", "id", "row", "sample", "unnamed: 0")
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,?\d+(?:[eE][+-]?\d+)?\s*%?\s*")
EXPONENT = re.compile(r"(?<=\d)[dD](?=[+-]?\d)")  # as Fortran writes it
FRAMES = "[](){}|"  # around rows of Python, NumPy or Markdown
RULED = set("|-:+= ")  # a line that only separates
BYTE_ORDERS = (b"\xff\xfe", b"\xfe\xff")


def read_table(path: Path, class_names: Sequence[str] = ()) -> tuple[Array, tuple[str, ...]]:
    """Read a table with a row for each sample.

    Commas, semicolons, tabs or spaces lie between the numbers. A header and a column that numbers
    the rows may be there; lines that begin with # are comments. Columns under the names of the
    attack's classes are put in its order.

    Args:
        path: the file.
        class_names: in the order that the attack knows; empty where nobody knows them.

    Returns:
        float64 [rows, columns], and notes for the user.

    Raises:
        UserError: it cannot be read, or holds something else.
    """
    cells = _cells(path)
    header, cells = _header(cells)
    width = len(cells[0]) if cells else 0
    names = header or [""] * width
    if len(names) == width - 1:  # R names no column for the names of its rows
        names = ["", *names]
    names, cells, left_out = _classes_only(names, cells, class_names)
    width = len(names)
    texts: dict[int, str] = {}
    for number, row in enumerate(cells, start=1):
        if len(row) != width:
            raise UserError(
                f"{width} numbers in every row of {path}", f"{row[:3]} in answer {number}"
            )
        texts |= {place: cell for place, cell in enumerate(row) if not _is_number(cell)}
    wanted = [place for place in range(width) if place not in texts]
    for place, cell in texts.items():
        # Names of the rows are no answers; text anywhere else may be a damaged number.
        named = names[place].strip().casefold() in INDEX_NAMES and header
        if not named or any(_is_number(row[place]) for row in cells):
            raise UserError(
                f"{width} numbers in every row of {path}",
                f"{cell!r} in column {place + 1}",
                "Leave out columns that are no answers.",
            )
    values = np.array([[_number(row[place]) for place in wanted] for row in cells], np.float64)
    if not values.size:
        raise UserError(f"numbers in {path}", "none")
    names = [names[place].strip() for place in wanted]
    values, names, notes = _without_index(values, names, path)
    if header:
        values, more = by_columns(names, values, class_names)
        notes += more
    labels = one_hot(values, len(values), class_names)
    if labels is not None:
        values, notes = labels, (*notes, LABELS_NOTE)
    return checked(values, len(values)), (*left_out, *notes)


def is_table(path: Path) -> bool:
    """Tell whether a text file ends in a line of numbers."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - MAX_LINE))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return False
    last = next((line for line in map(_unframed, reversed(lines)) if line.strip()), "")
    return _is_number(_split(last, _delimiter(last))[-1].replace(",", ".")) if last else False


def _cells(path: Path) -> list[list[str]]:
    try:
        lines = [_unframed(line) for line in _decoded(path.read_bytes()).splitlines()]
        lines = [line for line in lines if line.strip() and not {*line} <= RULED]
        comments = [line for line in lines if line.lstrip().startswith("#")]
        lines = [line for line in lines if not line.lstrip().startswith("#")]
        # NumPy marks its header as a comment, too.
        first = comments[-1].lstrip("# ") if comments else ""
        delimiter = _delimiter("\n".join(lines))
        rows = [_split(line, delimiter) for line in lines]
        if first and rows and len(_split(first, delimiter)) == len(rows[0]):
            rows.insert(0, _split(first, delimiter))
    except (OSError, UnicodeError, csv.Error) as error:
        raise UserError(f"a readable {path.suffix}", f"{path} ({error})") from error
    numbers = rows[1:] or rows
    if delimiter != "," and all(DECIMAL_COMMA.fullmatch(c) for row in numbers for c in row):
        rows = [[cell.replace(",", ".") for cell in row] for row in rows]
    return rows


def _decoded(data: bytes) -> str:
    """Text in the encoding that its first bytes tell; else UTF-8, or what Windows writes."""
    if data.startswith(BYTE_ORDERS):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def _unframed(line: str) -> str:
    """A line without brackets around its numbers and without a separator after the last."""
    stripped = line.strip()
    if stripped[:1] in {*FRAMES}:
        stripped = stripped.rstrip(",").strip(FRAMES)
    return stripped.rstrip(",;") if stripped[:1] not in ",;" else stripped


def _classes_only(
    names: list[str], cells: list[list[str]], class_names: Sequence[str]
) -> tuple[list[str], list[list[str]], tuple[str, ...]]:
    """A table without the columns beside those of all classes; the rows' numbers stay."""
    known = named_places(class_names)
    found = [place_of(name.strip(), known) for name in names]
    if not class_names or not {*range(len(class_names))} <= {*found}:
        return names, cells, ()
    kept = [
        place
        for place, name in enumerate(names)
        if found[place] is not None or (place == 0 and name.strip().casefold() in INDEX_NAMES)
    ]
    others = [name.strip() for place, name in enumerate(names) if place not in kept]
    if not others or any(len(row) != len(names) for row in cells):
        return names, cells, ()
    note = f"Columns beside those of the classes were left out: {', '.join(others)}."
    return (
        [names[place] for place in kept],
        [[row[place] for place in kept] for row in cells],
        (note,),
    )


def _delimiter(text: str) -> str:
    """Separator of the numbers of a text; a space stands for any white space."""
    for delimiter in (";", "\t", "|", ","):
        if delimiter in text:
            return delimiter
    return " "


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        line = " ".join(line.split())  # R quotes names, and pads columns
    return next(csv.reader([line], delimiter=delimiter))


def _header(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, empty where there are none, and the other rows."""
    if not rows:
        return [], rows
    first, others = rows[0], rows[1:]
    if all(map(_is_number, first)):
        numbers = [_number(cell) for cell in first]
        counted = numbers in (list(range(len(first))), list(range(1, len(first) + 1)))
        # Of two columns, 0 and 1 may be a label.
        labels = len(first) == 2 and all({*map(_number, row)} <= {0.0, 1.0} for row in others)
        if len(first) < 2 or not counted or not others or labels:
            return [], rows
    # Some text in a row of numbers is damage and no header.
    elif any(_is_number(cell) and not cell.strip().isdecimal() for cell in first):
        return [], rows
    return first, others


def _without_index(
    values: Array, names: list[str], path: Path
) -> tuple[Array, list[str], tuple[str, ...]]:
    """The table without a column that numbers its rows, in the order of these numbers."""
    rows, width = values.shape
    if width < 2:
        return values, names, ()
    first = values[:, 0]
    for start in (0, 1):
        counted = np.arange(start, start + rows)
        called = names[0].casefold() in INDEX_NAMES
        in_order = np.array_equal(first, counted) and (rows > 2 or (called and any(names)))
        shuffled = called and any(names) and np.array_equal(np.sort(first), counted)
        if in_order or shuffled:
            note = f"The first column of {path.name} numbers the rows and was left out."
            if not in_order:
                note = f"The rows of {path.name} were put in the order of its first column."
            return values[np.argsort(first, kind="stable"), 1:], names[1:], (note,)
    return values, names, ()


def _is_number(cell: str) -> bool:
    return _number(cell) is not None


def _number(cell: str) -> float | None:
    try:
        # Percent stay percent: their unit is recognised from all rows together.
        return float(EXPONENT.sub("E", cell.strip().removesuffix("%")))
    except ValueError:
        return None
