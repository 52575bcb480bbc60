"""Identities of base models, and the roles of the two sides."""

from collections.abc import Mapping
from dataclasses import dataclass

from ulk_tf.data.splits import Role

ROLES_OF: Mapping[str, tuple[Role, ...]] = {
    "owner": ("target",),
    "adversary": ("shadow", "validation"),
}


@dataclass(frozen=True)
class BaseId:
    """Identity of a base model: its role, and its number within the role."""

    role: Role
    number: int

    def __str__(self) -> str:
        return f"{self.role}-{self.number:03d}"
