"""Download of a TFDS data set with timeouts, and without partial files after a failure.

TFDS itself retries an unreachable server for more than three minutes, sets no timeout, and leaves
folders and partial files behind.
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

# Seconds to connect to a server, seconds between its packets, seconds for the first check.
CONNECT, SILENCE, CHECK = 5.0, 60.0, 15.0


def download(name: str, builder: Any) -> None:
    """Download and prepare a TFDS data set; remove partial files after a failure.

    Args:
        name: value of the --dataset flag.
        builder: the builder of TFDS, whose data is not prepared yet.

    Raises:
        UserError: the data cannot be downloaded; the message contains a remedy.
    """
    data_dir = Path(builder.data_dir_root)
    check_folder(data_dir, "--data_dir")
    try:
        if reason := _unreachable(sorted(builder.url_infos or ())):
            raise _unavailable(name, builder, reason)
        with _request_timeouts(), _clean_after_failure(data_dir, builder.name):
            builder.download_and_prepare()
    except UserError:
        raise
    except Exception as error:  # downloaders, mirrors and checksums raise many types
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
    """Return why the first of `urls` is unreachable within `CHECK` seconds; empty if it is not."""
    urls = [url for url in urls if url.startswith("http")]
    if not urls:
        return ""
    reasons: list[str] = []
    # A look-up of a host name has no timeout, so it runs in a thread that can be abandoned.
    thread = threading.Thread(target=lambda: reasons.append(_failure_of(urls[0])), daemon=True)
    thread.start()
    thread.join(CHECK)
    return reasons[0] if reasons else f"no answer from {urls[0]} within {CHECK:.0f} seconds"


def _failure_of(url: str) -> str:
    try:
        with requests.get(url, stream=True, timeout=(CONNECT, CHECK)) as response:
            return "" if response.ok else f"{url} answers {response.status_code}"
    except requests.RequestException as error:
        return f"{url} cannot be reached: {type(error).__name__}"


@contextmanager
def _request_timeouts() -> Iterator[None]:
    """Set a timeout for every request that has none."""
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
    """Remove partial files of a failed download; keep complete ones for the next attempt."""
    downloads, prepared = data_dir / "downloads", data_dir / name
    folders = [downloads / "extracted", downloads / name, downloads, prepared, data_dir]
    new_folders = [folder for folder in folders if not folder.exists()]
    before = _partial(downloads, prepared)
    try:
        yield
    except BaseException:
        for part in _partial(downloads, prepared) - before:
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
        for folder in new_folders:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise


def _partial(downloads: Path, prepared: Path) -> set[Path]:
    """List the files and folders that TFDS has not finished, by their names."""
    return set(downloads.rglob("*.tmp.*")) | set(prepared.rglob("*incomplete*"))
