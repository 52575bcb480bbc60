"""Tables of answers as other programs write them."""

import io
import json
import pickle

import numpy as np
import pytest

from ulk_tf.answers.interpret import interpret
from ulk_tf.blackbox.open import is_recording
from ulk_tf.blackbox.recording import Recording
from ulk_tf.blackbox.tables import is_table, read_table
from ulk_tf.errors import UserError

NAMES = ["ant", "bee", "cat"]
VALUES = np.random.default_rng(0).dirichlet(np.ones(3), 6)


def text(delimiter=",", header=None, index=None, end="\n", decimal="."):
    lines = [] if header is None else [delimiter.join(header)]
    for number, row in enumerate(VALUES):
        cells = [repr(float(value)).replace(".", decimal) for value in row]
        lines.append(delimiter.join(([] if index is None else [str(index[number])]) + cells))
    return end.join([*lines, ""])


def saved(**options):
    stream = io.StringIO()
    np.savetxt(stream, VALUES, **options)
    return stream.getvalue()


FORMS = {
    "plain": text(),
    "pandas": text(header=["", "0", "1", "2"], index=range(6)),
    "pandas without index": text(header=["0", "1", "2"]),
    "pandas, index named": text(header=["id", *NAMES], index=range(1, 7)),
    "counted from one": text(header=["1", "2", "3"]),
    "names": text(header=NAMES),
    "other names": text(header=["p0", "p1", "p2"]),
    "index without header": text(index=range(6)),
    "R": text(" ", header=['"ant"', '"bee"', '"cat"'], index=[f'"{i}"' for i in range(1, 7)]),
    "index of names": text(header=["", *NAMES], index=[f"img{i}.png" for i in range(6)]),
    "Windows": text(end="\r\n"),
    "byte order mark": "\ufeff" + text(header=NAMES),
    "semicolons": text(";"),
    "semicolons, decimal commas": text(";", decimal=",", header=NAMES),
    "tabs": text("\t", header=NAMES),
    "savetxt": saved(),
    "savetxt with commas": saved(delimiter=","),
    "savetxt with header": saved(delimiter=",", header="0,1,2"),
    "savetxt with a remark": saved(header="answers of version 3"),
    "spaces after commas": text(", "),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt"])
def test_forms(form, suffix, tmp_path):
    path = tmp_path / f"answers.{suffix}"
    path.write_text(FORMS[form], encoding="utf-8", newline="")
    values, _ = read_table(path, NAMES)
    np.testing.assert_array_equal(values, VALUES)
    np.testing.assert_array_equal(Recording.load(path, None, NAMES).answers, VALUES)
    assert is_table(path)


def test_columns_and_rows_are_put_in_order(tmp_path):
    path = tmp_path / "a.csv"
    order = [3, 1, 0, 5, 4, 2]
    lines = [f"{i},{VALUES[i, 2]!r},{VALUES[i, 0]!r},{VALUES[i, 1]!r}" for i in order]
    path.write_text("\n".join([",cat,ant,bee", *lines]).replace("np.float64(", "").replace(")", ""))
    values, notes = read_table(path, NAMES)
    np.testing.assert_array_equal(values, VALUES)
    assert any("order of its first column" in note for note in notes)
    assert any("order of the attack's classes" in note for note in notes)


def test_r_s_quoted_names_are_put_in_order_too(tmp_path):
    path = tmp_path / "a.txt"
    order = [NAMES.index(name) for name in ("cat", "ant", "bee")]
    told = text(" ", header=['"cat"', '"ant"', '"bee"'], index=[f'"{i}"' for i in range(1, 7)])
    path.write_text(told)
    values, notes = read_table(path, NAMES)
    np.testing.assert_array_equal(values[:, order], VALUES)
    assert any("order of the attack's classes" in note for note in notes)


def test_columns_under_other_names_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(text(",", header=["cow", "ape", "bat"]))
    with pytest.raises(UserError, match="columns named after the attack's classes"):
        read_table(path, NAMES)
    np.testing.assert_array_equal(read_table(path)[0], VALUES)


def test_two_rows_of_labels_are_no_header(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("0,1\n1,0\n")
    np.testing.assert_array_equal(read_table(path)[0], [[0, 1], [1, 0]])
    path.write_text("0,1\n0.3,0.7\n")
    np.testing.assert_array_equal(read_table(path)[0], [[0.3, 0.7]])


def test_one_sigmoid_unit(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",0\n" + "".join(f"{i},{0.1 + i / 10}\n" for i in range(5)))
    found = interpret(read_table(path)[0], 2)
    np.testing.assert_allclose(found.posteriors[:, 1], 0.1 + np.arange(5) / 10, rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "numbers in"),
        ("no,archive\n", "numbers in"),
        ("0.5,0.5\n1\n", "2 numbers in every row"),
        ("0.5,0.5\n0.5,O.5\n", "'O.5' in column 2"),
        ("0.5,x\n0.5,0.5\n", "'x' in column 2"),
        ("a,b,label\n0.5,0.5,cat\n", "'cat' in column 3"),
        ("0.5,nan\n", "NaN"),
    ],
)
def test_damage_is_named(content, message, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        read_table(path)


def test_npy_and_bfloat16(tmp_path):
    np.save(tmp_path / "a.npy", VALUES)
    np.testing.assert_array_equal(Recording.load(tmp_path / "a.npy").answers, VALUES)
    import ml_dtypes

    short = VALUES.astype(ml_dtypes.bfloat16)
    np.savez(tmp_path / "a.npz", answers=short)
    found = Recording.load(tmp_path / "a.npz").answers
    np.testing.assert_array_equal(found, short.astype(np.float64))
    (tmp_path / "b.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-8])
    np.save(tmp_path / "c.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "d.npy").write_bytes(pickle.dumps("no array"))
    for name in ("b.npy", "c.npy", "d.npy"):
        with pytest.raises(UserError, match="no pickles") as refused:
            Recording.load(tmp_path / name)
        # NumPy advises to load a pickle all the same.
        assert "allow_pickle" not in str(refused.value)


def test_names_of_files_in_capitals(tmp_path):
    (tmp_path / "A.CSV").write_text("0.25,0.75\n0.5,0.5\n1,0\n")
    np.save(tmp_path / "a.npy", VALUES)
    (tmp_path / "a.npy").rename(tmp_path / "A.NPY")
    for name, values in (("A.CSV", [[0.25, 0.75], [0.5, 0.5], [1, 0]]), ("A.NPY", VALUES)):
        assert is_recording(str(tmp_path / name))
        np.testing.assert_array_equal(Recording.load(tmp_path / name).answers, values)


def test_a_text_that_is_no_table(tmp_path):
    (tmp_path / "a.txt").write_text("notes on version 3\nand more\n")
    assert not is_table(tmp_path / "a.txt")
    assert not is_table(tmp_path / "nowhere.txt")
    (tmp_path / "b.txt").write_text("[[0.1, 0.9],\n [0.5, 0.5]]\n")
    assert is_table(tmp_path / "b.txt")


def test_a_recording_of_schema_1_is_read(tmp_path):
    told = {
        "target": "http://host/v1/models/m",
        "probing_set": "ab",
        "versions": ["3"],
        "queries": 6,
        "started": "2026-01-01T00:00:00+00:00",
        "finished": "2026-01-01T00:00:01+00:00",
        "schema_version": 1,
    }
    answers = np.random.default_rng(0).dirichlet(np.ones(3), 6)
    np.savez(tmp_path / "old.npz", answers=answers, recording=np.array(json.dumps(told)))
    found = Recording.load(tmp_path / "old.npz")
    np.testing.assert_array_equal(found.answers, answers)
    assert (found.versions, found.queries, dict(found.asked), found.notes) == (("3",), 6, {}, ())
    np.savez(
        tmp_path / "new.npz",
        answers=answers,
        recording=np.array(json.dumps(told | {"schema_version": 9})),
    )
    with pytest.raises(UserError, match="schema version 1 to 3"):
        Recording.load(tmp_path / "new.npz")


def _row(form, separator=","):
    return lambda p: "\n".join(separator.join(form(float(v)) for v in row) for row in p) + "\n"


WRITTEN = {
    "percent": _row(lambda v: f"{100 * v!r}%"),
    "percent with decimal commas": _row(lambda v: f"{100 * v!r} %".replace(".", ","), ";"),
    "Fortran": _row(lambda v: f"{v:.12E}".replace("E", "D")),
    "separators at the end": lambda p: _row(repr)(p).replace("\n", ",\n"),
    "Python": lambda p: "\n".join(f"{row.tolist()}," for row in p),
    "NumPy": str,
    "Markdown": lambda p: (
        "| ant | bee | cat |\n|:---|---:|---|\n| " + _row(repr, " | ")(p).replace("\n", " |\n| ")
    ),
    "UTF-16": lambda p: _row(repr)(p).encode("utf-16"),
    "Windows": lambda p: ("# Größe\n" + _row(repr)(p)).encode("cp1252"),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_rows_as_other_programs_write_them(form, tmp_path):
    posteriors = np.random.default_rng(4).dirichlet(np.ones(3), 6)
    text = WRITTEN[form](posteriors)
    (tmp_path / "a.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    values, _ = read_table(tmp_path / "a.csv", NAMES)
    np.testing.assert_allclose(interpret(values, 3).posteriors, posteriors, atol=1e-6)


def test_columns_beside_the_classes_are_left_out_and_named(tmp_path):
    posteriors = np.random.default_rng(4).dirichlet(np.ones(3), 6)
    lines = [f"{i},{r[2]!r},{r[0]!r},dog,{r[1]!r},7" for i, r in enumerate(posteriors.tolist())]
    lines = lines[::-1]
    (tmp_path / "a.csv").write_text("\n".join(["id,cat,ant,label,bee,prediction", *lines]))
    values, notes = read_table(tmp_path / "a.csv", NAMES)
    np.testing.assert_allclose(values, posteriors)
    assert notes[0].endswith("left out: label, prediction.")
