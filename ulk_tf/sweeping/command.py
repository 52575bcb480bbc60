"""Command lines of sweeps: an attack list beside the flags that all attacks share."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ulk_tf.commands import sweep_command
from ulk_tf.corpus.locks import locked
from ulk_tf.errors import UserError
from ulk_tf.files import write_text
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.flags import Described
from ulk_tf.settings.presets import experiment
from ulk_tf.sweeping.choice import attacks_named, chosen, refuse_swept, settings_for
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import IN_WORDS, SETTINGS, sizes_for
from ulk_tf.sweeping.table import table

if TYPE_CHECKING:
    from ulk_tf.preflight import Loaded


def sweeping(
    sweep_name: str, settings: tuple[Setting, ...], summary: str, *, defended: bool
) -> Described:
    """Make the command of a sweep.

    Args:
        sweep_name: name of the sweep, and of its table.
        settings: settings that it goes through.
        summary: the first line of --help.
        defended: True if the settings are defences: utility and a naive adversary are measured.
    """

    def run(attack: str = "li", preset: str = "sweep", **flags: Any) -> None:
        from ulk_tf.preflight import preflight  # noqa: PLC0415 - for help, flags are enough

        names, wanted = attacks_named(attack), flags.pop("settings", None)
        some = chosen(settings, wanted)
        mine = {name: settings_for(name, some, flags) for name in names}
        if wanted is not None and not all(mine.values()):
            without = next(name for name in names if not mine[name])
            raise UserError(f"--settings with one that fits --attack={without}", repr(wanted))
        refuse_swept(flags, [one for listed in mine.values() for one in listed])
        given = {
            name: {**(sizes_for(name, flags) if preset == "sweep" else {"preset": preset}), **flags}
            for name in names
        }
        # The last attack's fault is said before the first is measured.
        plain = [experiment(name, **given[name]) for name in names]
        swept = {name for setting in settings for name in setting.flags}
        loaded = preflight(*plain, given=flags, swept=swept)
        for name in names:
            _sweep(sweep_name, name, mine[name], given[name], loaded, defended, wanted is None)

    return sweep_command(run, summary, IN_WORDS, [one.name for one in settings])


_SUMMARIES = {
    "defences": "Measure defences: what each leaves of an attack, and what it costs the answers.",
    "adversaries": "Measure adversaries who know less, or more, of the target, its data or its "
    "update.",
    "updates": "Measure updates as services make them: which of them give away less.",
}
# Commands of the sweeps by name, which is also that of their trainers.
SWEEPS: Mapping[str, Described] = MappingProxyType(
    {
        name: sweeping(name, SETTINGS[name], summary, defended=name == "defences")
        for name, summary in _SUMMARIES.items()
    }
)


def _sweep(
    sweep_name: str,
    attack: str,
    settings: list[Setting],
    flags: Mapping[str, Any],
    loaded: "Loaded",
    defended: bool,
    whole: bool,
) -> None:
    from ulk_tf.sweeping.picture import picture  # noqa: PLC0415 - imports matplotlib
    from ulk_tf.sweeping.sweep import folder_of, sweep  # noqa: PLC0415 - imports TensorFlow

    def make(**own: Any) -> Experiment:
        return experiment(attack, **{**flags, **own})

    found = sweep(make, settings, loaded, naive=defended, useful=defended, seeds=whole)
    folder, told = folder_of(make()), table(found)
    # Chosen settings leave the table of all alone.
    some = "" if whole else "_chosen"
    path, drawn = folder / f"{sweep_name}{some}.md", folder / f"leak_and_utility{some}.png"
    # Another sweep that writes its ledger removes what looks left behind by a killed one.
    with locked(folder, wait=True):
        write_text(path, told + "\n")
        if defended:
            picture(drawn, found)
    print(f"\n{told}\n")
    if defended:
        print(drawn)
    print(path)
    print(folder / "sweep.json")
