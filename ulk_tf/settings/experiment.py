"""An experiment: two parties, what is asked, how much, and the attack."""

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
    UpdateConfig,
)


@dataclass(frozen=True)
class Party:
    """One of the two sides: the owner of the target, or the adversary in whose image she works.

    Attributes:
        data: its samples, and how it draws updating sets.
        model: the architecture of its classifiers.
        training: how it trains them.
        update: how it updates them.
        defence: what stands between them and whoever asks; for the adversary, what she trains
            her attack for.
    """

    data: DataConfig
    model: ModelConfig
    training: TrainingConfig
    update: UpdateConfig
    defence: DefenceConfig


@dataclass(frozen=True)
class Experiment:
    """One run of one attack: all of its configs.

    Attributes:
        attack_name: a name of the table of attacks.
        preset: the preset that flags were laid over.
        seed: the seed from which all randomness is drawn.
        owner: the side that is attacked; its classifiers are targets.
        adversary: the side that attacks; its classifiers are shadow models.
        probing: what both are asked.
        counts: how many base models and updates.
        execution: who computes them.
        attack: the attack's own config.
        folders: where data is and where results go.
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
        sizes = self.owner.update.set_size, self.adversary.update.set_size
        self.attack.check(self.attack_name, *sizes)
