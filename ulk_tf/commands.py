"""Commands: command lines that run experiments, with a flag for each config field."""

import dataclasses
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ulk_tf.settings.attack_table import ATTACKS, attack_row
from ulk_tf.settings.config import DataConfig
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.flags import Described, Flag
from ulk_tf.settings.presets import (
    PARTY,
    PRESETS,
    SHADOW,
    Preset,
    experiment,
    outsider_and_insider,
    parts,
    preset_fields,
)

if TYPE_CHECKING:
    from ulk_tf.preflight import Loaded

EXAMPLES = (
    ("", "handwritten digits, offline"),
    ("--preset=quick", "the same in about a minute"),
    ("--dataset=mnist", "from TensorFlow Datasets"),
    ("--dataset=own.npz --target=module:function", "your data, your classifier"),
    ("--dataset=own.npz --procedure=module:Class", "your training and update, in any framework"),
    ("--dataset=own.npz --base_model=model.keras", "your trained classifier; see `ulk_tf insider`"),
    ("--shadow_target=mlp", "an adversary who assumes another architecture"),
    ("--dataset=cifar10 --help", "flags, with their values there"),
)
TWINS = (
    "Two sides. The flags of data, architecture, base training, update and defence set the owner's "
    "values. For each there is a flag --shadow_<flag> for the value that the adversary assumes; "
    "it equals the owner's when not given. For example, --update_learning_rate=0.01 "
    "--shadow_update_learning_rate=0.001 is an adversary who assumes a wrong learning rate."
)


def command(attack: str, run: "Callable[[Experiment, Loaded], None]", summary: str) -> Described:
    """Make a command with one flag for each config field of `attack`.

    Args:
        attack: a name of the table of attacks.
        run: called with the experiment and its data after the preflight checks.
        summary: the first line of --help.
    """

    def checked_run(**flags: Any) -> None:
        from ulk_tf.preflight import preflight  # noqa: PLC0415 - for help, flags are enough

        settings = experiment(attack, **flags)
        run(settings, preflight(settings, given=flags))

    return _described(checked_run, attack, parts(attack), summary)


def shared_command(
    run: "Callable[[Sequence[Experiment], Loaded], None]", summary: str
) -> Described:
    """Make a command with the flags that all attacks share.

    Args:
        run: called with the experiments of all attacks and their data.
        summary: the first line of --help.
    """
    classes = {name: cls for name, cls in parts("li").items() if name != "attack"}

    def checked_run(**flags: Any) -> None:
        from ulk_tf.preflight import preflight  # noqa: PLC0415 - for help, flags are enough

        settings = [experiment(attack, **flags) for attack in ATTACKS]
        run(settings, preflight(*settings, given=flags))

    # Without --set_size: single-sample and multi-sample attacks need different values.
    return _described(checked_run, "li", classes, summary, without=("set_size",))


def insider_command(
    attack: str,
    run: "Callable[[Experiment, Experiment, Loaded], None]",
    examples: Sequence[tuple[str, str]],
    note: str,
) -> Described:
    """Make a command that runs an attack by an outsider and by an insider of a base model.

    Args:
        attack: a name of the table of attacks.
        run: called with the outsider's experiment, the insider's, and their data.
        examples: pairs of arguments and their effect.
        note: paragraph of --help above the flags.
    """
    row = attack_row(attack)

    def checked_run(**flags: Any) -> None:
        from ulk_tf.preflight import preflight  # noqa: PLC0415 - for help, flags are enough

        pair = outsider_and_insider(attack, **flags)
        run(*pair, preflight(*pair, given=flags))

    summary = f"{row.title}: what the update of your model gives away to outsider and insider."
    made = _described(checked_run, attack, parts(attack), summary)
    return dataclasses.replace(made, examples=examples, note=f"{note} {TWINS}")


def sweep_command(
    run: Callable[..., None], summary: str, sizes: str, names: Sequence[str]
) -> Described:
    """Make a command with a list of attacks and the flags that all attacks share.

    Args:
        run: called with `attack`, `settings` and the flags that were given.
        summary: the first line of --help.
        sizes: phrase on what --preset=sweep, its default, stands for.
        names: names of the sweep's settings.
    """
    classes = {name: cls for name, cls in parts("li").items() if name != "attack"}
    made = _described(run, "li", classes, summary, without=("set_size",))
    chosen = f"settings to measure, separated by commas, of: {', '.join(names)}; all when none"

    def flags(given: Mapping[str, str]) -> list[Flag]:
        listed = made.flags(given)
        group = listed[0].group
        own = {
            "preset": Flag(
                "preset",
                Literal["sweep", *PRESETS],
                f"sweep ({sizes}), or a preset of the trainers; flags that you give override it",
                default="sweep",
                group=group,
            )
        }
        return [
            Flag("attack", str, "attacks, separated by commas", "li", group=group),
            Flag("settings", str, chosen, group=group),
            *(own.get(flag.name, flag) for flag in listed),
        ]

    examples = (
        ("", "label inference on handwritten digits"),
        ("--dataset=mnist --attack=li,lde", "two attacks on MNIST"),
    )
    return dataclasses.replace(made, flags=flags, examples=examples)


def _described(
    run: Callable[..., None],
    attack: str,
    classes: Mapping[str, type],
    summary: str,
    without: Sequence[str] = (),
) -> Described:
    def flags(given: Mapping[str, str]) -> list[Flag]:
        dataset = given.get("dataset", DataConfig.dataset)
        group = f"Flags, with their [values] for --dataset={dataset}"
        listed = [
            Flag(
                "preset",
                Preset,
                "quick (about a minute), default (under an hour on two cores) or paper (the "
                "published sizes); flags that you give override its values",
                default="default",
                group=group,
            ),
            Flag(
                "seed",
                int,
                "seed of all randomness; same seed, same bytes on CPU",
                "0",
                group=group,
            ),
        ]
        for name, cls in classes.items():
            own = [f for f in _class_flags(cls, attack, dataset) if f.name not in without]
            listed += own
            if name in PARTY:
                listed += [dataclasses.replace(f, name=SHADOW + f.name, hidden=True) for f in own]
        return listed

    return Described(run, summary, flags, EXAMPLES, TWINS)


def _class_flags(cls: type, attack: str, dataset: str) -> Iterator[Flag]:
    values = {preset: preset_fields(attack, dataset, preset) for preset in PRESETS}
    hints = typing.get_type_hints(cls)
    for item in dataclasses.fields(cls):
        named = {str(p): values[p].get(item.name, item.default) for p in PRESETS}
        low = item.metadata["low"]
        yield Flag(
            item.name,
            hints[item.name],
            item.metadata["help"] + (f"; at least {low}" if low else ""),
            _shown_default(named),
            group=(cls.__doc__ or "").partition("\n")[0].rstrip("."),
        )


def _shown_default(named: Mapping[str, Any]) -> str:
    """Show the value of each preset, or one value if all are equal."""
    if len(set(named.values())) > 1:
        given = {preset: value for preset, value in named.items() if value is not None}
        return ", ".join(f"{preset} {_shown(value)}" for preset, value in given.items())
    value = next(iter(named.values()))
    return "" if value is None else _shown(value)


def _shown(value: Any) -> str:
    """Format a value as a user would type it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
