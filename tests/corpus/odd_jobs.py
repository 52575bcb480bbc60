"""Jobs of all kinds, for workers of all kinds."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from ulk_tf.corpus.jobs import Datasets
from ulk_tf.errors import UserError


@dataclass(frozen=True)
class Odd:
    """Answers its number and its process, once it has done something odd."""

    number: int
    oddity: str = ""
    marker: Path = Path()

    @property
    def what(self) -> str:
        """For messages."""
        return f"doing odd job {self.number}"

    def run(self, datasets: Datasets) -> tuple[int, int, int]:
        """Its number, how many samples it was given, and its process."""
        if self.oddity == "dies once" and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.oddity == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.oddity == "raises":
            raise ZeroDivisionError("an odd error")
        if self.oddity == "refuses":
            raise UserError("something even", self.number, "Add one.")
        if self.oddity == "waits":
            time.sleep(0.3)
        return self.number, sum(len(one.labels) for one in datasets.values()), os.getpid()
