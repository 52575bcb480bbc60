"""A seal key of the test's own, and one export that several tests read."""

from pathlib import Path

import pytest

from tests import standins


@pytest.fixture(scope="session")
def label_export(tmp_path_factory, own_key) -> Path:
    """Read only: a test that changes files copies it first."""
    return standins.exported(tmp_path_factory.mktemp("exported"))


@pytest.fixture(scope="session")
def seeded_export(tmp_path_factory, own_key) -> Path:
    """Read only: a test that changes files copies it first."""
    return standins.exported(tmp_path_factory.mktemp("exported"), standins.seeded_attack())


@pytest.fixture(scope="session")
def exports(tmp_path_factory, own_key) -> dict[str, Path]:
    """One export of each attack, in one folder; read only."""
    folder = tmp_path_factory.mktemp("exported")
    attacks = (
        standins.label_attack(),
        standins.label_attack("lde", "label_distribution"),
        standins.sample_attack(),
        standins.seeded_attack(),
    )
    return {attack.name: standins.exported(folder, attack) for attack in attacks}
