"""Telling one's own exports from a stranger's: a SavedModel is a program, and loading runs it.

An export is sealed with a key that only this user on this machine has. A seal that fits says
that the files are those that were exported here; anything else is announced before it is loaded.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from ulk_tf.blackbox.local import announce_code
from ulk_tf.files import sha256_file, write_text
from ulk_tf.serving.graph import Graph

FILE = Path("assets.extra") / "seal"


def key_path() -> Path:
    """Where this user's key is: `$XDG_STATE_HOME/ulk_tf/seal.key`, else under ~/.local/state."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    return Path(state) / "ulk_tf" / "seal.key"


def seal(folder: Path) -> None:
    """Seal a finished export; silently leaves it unsealed where no key can be kept."""
    path = key_path()
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
    except FileExistsError:
        pass  # another export made it in between
    except OSError:
        return
    made = _code(folder)
    if made:
        write_text(folder / FILE, made)


def is_own(folder: Path) -> bool:
    """Whether this user exported exactly these files on this machine."""
    try:
        found = (folder / FILE).read_text(encoding="ascii")
    except (OSError, ValueError):
        return False
    made = _code(folder)
    return bool(made) and hmac.compare_digest(found, made)


def announce(folder: Path) -> None:
    """Say on standard error that `folder` is code, unless it is an own export.

    Args:
        folder: a SavedModel about to be loaded.

    Raises:
        UserError: there is no SavedModel.
    """
    if is_own(folder):
        return
    touched = sorted(Graph(folder).file_operations())
    extra = f"It reads or writes files ({', '.join(touched)})." if touched else ""
    announce_code(folder, extra)


def _code(folder: Path) -> str:
    """The seal that fits the files of `folder` as they are; empty without a key."""
    try:
        key = key_path().read_bytes()
    except OSError:
        return ""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / FILE)
    listing = "".join(f"{sha256_file(p)} {p.relative_to(folder).as_posix()}\n" for p in files)
    return hmac.new(key, listing.encode(), hashlib.sha256).hexdigest()
