"""A build in a process of its own, that kills itself where it is told to.

    python -m tests.corpus.building FOLDER FLAGS_AS_JSON [RENAME before|after]

Every file is written whole and then renamed, so the moments right before and right after each
rename are all there is to tell apart.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def start(folder: Path, *moment: object, **flags: Any) -> "subprocess.Popen[str]":
    """Start a build of a tiny corpus.

    Args:
        folder: where it is built.
        moment: number of the rename, from 1, and "before" or "after", at which it is killed.
        **flags: over those of a tiny corpus.
    """
    command = [sys.executable, "-m", "tests.corpus.building", str(folder), json.dumps(flags)]
    return subprocess.Popen(
        [*command, *map(str, moment)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _die_at(number: int, when: str) -> None:
    count, rename = itertools.count(1), Path.replace

    def replace(self: Path, target: Path) -> Path:
        now = next(count) == number
        if now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = rename(self, target)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Path.replace = replace  # type: ignore[method-assign]


def _main() -> None:
    folder, flags, *moment = sys.argv[1:]
    from ulk_tf.corpus import worker

    # In-process builds give the bytes of workers where TensorFlow has one thread, as workers do.
    worker.prepare()
    from tests.corpus.settings import SHARD_UPDATES, built
    from ulk_tf.corpus import gaps

    gaps.SHARD_UPDATES = SHARD_UPDATES
    if moment:
        _die_at(int(moment[0]), moment[1])
    built(Path(folder), **json.loads(flags))


if __name__ == "__main__":
    _main()
