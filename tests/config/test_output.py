"""The command of a builder, as others can repeat it."""

import sys

import pytest

from tastetune.config.output import build_command


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("x.py --source ml-1m --push_to_hub org/x --public --genres", "--source ml-1m --genres"),
        ("x.py flags.yaml --output_dir=here --engine spark --master local[2] --seed 3", "flags.yaml --seed 3"),
        ("x.py --output-dir here --like_from -1 --recipe_only", "--like_from -1"),
        ("x.py", ""),
    ],
)
def test_it_says_all_that_decides_the_rows_and_nothing_of_where_they_go(monkeypatch, words, told):
    monkeypatch.setattr(sys, "argv", ["data_builders/" + words.split()[0], *words.split()[1:]])
    assert build_command() == f"python data_builders/x.py {told}".strip()
    monkeypatch.setattr(sys, "argv", ["x", *words.split()[1:]])  # as the console command starts it
    assert build_command() == f"python data_builders/x.py {told}".strip()


def test_a_word_with_a_space_stays_one(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["csv_log.py", "--log", "my loans.csv"])
    assert build_command() == "python data_builders/csv_log.py --log 'my loans.csv'"
