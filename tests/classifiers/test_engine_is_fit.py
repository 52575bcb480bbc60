"""The engine is `fit`: for drawn models and optimizers, an update is what Keras would do."""

from collections import Counter

import pytest

from tests.classifiers.drawn_models import (
    CLASSES,
    INGREDIENTS,
    OPTIMIZERS,
    OPTIONS,
    SHAPE,
    Drawn,
    draw,
)
from tests.classifiers.fitting import check, sized

FEW = draw(18, 100, ingredients=3)
# The first of them are fast tests, so many.
FAST = 2
MANY = draw(198, 1000)


def check_drawn(drawn: Drawn, fast: bool) -> None:
    check(drawn.model, sized(*drawn.sizes), SHAPE, CLASSES, fast, drawn.seed)


@pytest.mark.parametrize(
    "number",
    [
        number if number < FAST else pytest.param(number, marks=pytest.mark.slow)
        for number in range(len(FEW))
    ],
)
def test_an_update_is_what_fit_does(number: int) -> None:
    check_drawn(FEW[number], fast=number % 2 == 0)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(MANY)))
def test_many_updates_are_what_fit_does(number: int) -> None:
    check_drawn(MANY[number], fast=number % 2 == 0)


@pytest.mark.parametrize(("drawn", "least"), [(FEW, 2), (MANY, 20)], ids=["few", "many"])
def test_every_ingredient_is_drawn_often_enough(drawn: list[Drawn], least: int) -> None:
    found = Counter(name for one in drawn for name in one.names)
    for name in (*INGREDIENTS, *OPTIMIZERS, *OPTIONS):
        assert found[name] >= least, name
