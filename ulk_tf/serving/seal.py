"""Seal of an export: marks it as made by this user, since loading a SavedModel runs its code.

An export is sealed with a key that only this user on this machine has. A valid seal shows that
the files are those that were exported here. Before any other SavedModel is loaded, a warning is
printed.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from ulk_tf.blackbox.saved_model import announce_code
from ulk_tf.files import sha256_file, write_text
from ulk_tf.serving.graph import Graph

FILE = Path("assets.extra") / "seal"


def key_path() -> Path:
    """Return the path of this user's key: ulk_tf/seal.key in $XDG_STATE_HOME or ~/.local/state."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    return Path(state) / "ulk_tf" / "seal.key"


def seal(folder: Path) -> None:
    """Seal a finished export; leave it unsealed, without a message, if no key can be written."""
    path = key_path()
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
    except FileExistsError:
        pass  # another export created it meanwhile
    except OSError:
        return
    code = _code(folder)
    if code:
        write_text(folder / FILE, code)


def is_own(folder: Path) -> bool:
    """Return True if this user exported exactly these files on this machine."""
    try:
        recorded = (folder / FILE).read_text(encoding="ascii")
    except (OSError, ValueError):
        return False
    code = _code(folder)
    return bool(code) and hmac.compare_digest(recorded, code)


def announce(folder: Path) -> str:
    """Warn that loading `folder` runs its code, unless this user exported it.

    Args:
        folder: a SavedModel that is about to be loaded.

    Returns:
        What was said; empty where nothing was.

    Raises:
        UserError: the folder holds no readable SavedModel.
    """
    if is_own(folder):
        return ""
    operations = sorted(Graph(folder).file_operations())
    extra = f"It reads or writes files ({', '.join(operations)})." if operations else ""
    return announce_code(folder, extra)


def _code(folder: Path) -> str:
    """Compute the seal of the present files of `folder`: hexadecimal, empty without a key."""
    try:
        key = key_path().read_bytes()
    except OSError:
        return ""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / FILE)
    listing = "".join(f"{sha256_file(p)} {p.relative_to(folder).as_posix()}\n" for p in files)
    return hmac.new(key, listing.encode(), hashlib.sha256).hexdigest()
