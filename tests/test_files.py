"""Files appear whole or not at all, and strange ones are refused before they cost anything."""

import io
import json
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ulk_tf import files
from ulk_tf.errors import UserError

ARRAYS = {"a": np.arange(6, dtype=np.int32).reshape(2, 3), "b": np.array(["x", "yy"])}


def header(descr: str, shape: str) -> bytes:
    """The start of a .npy that claims a type and a shape."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(f"{name}.npy", content)
    return path


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    files.save_npz(tmp_path / "deep" / "x.npz", ARRAYS)
    loaded = files.load_npz(tmp_path / "deep" / "x.npz")
    assert set(loaded) == {"a", "b"}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype


def test_equal_arrays_are_equal_bytes(tmp_path: Path) -> None:
    files.save_npz(tmp_path / "x.npz", ARRAYS)
    files.save_npz(tmp_path / "y.npz", ARRAYS)
    assert files.sha256_file(tmp_path / "x.npz") == files.sha256_file(tmp_path / "y.npz")


def test_only_named_arrays_are_read(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.npz", a=npy(ARRAYS["a"]), rubbish=b"no array at all")
    assert list(files.load_npz(path, ("a",))) == ["a"]
    assert list(files.load_npz(path, ("a",), ("missing",))) == ["a"]
    with pytest.raises(UserError, match=r"named a, c in .* Received a, rubbish \(c missing\)"):
        files.load_npz(path, ("a", "c"))
    with pytest.raises(UserError, match="readable"):
        files.load_npz(path)


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (npy(np.array([{"a": 1}], object)), "holds objects"),
        (header("'<f4'", "(1000000000000,)"), "not as long as its shape"),
        (header("'<f4'", "(2,)") + bytes(4), "not as long as its shape"),
        (header("'<f4'", "(1,)") + bytes(8), "not as long as its shape"),
        (header("'<f4'", "(-1, -1)") + bytes(4), "not as long as its shape"),
        (header("'<U0'", "(1000000000000,)"), "no size"),
        (header("'|O'", "(1,)") + b"cos\nsystem\n(S'true'\ntR.", "holds objects"),
        (b"\x93NUMPY\x09\x00" + bytes(64), "unknown format"),
        (b"", "EOF"),
        (b"nothing", "magic"),
    ],
)
def test_a_strange_member_is_refused(tmp_path: Path, member: bytes, reason: str) -> None:
    path = archive(tmp_path / "x.npz", a=member)
    with pytest.raises(UserError, match=reason):
        files.load_npz(path, ("a",))


def test_a_zip_bomb_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(tmp_path / "x.npz", a=npy(np.zeros(2**20, np.uint8)))
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(files, "memory_limit", lambda: 2**19)
    with pytest.raises(UserError, match="half of this machine's memory"):
        files.load_npz(path, ("a",))


def test_memory_limit_is_half_of_what_there_is() -> None:
    with Path("/proc/meminfo").open() as lines:
        total = 1024 * int(next(lines).split()[1])
    assert files.memory_limit() == pytest.approx(total / 2, rel=0.05)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_damage_is_found_or_harmless(tmp_path_factory: pytest.TempPathFactory, data) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    files.save_npz(path, ARRAYS)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        loaded = files.load_npz(path, ("a", "b"))
    except UserError as error:
        assert str(path) in str(error)
        return
    for name, array in ARRAYS.items():
        assert loaded[name].shape == array.shape
        # The zip's checksum covers the values; of the header only the type can differ unseen.
        assert loaded[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04rubbish"])
def test_no_archive_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"readable \.npz"):
        files.load_npz(path)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    files.write_json(path, {"old": 1})
    with pytest.raises(ValueError, match="Out of range"):
        files.write_json(path, {"new": float("nan")})
    with pytest.raises(RuntimeError), files.atomic_path(path) as temporary:
        temporary.write_text("half of it")
        raise RuntimeError
    assert json.loads(path.read_text()) == {"old": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["x.json"]


def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    files.write_text(path, "old")
    script = f"""
        import os, signal
        from pathlib import Path
        from ulk_tf import files
        with files.atomic_path(Path({str(path)!r})) as temporary:
            temporary.write_text("new")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert path.read_text() == "old"


def test_read_json_is_bounded(tmp_path: Path) -> None:
    files.write_json(tmp_path / "x.json", list(range(100)))
    assert files.read_json(tmp_path / "x.json") == list(range(100))
    with pytest.raises(UserError, match="at most 10 bytes"):
        files.read_json(tmp_path / "x.json", limit=10)
    (tmp_path / "bad.json").write_text("{")
    for name in ("bad.json", "missing.json"):
        with pytest.raises(UserError, match="readable JSON"):
            files.read_json(tmp_path / name)


def test_check_folder_leaves_nothing(tmp_path: Path) -> None:
    files.check_folder(tmp_path / "a" / "b", "--runs_dir")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["file/inside", "file", "long", "/proc/nowhere"])
def test_check_folder_refuses(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / ("x" * 300 if place == "long" else place)
    with pytest.raises(UserError, match="a folder for --runs_dir that can be written to"):
        files.check_folder(folder, "--runs_dir")


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write anywhere")
def test_check_folder_respects_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Permission denied"):
        files.check_folder(tmp_path / "x", "--runs_dir")


def test_digest_tells_apart_what_differs() -> None:
    zeros = np.zeros(4, np.float32)
    parts = [
        (zeros,),
        (zeros.astype(np.int32),),
        (zeros.reshape(2, 2),),
        (zeros, zeros),
        (zeros[:2], zeros[2:]),
        ([0.0],),
        ("0.0",),
        ({"a": 1, "b": 2},),
        ({"a": 2, "b": 1},),
    ]
    digests = [files.digest(*part) for part in parts]
    assert len(set(digests)) == len(parts)
    assert files.digest({"b": 2, "a": 1}) == files.digest({"a": 1, "b": 2})
    assert files.digest(np.asfortranarray(np.eye(3))) == files.digest(np.eye(3))


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_the_user_s_umask_decides_who_reads(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        files.write_json(tmp_path / "a" / "one.json", {})
        files.save_npz(tmp_path / "two.npz", {"x": np.zeros(1)})
    finally:
        os.umask(before)
    for path in (tmp_path / "a" / "one.json", tmp_path / "two.npz"):
        assert path.stat().st_mode & 0o777 == 0o666 & ~umask
