"""Sweep of one attack: the sweep's own experiment first, then one setting after the other."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ulk_tf.attacks.fit import TRAINING_STATE
from ulk_tf.corpus.build import build_corpora, designs_of
from ulk_tf.corpus.changes import trained_together
from ulk_tf.corpus.locks import locked
from ulk_tf.errors import UserError
from ulk_tf.estimating.corpus_work import corpus_work
from ulk_tf.estimating.work import UPDATES
from ulk_tf.files import digest
from ulk_tf.preflight import Loaded, preflight
from ulk_tf.progress import say
from ulk_tf.settings.experiment import Experiment
from ulk_tf.sweeping.choice import leave_out
from ulk_tf.sweeping.ledger import Entry, Ledger
from ulk_tf.sweeping.measuring import measure, score, train
from ulk_tf.sweeping.results import (
    OTHER_SEEDS,
    PLAIN,
    Sweep,
    at_seed,
    naive_of,
    result_of,
    utility_of,
)
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.utility import asked_of, utility
from ulk_tf.workflow import run_folder

# Billions of multiplications in the updates of a setting that trains a classifier for each: an hour
# or two on two cores. LEAST_OF_A_STEP is what the overhead of one step takes as long as.
MOST_WORK, LEAST_OF_A_STEP = 250_000, 0.1

MakeExperiment = Callable[..., Experiment]


def sweep(
    make: MakeExperiment,
    settings: list[Setting],
    loaded: Loaded,
    *,
    naive: bool,
    useful: bool,
    seeds: bool = True,
) -> Sweep:
    """Measure an attack under each setting; what is in the sweep's file is not measured again.

    Args:
        make: makes the experiment of given flags.
        settings: settings to go through; one that does not fit the data, or that no procedure
            reads, is left out and named on standard error.
        loaded: the data, against which the sweep's own experiment is checked already.
        naive: True to measure an adversary who does not know of a setting, too.
        useful: True to measure the utility of the owner's answers, too.
        seeds: True to train the sweep's own attack at other seeds, too.

    Raises:
        UserError: the data have too few samples to measure utility.
    """
    plain = make()
    if useful:
        designs_of(asked_of(plain, loaded.dataset), loaded.dataset, loaded.shadow_dataset)
    splits, _ = designs_of(plain, loaded.dataset, loaded.shadow_dataset)
    sized = [one.sized(len(splits.shadow)).scaled(plain.owner.update) for one in settings]
    fitting = [(one, has) for one in sized if (has := _fitting(make, one, loaded))]
    settings = [one for one, _ in fitting]
    # By the adversary's data set, which a setting may change.
    data = {name_of(make(**one.flags)): has for one, has in fitting}
    data[name_of(plain)] = loaded

    def content(one: Experiment) -> str:
        return content_of(one, data[name_of(one)])

    ledger = Ledger(folder_of(plain) / "sweep.json", content)

    entries: dict[str, Entry] = {}

    def keep(name: str, experiment: Experiment, make_entry: Callable[[], Entry]) -> None:
        found = ledger.find(name, experiment)
        if found is None:
            home = home_of(ledger, name)
            # Sweeps side by side measure other settings meanwhile, and none of them twice.
            with locked(home, wait=True):
                found = ledger.find(name, experiment) or ledger.add(name, experiment, make_entry())
                # The naive adversary is the plain one, who need not be trained again for her.
                if name != PLAIN.name or not naive:
                    shutil.rmtree(home / TRAINING_STATE, ignore_errors=True)
        entries[name] = found

    def adaptive(setting: Setting, name: str, more: int = 0) -> None:
        experiment = make(**setting.flags)

        def anew() -> Entry:
            say(f"sweep: {name}")
            home = home_of(ledger, name)
            return measure(experiment, data[name_of(experiment)], home, experiment.seed + more)

        keep(name, experiment, anew)

    adaptive(PLAIN, PLAIN.name)
    if naive:
        entries |= _unknowing(make, settings, loaded, ledger)
    for one in settings:
        try:
            adaptive(one, one.name)
        except UserError as error:  # it leaves nothing to read: no reason to lose the others
            leave_out(one, error)
    # They tell how far one setting varies, which matters once there is something to compare.
    for seed in OTHER_SEEDS if seeds else ():
        adaptive(PLAIN, at_seed(seed), seed)
    for one in (*settings, PLAIN) if useful else ():
        experiment = make(**one.flags)
        keep(utility_of(one), experiment, partial(_utility, experiment, plain, loaded))
    return result_of(plain.attack_name, settings, entries)


def _utility(experiment: Experiment, undefended: Experiment, loaded: Loaded) -> Entry:
    found = utility(experiment, undefended, loaded.dataset, loaded.shadow_dataset)
    return {name: one.as_json() for name, one in found.items()}


def _fitting(make: MakeExperiment, setting: Setting, loaded: Loaded) -> Loaded | None:
    """Check a setting before the first one takes an hour, and load its data; None if unfit."""
    try:
        experiment = make(**setting.flags)
        found = preflight(experiment, dataset=loaded.dataset, given=setting.flags)
        _check_work(experiment, found)
    except UserError as error:
        leave_out(setting, error)
        return None
    return found


def name_of(experiment: Experiment) -> str:
    """Return the name of the adversary's data set."""
    return experiment.adversary.data.dataset


def _check_work(experiment: Experiment, loaded: Loaded) -> None:
    """Raise `UserError` if a setting trains a classifier for each update, and they take days."""
    if trained_together(experiment.owner.update):
        return
    found = corpus_work([experiment], loaded)
    steps = [one for one in found.works if one.part == UPDATES]
    if sum(one.count * (one.size + LEAST_OF_A_STEP) for one in steps) > MOST_WORK:
        raise UserError(
            "few updates, since each of them trains a classifier",
            f"{found.updates:,}, which take days",
            "Lower --base_size, --training_updates and --target_updates.",
        )


def _unknowing(
    make: MakeExperiment,
    settings: list[Setting],
    loaded: Loaded,
    ledger: Ledger,
) -> dict[str, Entry]:
    """Score one attack, trained without any setting, under all of them."""
    found, missing = {}, []
    for one in settings:
        entry = ledger.find(naive_of(one), make(**one.naive))
        if entry is None:
            missing.append(one)
        else:
            found[naive_of(one)] = entry
    if not missing:
        return found
    plain = make()
    corpora = build_corpora(plain, loaded.dataset, loaded.shadow_dataset)
    with locked(home := home_of(ledger, PLAIN.name), wait=True):
        trained = train(plain, corpora, plain.seed, home)
    for one in missing:
        name, experiment = naive_of(one), make(**one.naive)
        with locked(home_of(ledger, name), wait=True):
            entry = ledger.find(name, experiment)
            if entry is None:
                say(f"sweep: {name}")
                corpora = build_corpora(experiment, loaded.dataset, loaded.shadow_dataset)
                entry = ledger.add(name, experiment, score(experiment, corpora, trained))
        found[name] = entry
    return found


def content_of(experiment: Experiment, loaded: Loaded) -> str:
    """Return a digest of the user's files and code that settings name; empty if they name none.

    Args:
        experiment: settings of one measurement.
        loaded: its data.
    """
    parties = experiment.owner, experiment.adversary
    files = (*(party.data.dataset for party in parties), str(experiment.probing.probes))
    models = [party.model for party in parties]
    code = any(one.procedure or one.base_model or ":" in one.target for one in models)
    if not code and not any(name.endswith(".npz") for name in files):
        return ""
    _, designs = designs_of(experiment, loaded.dataset, loaded.shadow_dataset)
    return digest([design.identity for design in designs], designs[0].probe_digests)


def home_of(ledger: Ledger, name: str) -> Path:
    """Return the folder in which the training of one setting keeps its unfinished state.

    Args:
        ledger: ledger of the sweep.
        name: name of the setting's entry.
    """
    return ledger.path.parent / "settings" / digest(name)[:8]


def folder_of(experiment: Experiment) -> Path:
    """Return the folder of a sweep, which differs for different settings of its own experiment."""
    return run_folder(experiment, "sweep")
