"""How numbers were rounded is found again, and exact numbers are not taken for rounded ones."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ulk_tf.answers.rounding import find_rounding

RANDOM = np.random.default_rng(0)


def dirichlet(seed, alpha=1.0, rows=12, classes=10):
    return np.random.default_rng(seed).dirichlet(np.full(classes, alpha), rows)


def digits(values, count):
    return np.vectorize(lambda value: float(f"{value:.{count}g}"))(values)


@given(st.integers(0, 10**6), st.integers(2, 7), st.sampled_from([0.3, 1.0, 5.0]), st.booleans())
def test_decimals_as_text_and_through_float32(seed, decimals, alpha, single):
    values = dirichlet(seed, alpha).round(decimals)
    found = find_rounding(values.astype(np.float32).astype(np.float64) if single else values)
    assert found is not None
    assert found.step == 10.0**-decimals
    assert found.words == f"to {decimals} decimals"


@settings(max_examples=25)
@example(207, 4.837481729379265, (3, 2))  # three numbers have six decimals by chance
@given(st.integers(0, 10**6), st.floats(0.05, 20), st.sampled_from([(3, 2), (6, 3), (50, 10)]))
def test_exact_numbers_are_not_rounded(seed, alpha, shape):
    values = dirichlet(seed, alpha, *shape)
    single = values.astype(np.float32)
    assert find_rounding(values) is None
    assert find_rounding(single.astype(np.float64)) is None
    # JSON encoders print float32 with nine digits, or as few as tell it from its neighbours.
    assert find_rounding(digits(single, 9)) is None
    assert find_rounding(single.astype(str).astype(np.float64)) is None


@pytest.mark.parametrize("count", range(2, 8))
def test_significant_digits(count):
    found = find_rounding(digits(dirichlet(0, 0.2, 30), count))
    assert found is not None
    assert found.words == f"to {count} significant digits"
    assert found.step == pytest.approx(10.0**-count, rel=1e-12)


def bfloat16(values):
    bits = values.astype(np.float32).view(np.uint32) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


@pytest.mark.parametrize("alpha", [0.2, 1, 1000])
def test_short_floats(alpha):
    values = dirichlet(1, alpha, 30)
    top = 2.0 ** np.floor(np.log2(values.max()))
    for name, short, bits in (
        ("bfloat16", bfloat16(values), 7),
        ("float16", values.astype(np.float16).astype(np.float64), 10),
    ):
        found = find_rounding(short)
        assert found is not None
        assert found.words == f"to {name}"
        assert found.step == top * 2.0**-bits


@pytest.mark.parametrize("parts", [7, 30, 255, 256, 300, 65535])
@pytest.mark.parametrize("single", [True, False])
def test_fractions_of_votes_and_of_bytes(parts, single):
    values = np.rint(dirichlet(2, 1.0, 30) * parts) / parts
    found = find_rounding(values.astype(np.float32).astype(np.float64) if single else values)
    assert found is not None
    assert found.step == 1 / parts


def test_rounding_by_a_product_in_float32():
    values = dirichlet(3).astype(np.float32)
    found = find_rounding((np.rint(values * np.float32(1e4)) * np.float32(1e-4)).astype(float))
    assert found is not None
    assert found.step == 1e-4


def test_few_numbers_and_none_at_all():
    assert find_rounding(np.zeros((3, 3))) is None
    assert find_rounding(np.eye(3)).step == 1
    # One value that stands a hundred times is no rounding.
    assert find_rounding(np.array([[1.0, 1.3e-32]] * 100)) is None
    assert find_rounding(np.full((5, 3), np.float32(1 / 3)).astype(np.float64)) is None
