"""Experiment: the configs of both parties, the probing set, the counts and the attack."""

from dataclasses import dataclass

from ulk_tf.errors import UserError
from ulk_tf.settings.attack_configs import AttackConfig
from ulk_tf.settings.config import (
    CountsConfig,
    DataConfig,
    DefenceConfig,
    ExecutionConfig,
    FoldersConfig,
    ModelConfig,
    ProbingConfig,
    TrainingConfig,
)
from ulk_tf.settings.update_config import UpdateConfig


@dataclass(frozen=True)
class Party:
    """Party of an experiment: the owner of the target, or the adversary with her shadow models.

    Attributes:
        data: its samples, and how its updating sets are drawn.
        model: architecture of its classifiers.
        training: their base training.
        update: their updates.
        defence: changes to their posteriors; the adversary's is the one that she expects of the
            target.
    """

    data: DataConfig
    model: ModelConfig
    training: TrainingConfig
    update: UpdateConfig
    defence: DefenceConfig


@dataclass(frozen=True)
class Experiment:
    """Settings of one run of one attack.

    Attributes:
        attack_name: a name of the table of attacks.
        preset: name of the preset; given flags override its values.
        seed: seed of all randomness, 0 to 2**31 - 1.
        owner: the party that is attacked; its classifiers are targets.
        adversary: the party that attacks; its classifiers are shadow models.
        probing: size of the probing set.
        counts: numbers of base models and updates.
        execution: the executor of the corpus' computation.
        attack: config of the attack.
        folders: folders of data and results.

    Example:
        >>> from ulk_tf.settings import presets
        >>> experiment = presets.experiment("li", shadow_target="mlp")
        >>> experiment.owner.model.target, experiment.adversary.model.target
        ('auto', 'mlp')
    """

    attack_name: str
    preset: str
    seed: int
    owner: Party
    adversary: Party
    probing: ProbingConfig
    counts: CountsConfig
    execution: ExecutionConfig
    attack: AttackConfig
    folders: FoldersConfig

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**31:
            raise UserError("--seed from 0 to 2147483647", self.seed)
        if self.probing.extraction_queries is not None:
            self._check_extraction()
        sizes = self.owner.update.set_size, self.adversary.update.set_size
        mixed = self.owner.update.set_sizes or self.adversary.update.set_sizes
        if mixed and not self.attack.mixtures:
            raise UserError(f"no sets of several sizes for {self.attack_name}", mixed)
        prior = self.owner.data.label_prior or self.adversary.data.label_prior
        if prior and not self.attack.priors:
            raise UserError(
                f"no --label_prior for {self.attack_name}, whose baselines know none",
                prior,
            )
        self.attack.check(self.attack_name, *sizes)

    @property
    def attacked_apart(self) -> int:
        """Number of attacks: one for each target that shadow models are extracted from, or one."""
        return 1 if self.probing.extraction_queries is None else self.counts.target_bases

    def _check_extraction(self) -> None:
        """Raise `UserError` for settings that do not go with --extraction_queries."""
        data, owner = self.adversary.data, self.owner.data
        sizes = data.base_size, owner.base_size
        beside = {
            "shadow_base_model": self.adversary.model.base_model,
            "shadow_new_classes": data.new_classes,
            "shadow_base_size": None if sizes[0] == sizes[1] else sizes[0],
        }
        for name, value in beside.items():
            if value is not None:
                raise UserError(f"no --{name} with --extraction_queries", f"--{name}={value}")
