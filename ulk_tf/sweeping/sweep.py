"""Sweep of one attack: the sweep's own experiment first, then one setting after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ulk_tf.attacks.fit import TRAINING_STATE
from ulk_tf.corpus.build import build_corpus, designs_of
from ulk_tf.data.datasets import short_name
from ulk_tf.errors import UserError
from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.files import digest
from ulk_tf.preflight import Loaded, preflight
from ulk_tf.progress import say
from ulk_tf.settings.attack_table import attack_row
from ulk_tf.settings.experiment import Experiment
from ulk_tf.settings.keys import run_key
from ulk_tf.sweeping.ledger import Entry, Ledger
from ulk_tf.sweeping.measuring import measure, score, train
from ulk_tf.sweeping.settings import Setting
from ulk_tf.sweeping.utility import asked_of, utility

# The sweep's own experiment, without any setting; also trained at other seeds, for its spread.
PLAIN = "plain"
OTHER_SEEDS = (1, 2)

MakeExperiment = Callable[..., Experiment]


@dataclass(frozen=True)
class Row:
    """Measured setting.

    Attributes:
        setting: the setting.
        adaptive: what an adversary gains who trained for it.
        naive: what an adversary gains who does not know of it; None where that was not asked.
        utility: estimates of `utility.utility` by name; empty where that was not asked.
    """

    setting: Setting
    adaptive: Entry
    naive: Entry | None
    utility: Mapping[str, Any]


@dataclass(frozen=True)
class Sweep:
    """Measured sweep of one attack.

    Attributes:
        experiment: the sweep's own experiment.
        plain: results of that experiment; its utility is that of an undefended service.
        spread: gains of the same attack trained at other seeds.
        rows: the settings, in order.
    """

    experiment: Experiment
    plain: Row
    spread: tuple[float, ...]
    rows: tuple[Row, ...]

    @property
    def baseline(self) -> str:
        """Name of the guess that comes nearest to the plain attack, which gains are over."""
        headline = attack_row(self.experiment.attack_name).headline
        gains = {
            key.partition(":")[2]: gain["mean"]
            for key, gain in self.plain.adaptive["gains"].items()
            if key.partition(":")[0] == headline and baseline(key.partition(":")[2]).uninformed
        }
        return min(gains, key=lambda name: gains[name])

    def gain(self, entry: Entry) -> Mapping[str, float]:
        """Return the gain of an attack over `baseline`, an estimate."""
        headline = attack_row(self.experiment.attack_name).headline
        found: Mapping[str, float] = entry["gains"][f"{headline}:{self.baseline}"]
        return found

    def share(self, entry: Entry) -> dict[str, float] | None:
        """Return a gain as a share of the plain one's mean; None unless that is above zero."""
        plain = self.gain(self.plain.adaptive)
        if plain["low"] <= 0:
            return None
        own = self.gain(entry)
        return {end: own[end] / plain["mean"] for end in ("mean", "low", "high")}


def sweep(
    make: MakeExperiment,
    settings: list[Setting],
    loaded: Loaded,
    *,
    naive: bool,
    useful: bool,
) -> Sweep:
    """Measure an attack under each setting; what is in the sweep's file is not measured again.

    Args:
        make: makes the experiment of given flags.
        settings: settings to go through; one that does not fit the data, or that no procedure
            reads, is left out and named on standard error.
        loaded: the data, against which the sweep's own experiment is checked already.
        naive: True to measure an adversary who does not know of a setting, too.
        useful: True to measure the utility of the owner's answers, too.

    Raises:
        UserError: the data have too few samples to measure utility.
    """
    plain = make()
    if useful:
        designs_of(asked_of(plain, loaded.dataset), loaded.dataset, loaded.shadow_dataset)
    settings = [one for one in settings if _fits(make, one, loaded)]
    ledger = Ledger(folder_of(plain) / "sweep.json", lambda one: content_of(one, loaded))
    state = ledger.path.parent / TRAINING_STATE

    def adaptive(setting: Setting, seed: int | None = None) -> Entry:
        experiment = make(**setting.flags)
        name = setting.name if seed is None else f"{setting.name}, seed {seed}"
        found = ledger.find(name, experiment)
        if found is None:
            say(f"sweep: {name}")
            given = experiment.seed if seed is None else experiment.seed + seed
            entry = measure(experiment, loaded, state, given)
            found = ledger.add(name, experiment, entry)
        return found

    def measured_utility(setting: Setting) -> Mapping[str, Any]:
        experiment = make(**setting.flags)
        found = ledger.find(f"{setting.name}, utility", experiment)
        if found is None:
            estimates = utility(experiment, loaded.dataset, loaded.shadow_dataset)
            entry = {name: one.as_json() for name, one in estimates.items()}
            found = ledger.add(f"{setting.name}, utility", experiment, entry)
        return {name: value for name, value in found.items() if name != "key"}

    own = Setting(PLAIN)
    first = adaptive(own)
    spread = [adaptive(own, seed) for seed in OTHER_SEEDS]
    unknowing = _naive(make, settings, loaded, ledger) if naive else {}
    rows = [
        Row(one, adaptive(one), unknowing.get(one.name), measured_utility(one) if useful else {})
        for one in settings
    ]
    plain_row = Row(own, first, None, measured_utility(own) if useful else {})
    found = Sweep(plain, plain_row, (), tuple(rows))
    means = tuple(found.gain(entry)["mean"] for entry in (first, *spread))
    return replace(found, spread=means)


def _fits(make: MakeExperiment, setting: Setting, loaded: Loaded) -> bool:
    """Check a setting before the first one takes an hour; say so if it does not fit the data."""
    try:
        preflight(make(**setting.flags), dataset=loaded.dataset, given=setting.flags)
    except UserError as error:
        say(f"sweep: {setting.name} is left out. {error}")
        return False
    return True


def _naive(
    make: MakeExperiment,
    settings: list[Setting],
    loaded: Loaded,
    ledger: Ledger,
) -> dict[str, Entry]:
    """Score one attack, trained without any setting, under all of them."""
    found, missing = {}, []
    for one in settings:
        entry = ledger.find(f"{one.name}, naive", make(**one.naive))
        if entry is None:
            missing.append(one)
        else:
            found[one.name] = entry
    if not missing:
        return found
    plain = make()
    corpus = build_corpus(plain, loaded.dataset, loaded.shadow_dataset)
    trained = train(plain, corpus, plain.seed, ledger.path.parent / TRAINING_STATE)
    for one in missing:
        say(f"sweep: {one.name}, naive")
        experiment = make(**one.naive)
        corpus = build_corpus(experiment, loaded.dataset, loaded.shadow_dataset)
        name = f"{one.name}, naive"
        found[one.name] = ledger.add(name, experiment, score(experiment, corpus, trained))
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


def folder_of(experiment: Experiment) -> Path:
    """Return the folder of a sweep, which differs for different settings of its own experiment."""
    home = Path(experiment.folders.runs_dir) / short_name(experiment.owner.data.dataset)
    name = f"sweep-{digest(run_key(experiment))[:8]}"
    return home / experiment.attack_name / name


def deviation(values: tuple[float, ...]) -> float:
    """Compute the standard deviation of gains at several training seeds."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
