"""Defences: what each does to posteriors, how they are chained, and what is no defence."""

import doctest
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf import defences
from ulk_tf.chance import Chance
from ulk_tf.defences import DEFENCES, Chain, parse
from ulk_tf.errors import UserError
from ulk_tf.settings.config import DefenceConfig

POSTERIORS = np.random.default_rng(0).dirichlet(np.ones(4), 50).astype(np.float32)
STILL = Chance(0)


def test_the_example_of_the_module_is_true() -> None:
    assert doctest.testmod(defences).failed == 0 < doctest.testmod(defences).attempted


@pytest.mark.parametrize("decimals", [0, 2, 6])
def test_round_keeps_decimals(decimals: int) -> None:
    seen = parse(f"round:{decimals}")(POSTERIORS, STILL)
    np.testing.assert_array_equal(seen, np.round(POSTERIORS.astype(np.float64), decimals))


@given(st.floats(0, 1), st.integers(2, 7))
def test_digits_are_those_of_printed_numbers(posterior: float, kept: int) -> None:
    ((seen,),) = parse(f"digits:{kept}")(np.array([[posterior]]), STILL)
    printed = float(f"{posterior:.{kept}g}")
    # Text rounds the exact binary value of a number that lies between two.
    between = abs(posterior / 10 ** (np.floor(np.log10(max(posterior, 1e-300))) - kept + 1) % 1)
    assert seen == pytest.approx(printed, rel=1e-12) or abs(between - 0.5) < 1e-6
    assert seen == 0 or posterior > 0


def test_float16_is_that_of_numpy() -> None:
    seen = parse("float16")(POSTERIORS, STILL)
    np.testing.assert_array_equal(seen, POSTERIORS.astype(np.float16).astype(np.float64))


def test_top_k_keeps_the_likeliest_and_breaks_ties_by_class() -> None:
    seen = parse("top_k:2")(POSTERIORS, STILL)
    for row, own in zip(seen, POSTERIORS, strict=True):
        kept = sorted(range(4), key=lambda label, own=own: (-own[label], label))[:2]
        assert [row[c] for c in kept] == [own[c] for c in kept]
        assert row.sum() == pytest.approx(own[kept].sum())
    tied = parse("top_k:2")(np.full((1, 4), 0.25), STILL)
    assert tied.tolist() == [[0.25, 0.25, 0, 0]]


def test_temperature_divides_logits() -> None:
    seen = parse("temperature:2")(POSTERIORS, STILL)
    ratio = np.log(seen[:, 0] / seen[:, 1])
    expected = np.log(POSTERIORS[:, 0] / POSTERIORS[:, 1]) / 2
    np.testing.assert_allclose(ratio, expected, rtol=1e-5)
    np.testing.assert_allclose(parse("temperature:1")(POSTERIORS, STILL), POSTERIORS, rtol=1e-5)


def test_label_is_the_likeliest_class() -> None:
    seen = parse("label")(POSTERIORS, STILL)
    assert set(np.unique(seen)) == {0, 1} and (seen.sum(1) == 1).all()
    np.testing.assert_array_equal(seen.argmax(1), POSTERIORS.argmax(1))


def test_noise_is_drawn_anew_in_each_look_and_sticky_noise_is_not() -> None:
    looks = [Chance(3, look, range(50)) for look in ((0, 1, 2, 0), (0, 1, 2, 1), (0, 1, 2, 0))]
    one, other, again = (parse("noise:0.01")(POSTERIORS, look) for look in looks)
    np.testing.assert_array_equal(one, again)
    assert not np.isclose(one, other).all(1).any()
    assert np.std((one - POSTERIORS)[POSTERIORS > 0.1]) == pytest.approx(0.01, rel=0.3)
    first, second, _ = (parse("sticky_noise:0.01")(POSTERIORS, look) for look in looks)
    np.testing.assert_array_equal(first, second)
    # It sticks to the sample, not to its place.
    turned = parse("sticky_noise:0.01")(POSTERIORS[::-1], Chance(3, (9,), range(49, -1, -1)))
    np.testing.assert_allclose(turned[::-1], first)


def test_an_adversary_draws_other_noise_than_the_service() -> None:
    for text in ("noise:0.01", "sticky_noise:0.01"):
        seen = [
            parse(text)(POSTERIORS, Chance(3, (0, 1), range(50), drawing=number))
            for number in (0, 1, 2, 1)
        ]
        np.testing.assert_array_equal(seen[1], seen[3])
        for one, other in itertools.combinations(seen[:3], 2):
            assert not np.isclose(one, other).all(1).any(), text


def test_steps_are_taken_from_left_to_right() -> None:
    chain = parse("temperature:2, top_k:2 ,round:1")
    by_hand = POSTERIORS
    for step in ("temperature:2", "top_k:2", "round:1"):
        by_hand = parse(step)(by_hand, STILL)
    np.testing.assert_array_equal(chain(POSTERIORS, STILL), by_hand)
    assert not chain.random and parse("round:2,noise:0.1").random


@given(
    names=st.lists(
        st.sampled_from(["round:2", "top_k:3", "noise:0.3", "temperature:9", "label"]), min_size=1
    )
)
def test_answers_never_leave_their_bounds(names: list[str]) -> None:
    seen = parse(",".join(names))(POSTERIORS, Chance(1, (1, 2)))
    assert np.isfinite(seen).all() and seen.min() >= 0 and seen.max() <= 1 + 1e-9


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "temperature:<a temperature>, top_k:<how many classes>"),
        ("blur:2", "--defence of temperature"),
        ("round", "--defence of"),
        ("label:2", "--defence of"),
        ("round:20", "--defence=round:decimals, a whole number from 0 to 12. Received '20'"),
        ("round:2.5", "a whole number"),
        ("round:1_0", "Received '1_0'"),
        ("noise:-0.1", "--defence=noise:a standard deviation, from 0 to 10. Received '-0.1'"),
        ("noise:nan", "from 0"),
        ("noise:inf", "from 0"),
        ("temperature:0", "from 0.001"),
        ("top_k:0", "from 1"),
        ("round:4,,label", "--defence of"),
    ],
)
def test_what_is_no_defence(text: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)
    assert told in str(caught.value)


def test_more_classes_than_there_are() -> None:
    with pytest.raises(UserError, match="K up to 3 classes"):
        parse("top_k:4", 3)


def test_every_defence_has_bounds_that_hold() -> None:
    for name, row in defences.DEFENCES.items():
        value = f":{max(int(row.low), 1) if row.high >= 1 else row.high}" if row.argument else ""
        seen = parse(name + value)(POSTERIORS, STILL)
        assert seen.shape == POSTERIORS.shape
    for one, other in itertools.combinations(defences.DEFENCES, 2):
        assert defences.DEFENCES[one].function is not defences.DEFENCES[other].function


def test_a_table_says_of_every_defence_whether_a_second_query_answers_otherwise() -> None:
    for name, row in DEFENCES.items():
        chain = Chain(((name, min(max(row.low, 2.0 if row.whole else 0.1), row.high)),))
        looks = [chain(POSTERIORS, Chance(0, (0, 0, look))) for look in (0, 1)]
        assert (not np.array_equal(*looks)) == row.random == chain.random, name


def test_each_step_of_a_chain_draws_for_itself() -> None:
    even = np.full((2000, 4), 0.25)
    once, twice = (parse(",".join(["noise:0.01"] * count))(even, Chance(3)) for count in (1, 2))
    assert (twice - even).std() == pytest.approx(2**0.5 * (once - even).std(), rel=0.05)
    stuck = [parse(text)(even, Chance(3)) for text in ("sticky_noise:0.01", "label,sticky_noise:1")]
    assert not np.allclose(stuck[0] - stuck[0].mean(), stuck[1] - stuck[1].mean())


def test_help_and_messages_list_every_defence() -> None:
    told = DefenceConfig.__dataclass_fields__["defence"].metadata["help"]
    assert all(name in told for name in DEFENCES)


def test_noise_of_several_steps_adds_up() -> None:
    assert parse("top_k:3,round:2").noise() == 0
    both = parse("noise:0.03,round:2,sticky_noise:0.04")
    assert both.noise() == pytest.approx(0.05)
    # Who asks again averages only what is new each time.
    assert both.noise(9) == pytest.approx((0.01**2 + 0.04**2) ** 0.5)
