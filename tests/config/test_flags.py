"""The builders' command line: a file of flags or none, then flags, and nothing that is not known."""

import sys
from dataclasses import dataclass

import pytest

from tastetune.config.flags import MOST, BuildArguments, parse
from tastetune.config.output import OutputArguments
from tastetune.errors import InputError


@dataclass(kw_only=True)
class Arguments(BuildArguments):
    def default_run(self) -> str:
        return f"made{self.variant}"


@dataclass(kw_only=True)
class Clicks(Arguments):
    negatives: int = 1
    share: float = 0.5


def parsed(monkeypatch, *argv, arguments=Arguments):
    monkeypatch.setattr(sys, "argv", ["build.py", *map(str, argv)])
    return parse(arguments, "Build.")


@pytest.mark.parametrize(
    ("flags", "folder"),
    [
        ([], "outputs/made/data"),
        (["--genres", "--ratings"], "outputs/made-genres-ratings/data"),
        (["--times", "--neutral_titles"], "outputs/made-times-neutral/data"),
        (["--genres", "--output_dir", "elsewhere"], "elsewhere"),
    ],
)
def test_the_folder_follows_from_what_the_prompts_show(monkeypatch, flags, folder):
    assert parsed(monkeypatch, *flags).output_dir == folder


def test_arguments_without_a_convention_want_a_folder(monkeypatch):
    with pytest.raises(InputError, match="--output_dir is missing"):
        parsed(monkeypatch, arguments=OutputArguments)


def test_a_file_of_flags_comes_first_and_flags_win(monkeypatch, tmp_path):
    path = tmp_path / "flags.yaml"
    path.write_text("history_length: 3\ngenres: true\nprompt_style: published\n")
    args = parsed(monkeypatch, path, "--history_length", 2)
    assert (args.history_length, args.genres, args.prompt_style) == (2, True, "published")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--history_lenght", "3"], r"unknown argument --history_lenght; did you mean --history_length\?"),
        (["--history_len", "3"], r"unknown argument --history_len; did you mean --history_length\?"),  # no short forms
        (["words"], "unknown argument words; see --help"),
        (["--prompt_style", "long"], "argument --prompt_style.*: invalid choice: 'long'"),
        (["--seed", "soon"], "argument --seed: invalid int value: 'soon'"),
        (["--test_sample", "0"], "--test_sample 0: expected 1 or more"),
        (["--tokenizer", "words"], "--max_prompt_tokens and --tokenizer go together"),
        (["--public"], "--public says how to push"),
    ],
)
def test_what_cannot_be_is_one_message(monkeypatch, flags, message):
    with pytest.raises(InputError, match=message):
        parsed(monkeypatch, *flags)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "seed: 1\nhistory_lenght: 3\n",
            r"flags\.yaml, line 2: unknown key 'history_lenght'; did you mean 'history_len",
        ),
        ("seed: soon\n", r"flags\.yaml, line 1: argument --seed: invalid int value: 'soon'"),
        ("genres:\n", r"flags\.yaml, line 1: genres needs one value"),
    ],
)
def test_a_file_of_flags_is_read_as_strictly_and_its_line_is_named(monkeypatch, tmp_path, text, message):
    (tmp_path / "flags.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        parsed(monkeypatch, tmp_path / "flags.yaml")


@pytest.mark.parametrize("value", ["--public", "--output_dir=elsewhere", "x --public", "-h", "--name", "@file"])
def test_a_value_of_the_file_never_becomes_a_flag(monkeypatch, tmp_path, value):
    (tmp_path / "flags.yaml").write_text(f"name: '{value}'\n")
    args = parsed(monkeypatch, tmp_path / "flags.yaml")
    assert (args.name, args.public, args.output_dir) == (value, False, "outputs/made/data")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("genres: --public\n", r"flags\.yaml, line 1: .*--genres"),
        ("seed: --public\n", r"flags\.yaml, line 1: argument --seed: invalid int value: '--public'"),
        ("seed: 1 --public\n", r"flags\.yaml, line 1: argument --seed: invalid int value: '1 --public'"),
        ("name: --\n", r"flags\.yaml, line 1: --name: expected one value"),
        ("name: [a, --public]\n", r"flags\.yaml, line 1: name needs one value"),
        ("--public: true\n", r"flags\.yaml, line 1: unknown key '--public'"),
        ("name=x --public: 1\n", r"flags\.yaml, line 1: unknown key 'name=x --public'"),
    ],
)
def test_nor_does_one_where_no_text_is_expected(monkeypatch, tmp_path, text, message):
    (tmp_path / "flags.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        parsed(monkeypatch, tmp_path / "flags.yaml")


@pytest.mark.parametrize("name", MOST)
def test_a_number_beyond_a_flags_limits_is_refused(monkeypatch, name):
    """Both ends are taken, and what lies beyond them is not; `most` fits into no memory, or numpy does not take it."""
    least, most = MOST[name]
    more = ["--tokenizer", "x"] if name == "max_prompt_tokens" else []
    for value in (least, most):
        assert getattr(parsed(monkeypatch, f"--{name}={value}", *more, arguments=Clicks), name) == value
    for value in (least - 1, most + 1, 10**30):
        with pytest.raises(InputError, match=rf"--{name} {value}: expected"):
            parsed(monkeypatch, f"--{name}={value}", *more, arguments=Clicks)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e30", "-1e16"])
def test_a_number_that_is_none_or_not_exact_is_refused(monkeypatch, value):
    with pytest.raises(InputError, match=r"--share .*: expected a number from -1e\+15 to 1e\+15"):
        parsed(monkeypatch, f"--share={value}", arguments=Clicks)


def test_a_text_that_no_file_can_hold_is_refused(monkeypatch, tmp_path):
    with pytest.raises(InputError, match=r"--name is 'a\\x00b', which holds a NUL character; remove it"):
        parsed(monkeypatch, "--name=a\0b")
    with pytest.raises(InputError, match=r"--name is 'a\\udcffb', which is no text in UTF-8"):
        parsed(monkeypatch, "--name=a\udcffb")  # as Python gives a byte that is none of UTF-8
    (tmp_path / "flags.yaml").write_text('seed: 1\nname: "a\\0b"\n')
    with pytest.raises(InputError, match=r"flags\.yaml, line 2: --name is 'a\\x00b', which holds a NUL character"):
        parsed(monkeypatch, tmp_path / "flags.yaml")


def test_help_says_how_a_script_is_used(monkeypatch, capsys):
    with pytest.raises(SystemExit) as end:
        parsed(monkeypatch, "--help")
    assert end.value.code == 0
    assert "Build." in capsys.readouterr().out
