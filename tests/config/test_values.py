"""What a key may hold at the least and at the most."""

import pytest

from tastetune.config.values import LIMITS, checked
from tastetune.errors import InputError


@pytest.mark.parametrize("name", LIMITS)
def test_what_lies_beyond_a_keys_limits_is_refused(name):
    """Both ends are taken. A slip of a few zeros beyond them would be met by the memory, or hours later."""
    low, high = LIMITS[name]
    for value in (low, high):
        assert checked(name, value, float, name) == value
    for value in (low - 1, high + 1, high * 1000):
        with pytest.raises(InputError, match=rf"^{name} is .*; expected {low} to {high}$"):
            checked(name, value, float, name)


@pytest.mark.parametrize(
    ("name", "value"), [("lora_r", 1_000_000), ("total_train_batch_size", 1_000_000), ("seed", -1), ("layers", 10**6)]
)
def test_absurd_values_are_refused(name, value):
    with pytest.raises(InputError, match=f"{name} is {value}; expected"):
        checked(name, value, int, name)


def test_a_list_is_held_to_the_limits_value_by_value():
    assert checked("shots", [0, 1000], list[int], "shots") == [0, 1000]
    with pytest.raises(InputError, match=r"shots is \[0, 1001\]; expected 0 to 1000"):
        checked("shots", [0, 1001], list[int], "shots")


@pytest.mark.parametrize("value", [2**63, -(2**63), 1 << 20_000], ids=["positive", "negative", "long"])
def test_no_whole_number_is_longer_than_63_bits(value):
    """One of six thousand digits could not even be written into the message."""
    with pytest.raises(InputError, match=r"^steps is a number of \d+ bits; expected one of 63$"):
        checked("steps", value, int, "steps")
