"""Command line of a sweep: an attack list beside the flags that all attacks share."""

from typing import Any

from ulk_tf.commands import sweep_command
from ulk_tf.files import write_text
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.flags import Described
from ulk_tf.settings.presets import experiment
from ulk_tf.sweeping.settings import (
    IN_WORDS,
    SIZES,
    Setting,
    attacks_named,
    refuse_swept,
    settings_for,
)


def sweeping(settings: tuple[Setting, ...], summary: str, *, defended: bool) -> Described:
    """Make the command of a sweep.

    Args:
        settings: settings that it goes through.
        summary: the first line of --help.
        defended: True if the settings are defences: utility and a naive adversary are measured.
    """

    def run(attack: str = "li", preset: str = "sweep", **flags: Any) -> None:
        names = attacks_named(attack)
        refuse_swept(flags, settings)
        for name in names:
            sizes = SIZES.get(name, {}) if preset == "sweep" else {"preset": preset}
            _sweep(name, settings_for(name, settings), {**sizes, **flags}, defended)

    return sweep_command(run, summary, IN_WORDS)


def _sweep(attack: str, settings: list[Setting], flags: dict[str, Any], defended: bool) -> None:
    from ulk_tf.sweeping.picture import picture  # noqa: PLC0415 - imports TensorFlow
    from ulk_tf.sweeping.sweep import folder_of, sweep  # noqa: PLC0415 - imports TensorFlow
    from ulk_tf.sweeping.table import table  # noqa: PLC0415 - imports TensorFlow

    def make(**own: Any) -> Experiment:
        return experiment(attack, **{**flags, **own})

    found = sweep(make, settings, naive=defended, useful=defended)
    folder, told = folder_of(found.experiment), table(found)
    write_text(folder / "table.md", told + "\n")
    print(f"\n{told}\n")
    if defended:
        picture(folder / "leak_and_utility.png", found)
        print(folder / "leak_and_utility.png")
    print(folder / "table.md")
    print(folder / "sweep.json")
