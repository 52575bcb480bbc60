"""Downloading a TFDS data set without waiting for ever, and without leaving half of it behind.

TFDS asks an unreachable server again and again, for more than three minutes, with no timeout of
its own, and leaves folders and parts of files where it stopped.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from ulk_tf.errors import UserError
from ulk_tf.files import check_folder

# Seconds to reach a server, seconds in which it must send something, seconds for the first check.
CONNECT, SILENCE, CHECK = 5.0, 60.0, 15.0


def download(name: str, builder: Any) -> None:
    """Download and prepare a TFDS data set, or leave nothing.

    Args:
        name: the --dataset flag.
        builder: of TFDS; not prepared yet.

    Raises:
        UserError: it cannot be downloaded; the message says how to go on.
    """
    data_dir = Path(builder.data_dir_root)
    check_folder(data_dir, "--data_dir")
    try:
        if reason := _unreachable(sorted(builder.url_infos or ())):
            raise _unavailable(name, builder, reason)
        with _impatient(), _clean_after_failure(data_dir, builder.name):
            builder.download_and_prepare()
    except UserError:
        raise
    except Exception as error:  # whatever its downloader, a mirror or a checksum raises
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise _unavailable(name, builder, reason) from error


def _unavailable(name: str, builder: Any, reason: str) -> UserError:
    return UserError(
        f"the data of {name}, prepared in {builder.data_path} or downloadable",
        f"neither ({reason})",
        "Either connect to a network once, or give --data_dir (or TFDS_DATA_DIR) a folder "
        f"where `tfds build {name}` has prepared it.",
    )


def _unreachable(urls: list[str]) -> str:
    """Why the first of `urls` cannot be had, within `CHECK` seconds; empty where it can."""
    urls = [url for url in urls if url.startswith("http")]
    if not urls:
        return ""
    found: list[str] = []
    # Names are looked up without a timeout: only a thread of its own can be left waiting.
    thread = threading.Thread(target=lambda: found.append(_ask(urls[0])), daemon=True)
    thread.start()
    thread.join(CHECK)
    return found[0] if found else f"no answer from {urls[0]} within {CHECK:.0f} seconds"


def _ask(url: str) -> str:
    try:
        with requests.get(url, stream=True, timeout=(CONNECT, CHECK)) as response:
            return "" if response.ok else f"{url} answers {response.status_code}"
    except requests.RequestException as error:
        return f"{url} cannot be reached: {type(error).__name__}"


@contextmanager
def _impatient() -> Iterator[None]:
    """Give every request a timeout."""
    send = requests.Session.send

    def send_in_time(session: requests.Session, request: Any, **options: Any) -> Any:
        options["timeout"] = options.get("timeout") or (CONNECT, SILENCE)
        return send(session, request, **options)

    requests.Session.send = send_in_time  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


@contextmanager
def _clean_after_failure(data_dir: Path, name: str) -> Iterator[None]:
    """Remove what a failed download has begun; whole files, which a later try needs, stay."""
    downloads, own = data_dir / "downloads", data_dir / name
    folders = [downloads / "extracted", downloads / name, downloads, own, data_dir]
    new_folders = [folder for folder in folders if not folder.exists()]
    before = _parts(downloads, own)
    try:
        yield
    except BaseException:
        for part in _parts(downloads, own) - before:
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
        for folder in new_folders:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def _parts(downloads: Path, own: Path) -> set[Path]:
    """Files and folders that TFDS has not finished, by its way of naming them."""
    return set(downloads.rglob("*.tmp.*")) | set(own.rglob("*incomplete*"))
