"""Choice of a sweep's settings: those that a command line names, and that fit its flags."""

from collections.abc import Sequence

from ulk_tf.errors import UserError
from ulk_tf.progress import say
from ulk_tf.settings.attack_table import ATTACKS, attack_row, listed
from ulk_tf.sweeping.setting import Flags, Setting


def settings_for(
    attack: str, settings: tuple[Setting, ...], given: Flags | None = None
) -> list[Setting]:
    """List the settings that are measured for an attack.

    Args:
        attack: a name of the table of attacks.
        settings: those of a sweep.
        given: flags of the command line, by name; a setting that does not fit them is left out
            and named on standard error. When none, no setting is fitted to flags.
    """
    mine = [one for one in settings if not one.attacks or attack in one.attacks]
    if given is None:
        return mine
    fitted = []
    for one in mine:
        try:
            fitted.append(one.beside(given))
        except UserError as error:
            leave_out(one, error)
    return fitted


def chosen(settings: Sequence[Setting], text: str | None) -> tuple[Setting, ...]:
    """Keep the settings that a list such as `round:3,label` names.

    Args:
        settings: those of a sweep.
        text: names of settings, separated by commas; None keeps all.

    Raises:
        UserError: there is no such setting.
    """
    if text is None:
        return tuple(settings)
    names = {one.name for one in settings}
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [name for name in wanted if name not in names]
    if unknown or not wanted:
        raise UserError(
            f"--settings of {listed(one.name for one in settings)}, separated by commas",
            repr(unknown[0]) if unknown else "none",
        )
    return tuple(one for one in settings if one.name in wanted)


def leave_out(setting: Setting, error: UserError) -> None:
    """Say that a setting is left out, and why."""
    say(f"sweep: {setting.name} is left out. {error}")


def attacks_named(text: str) -> list[str]:
    """Parse a list of attacks such as `li,lde`.

    Args:
        text: names of the table of attacks, separated by commas.

    Raises:
        UserError: one is unknown, or there is none.
    """
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise UserError(f"--attack of {listed(ATTACKS)}, separated by commas", "none")
    for name in names:
        attack_row(name)
    return names


def refuse_swept(given: Flags, settings: list[Setting]) -> None:
    """Raise `UserError` if a flag is given that the sweep sets itself.

    Args:
        given: flags of the command line, by name.
        settings: those of the sweep that fit the flags.
    """
    swept = {name for one in settings for name in (*one.flags, *one.shares)}
    for name in given:
        if name in swept:
            raise UserError(f"no --{name}, which this sweep sets itself", f"--{name}={given[name]}")
