"""Remedies: the command that trains an attack for a target that it does not fit."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ulk_tf.answers.form import Form
from ulk_tf.answers.numbers import as_mapping
from ulk_tf.defences import parse
from ulk_tf.errors import UserError
from ulk_tf.settings import presets
from ulk_tf.settings.config import FoldersConfig
from ulk_tf.settings.presets import SHADOW
from ulk_tf.settings.update_config import refused_beside


@dataclass(frozen=True)
class Export:
    """Export of an attack, as far as it tells how the attack was trained.

    Attributes:
        attack: name of the attack.
        metadata: of the export; a stranger's may be anything.
        folder: its version folder; None where it is not known.
    """

    attack: str
    metadata: Mapping[str, Any]
    folder: Path | None = None

    @property
    def form(self) -> Form:
        """Form of the answers that it was trained on; exact where it names none."""
        return Form.from_json(self.metadata.get("answers"))

    @property
    def adversary(self) -> dict[str, Any]:
        """The adversary's flags by group; empty where it tells none."""
        return dict(as_mapping(as_mapping(self.metadata.get("config")).get("adversary")))

    @property
    def defence(self) -> str:
        """The defence that it was trained for; empty where there is none."""
        return str(as_mapping(self.adversary.get("defence")).get("defence") or "")

    @property
    def adds_new_noise(self) -> bool:
        """True if the answers that it was trained on have noise that is new each time."""
        try:
            return parse(self.defence).random
        except UserError:  # a stranger's export may be anything
            return False

    def command(self, **changed: Any) -> str:
        """Return the command that trains the attack as it was trained, but for some flags.

        Args:
            **changed: flags that differ, by name.

        Returns:
            The command; empty where the export does not tell its flags, since a command without
            them would train for other data, and where they do not go with those that differ.

        Example:
            >>> from dataclasses import asdict
            >>> from ulk_tf.settings.presets import experiment
            >>> known = {"config": asdict(experiment("li", dataset="mnist", old_samples=64))}
            >>> Export("li", known).command(update_method="retraining")
            'python -m ulk_tf train li --dataset=mnist --update_method=retraining'
        """
        try:
            flags = presets.flags_of(self.metadata["config"])
            beside = {
                *(name for one in changed for name in _BESIDE.get(one, ())),
                *refused_beside(changed.get("update_method", "fine_tuning")),
            }
            unread = {*beside, *(SHADOW + name for name in (*beside, *changed))}
            flags = {name: value for name, value in flags.items() if name not in unread} | changed
            presets.experiment(self.attack, **flags)
        except Exception:  # the config of a stranger's export may be anything
            return ""
        if (home := self._export_dir()) is not None:
            flags["export_dir"] = home
        typed = (f"--{name}={shlex.quote(str(value))}" for name, value in flags.items())
        return " ".join(["python -m ulk_tf train", self.attack, *typed])

    def _export_dir(self) -> Path | None:
        """The folder above <dataset>_<attack>/<version>; None where it is the usual or no such."""
        home = self.folder.resolve().parent if self.folder else Path()
        if not home.name.endswith(f"_{self.attack}"):
            return None
        usual = Path(FoldersConfig.export_dir).resolve()
        return None if home.parent == usual else home.parent


# The noise of a form is that of the answer that is read, be it a mean.
_BESIDE = {"defence": ("repeat",)}
