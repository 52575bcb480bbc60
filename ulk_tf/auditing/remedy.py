"""Remedies: the command that trains an attack for a target that it does not fit."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ulk_tf.settings import presets
from ulk_tf.settings.config import FoldersConfig


@dataclass(frozen=True)
class Trained:
    """Export of an attack, as far as it can be trained anew.

    Attributes:
        attack: name of the attack.
        metadata: of the export; a stranger's may be anything.
        folder: its version folder; None where it is not known.
    """

    attack: str
    metadata: Mapping[str, Any]
    folder: Path | None = None

    def command(self, **changed: str) -> str:
        """Return the command that trains it as it was, but for some flags.

        Args:
            **changed: flags that differ, by name.

        Returns:
            The command; empty where the export does not tell its flags, since a command without
            them would train for other data.

        Example:
            >>> from dataclasses import asdict
            >>> from ulk_tf.settings.presets import experiment
            >>> known = {"config": asdict(experiment("li", dataset="mnist"))}
            >>> Trained("li", known).command(defence="round:4")
            'python -m ulk_tf train li --dataset=mnist --defence=round:4'
        """
        try:
            flags = presets.flags_of(self.metadata["config"])
        except Exception:  # the config of a stranger's export may be anything
            return ""
        # The noise of a form is that of the answer that is read, be it a mean.
        for name in ("shadow_defence", "repeat") if "defence" in changed else ():
            flags.pop(name, None)
        # <export_dir>/<dataset>_<attack>/<version>
        home = self.folder.parent.parent if self.folder else Path(FoldersConfig.export_dir)
        if home.resolve() != Path(FoldersConfig.export_dir).resolve():
            flags["export_dir"] = home
        flags |= changed
        typed = (f"--{name}={shlex.quote(str(value))}" for name, value in flags.items())
        return " ".join(["python -m ulk_tf train", self.attack, *typed])
