"""Labels of classes in flags, against a slow reading of the same text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.errors import UserError
from ulk_tf.settings import presets
from ulk_tf.settings.class_labels import parse_classes

RANGES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), min_size=1, max_size=5)


@given(RANGES)
def test_numbers_and_ranges(ranges: list[tuple[int, int]]) -> None:
    parts = [f"{first}-{first + more}" if more else f" {first} " for first, more in ranges]
    every = {label for label in range(71) for a, b in ranges if a <= label <= a + b}
    assert parse_classes(",".join(parts)) == tuple(sorted(every))


@pytest.mark.parametrize("text", ["", "a", "1,,2", "-3", "3-", "4-0", "1.5", "0-2-4"])
def test_text_that_names_no_classes(text: str) -> None:
    with pytest.raises(UserError, match="such as 0-4 or 0,2,7"):
        parse_classes(text)


@pytest.mark.parametrize("text", ["", "a", "1;2", "4-0"])
@pytest.mark.parametrize("flag", ["classes", "shadow_classes", "new_classes"])
def test_a_flag_is_named_before_anything_runs(flag: str, text: str) -> None:
    with pytest.raises(UserError, match=f"--{flag} "):
        presets.experiment("li", **{flag: text})
