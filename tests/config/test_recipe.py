import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from tastetune.config.arguments import (
    AdapterArguments,
    AnswerArguments,
    BatchArguments,
    DataArguments,
    SftArguments,
    StandInArguments,
)
from tastetune.config.recipe import parse_recipe, read_recipe, refuse_unbuilt
from tastetune.config.validation import ValidationArguments
from tastetune.errors import InputError

ROOT = Path(__file__).parents[2]


@dataclass
class Arguments:
    steps: int = 10
    rate: float = 0.1
    name: str | None = None
    fast: bool = False
    kind: Literal["nf4", "fp4"] = "nf4"
    targets: list[str] = field(default_factory=list)
    seed: int = 0
    max_steps: int = -1
    limit: int | None = None


def parse(tmp_path, text, *flags):
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return parse_recipe("usage", [Arguments], [str(path), *flags])[0]


def test_a_flag_wins_over_the_recipe_and_the_recipe_over_the_default(tmp_path):
    parsed = parse(tmp_path, "steps: 20\nrate: 5e-5\ntargets: [a, b]\nfast: true\n", "--steps", "30")
    # YAML 1.1 reads 5e-5 (no dot) as text; the field is a float, so it is one
    assert parsed == Arguments(steps=30, rate=5e-5, fast=True, targets=["a", "b"])


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        ("step: 20\n", [], r"recipe.yaml, line 1: unknown key 'step'; did you mean 'steps'"),
        ("rate: 1\nsteps: 20.5\n", [], r"line 2: steps is 20.5 \(float\); expected int"),
        ("steps: true\n", [], r"line 1: steps is True \(bool\); expected int"),
        ("steps: many\n", [], r"steps is 'many' \(str\); expected int"),
        ("rate: fast\n", [], r"rate is 'fast' \(str\); expected float"),
        ("fast: 1\n", [], r"fast is 1 \(int\); expected bool"),
        ("kind: int3\n", [], r"kind is 'int3' \(str\); expected one of 'nf4', 'fp4'"),
        ("targets: all\n", [], r"targets is 'all' \(str\); expected list\[str\]"),
        ("targets: [1]\n", [], r"targets is \[1\] \(list\); expected list\[str\]"),
        ("name: ' '\n", [], r"line 1: name is ' ', spaces alone; write a word, or leave the key out"),
        ("name: 5\n", [], r"name is 5 \(int\); expected str \| None"),
        ("rate: .nan\n", [], "line 1: rate is nan; expected a finite number"),
        ("rate: nan\n", [], "line 1: rate is nan; expected a finite number"),
        ("steps: 1\nseed: -1\n", [], "line 2: seed is -1; expected 0 to 4294967295"),
        ("name: 2024-01-01\n", [], r"line 1: name is datetime.date\(2024, 1, 1\) \(date\); expected str"),
        ('name: "a\\0b"\n', [], r"line 1: name is 'a\\x00b', which holds a NUL character; remove it"),
        ('targets: [a, "b\\0"]\n', [], r"line 1: targets is 'b\\x00', which holds a NUL character"),
        ('name: "a\\ud800"\n', [], r"line 1: name is 'a\\ud800', which is no text in UTF-8; write it in UTF-8"),
        ("steps: 1\n", ["--name", "a\udcff"], r"--name is 'a\\udcff', which is no text in UTF-8"),
        ("steps: 1\n", ["--stpes", "3"], r"recipe.yaml with --stpes 3: .*--stpes"),
    ],
)
def test_bad_recipes_name_the_line_the_key_and_what_was_expected(tmp_path, text, flags, message):
    with pytest.raises(InputError, match=message):
        parse(tmp_path, text, *flags)


@dataclass
class Judging:
    """As a library's configuration, which raises whatever it comes to at a value that it does not take."""

    steps: int = 1
    rate: float = 0.1

    def __post_init__(self):
        if self.rate > 1:
            raise RuntimeError(f"too fast\nfor {self.steps} steps")


def test_what_a_library_raises_names_the_value_that_it_does_not_take(tmp_path):
    path = str(written(tmp_path, recipe="steps: 3\nrate: 2\n") / "recipe.yaml")
    for flags, place in (([], "recipe.yaml, line 2: rate is 2"), (["--rate", "5"], "^--rate is 5.0")):
        with pytest.raises(InputError, match=rf"{place}: too fast for 3 steps$"):
            parse_recipe("usage", [Judging], [path, *flags])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--steps", "1.5"], r"--steps is '1.5' \(str\); expected int"),
        (["--steps"], r"--steps is '' \(str\); expected int"),
        (["--steps", "1", "2"], r"--steps is \['1', '2'\] \(list\); expected int"),
        (["--rate", "inf"], "--rate is inf; expected a finite number"),
        (["--kind", "int3"], r"--kind is 'int3' \(str\); expected one of 'nf4', 'fp4'"),
        (["--seed", "-1"], "--seed is -1; expected 0 to 4294967295"),
        (["--max_step", "3"], r"unknown flag --max_step; did you mean --max_steps\?"),
        (["--targetz=a"], r"unknown flag --targetz=a; did you mean --targets\?"),
        (["more.yaml"], r"a word that belongs to no flag: more\.yaml; see --help"),
    ],
)
def test_a_bad_flag_is_refused_by_its_name(tmp_path, flags, message):
    with pytest.raises(InputError, match=message):
        parse(tmp_path, "steps: 1\n", *flags)


def test_flags_are_read_as_the_recipe_is(tmp_path):
    flags = ["--rate", "5e-5", "--fast", "--targets", "a", "b", "--name", "7", "--max-steps=9", "--limit", "none"]
    assert parse(tmp_path, "limit: 3\n", *flags) == Arguments(
        rate=5e-5, fast=True, targets=["a", "b"], name="7", max_steps=9, limit=None
    )
    assert parse(tmp_path, "fast: true\ntargets: [a]\n", "--fast", "false", "--targets") == Arguments()


def test_the_recipe_comes_first():
    with pytest.raises(InputError, match=r"the first argument is '--steps'; expected a recipe"):
        parse_recipe("usage", [Arguments], ["--steps", "3"])


@pytest.mark.parametrize(("argv", "code"), [([], 2), (["--help"], 0), (["r.yaml", "-h"], 0)])
def test_help_prints_the_usage(argv, code, capsys):
    with pytest.raises(SystemExit) as stop:
        parse_recipe("usage: as the docstring says", [Arguments], argv)
    assert stop.value.code == code
    assert "as the docstring says" in capsys.readouterr().out


def written(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_recipe_starts_from_another_and_messages_name_where_a_key_stands(tmp_path):
    (tmp_path / "more").mkdir()
    written(tmp_path, root="steps: 1\nrate: 0.5\nname: root\n")
    written(
        tmp_path / "more", middle="base: ../root.yaml\nsteps: 2\nkind: fp4\n", last="name: last\nbase: middle.yaml\n"
    )
    last = tmp_path / "more" / "last.yaml"
    parsed = parse_recipe("usage", [Arguments], [str(last), "--fast"])[0]
    assert parsed == Arguments(steps=2, rate=0.5, name="last", kind="fp4", fast=True)
    written(tmp_path, root="steps: 1\n\nstpes: 1\n")
    with pytest.raises(InputError, match=r"more/\.\./root\.yaml, line 3: unknown key 'stpes'"):
        parse_recipe("usage", [Arguments], [str(last)])
    written(tmp_path, root="rate: fast\n")
    with pytest.raises(InputError, match=r"more/\.\./root\.yaml, line 1: rate is 'fast'"):
        parse_recipe("usage", [Arguments], [str(last)])


@pytest.mark.parametrize(
    ("one", "message"),
    [
        ("base: two.yaml\n", r"starts from itself: .*one\.yaml -> .*two\.yaml -> .*one\.yaml; remove one `base`"),
        ("base: one.yaml\n", r"starts from itself: .*one\.yaml -> .*one\.yaml; remove"),
        ("steps: 1\nbase: none.yaml\n", r"one\.yaml, line 2: base is 'none\.yaml', and neither .*/none\.yaml nor"),
        ("base: [two.yaml]\n", r"one\.yaml, line 1: base is \['two\.yaml'\]; expected the file of a recipe"),
    ],
)
def test_a_base_that_cannot_be_is_refused(tmp_path, one, message):
    written(tmp_path, one=one, two="base: one.yaml\n")
    with pytest.raises(InputError, match=message):
        parse_recipe("usage", [Arguments], [str(tmp_path / "one.yaml")])


def test_a_recipe_of_the_package_is_found_by_name_and_as_a_base(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_recipe("usage", [DataArguments], ["recipes/ml1m.yaml"])[0].run_dir == "outputs/ml1m"
    written(tmp_path, mine="base: recipes/ml1m.yaml\nrun_dir: mine\n")
    mine = read_recipe("usage", [DataArguments, AnswerArguments], ["mine.yaml"])
    assert (mine[0].dataset_name, mine[1].shots) == ("mine/data", [0, 3])


@dataclass
class Output(DataArguments):
    output_dir: str | None = "the library's own default"
    sft_adapter: str | None = None


def test_all_places_follow_from_the_runs_folder(tmp_path):
    path = str(written(tmp_path, recipe="run_dir: outputs/a\n") / "recipe.yaml")
    args = parse_recipe("usage", [Output], [path])[0]
    assert (args.dataset_name, args.output_dir, args.sft_adapter) == (
        "outputs/a/data",
        "outputs/a/adapter",
        "outputs/a/adapter",
    )
    with pytest.raises(InputError, match="output_dir is empty; name a folder, or leave the key out"):
        parse_recipe("usage", [Output], [path, "--output_dir", ""])
    args = parse_recipe("usage", [Output], [path, "--run_dir", "b", "--dataset_name", "org/name"], output="dpo")[0]
    assert (args.dataset_name, args.output_dir, args.sft_adapter) == ("org/name", "b/dpo", "b/adapter")
    written(tmp_path, recipe="seed: 1\n")
    with pytest.raises(InputError, match="run_dir is missing; name the run's folder"):
        parse_recipe("usage", [Output, Arguments], [path])


def test_keys_of_other_scripts_are_passed_over_but_no_misspelt_own_ones(tmp_path):
    def read(text, *flags):
        path = str(written(tmp_path, recipe=text) / "recipe.yaml")
        return read_recipe("usage", [AnswerArguments], [path, *flags])[0]

    assert read("learning_rate: 1\nshots: [0, 3]\nsft_adapter: a\n", "--checkpoints", "5") == AnswerArguments(
        shots=[0, 3], checkpoints=[5]
    )
    with pytest.raises(InputError, match=r"line 2: unknown key 'check_points'; did you mean 'checkpoints'"):
        read("learning_rate: 1\ncheck_points: [1]\n")
    with pytest.raises(InputError, match=r"line 1: total_train_batch_size is 1000000; expected 1 to 65536"):
        read("total_train_batch_size: 1000000\n")  # another's, and known all the same
    with pytest.raises(InputError, match=r"line 1: shots is \[0, -3\]; expected 0 to 1000"):
        read("shots: [0, -3]\n")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--learning_rate", "learning_rate is a key of the recipe that this script does not take"),
        ("--learning-rat=2", "learning_rate is a key of the recipe that this script does not take"),
        ("--shot", r"did you mean --shots\?"),
        ("--sft-adaptor", "sft_adapter is a key of the recipe that this script does not take"),
        # One letter from a flag, and from a key of training
        (
            "--max_batch_token_len",
            r"did you mean --max_batch_tokens\?; max_batch_token_len2 is a key of the recipe that this script does not",
        ),
        ("--zzz", "see --help"),
    ],
)
def test_an_unknown_flag_names_the_nearest_flag_and_the_nearest_key(tmp_path, flag, message):
    path = str(written(tmp_path, recipe="learning_rate: 1\nmax_batch_token_len2: 3\n") / "recipe.yaml")
    with pytest.raises(InputError, match=rf"unknown flag {flag}; {message}"):
        read_recipe("usage", [AnswerArguments], [path, flag])


def test_keys_of_answering_and_scoring_may_stand_in_every_recipe(tmp_path):
    assert parse(tmp_path, "steps: 2\nshots: [0, 3]\nbuilt_by: make data\n") == Arguments(steps=2)
    with pytest.raises(InputError, match=r"line 1: shots is 3 \(int\); expected list\[int\]"):
        parse(tmp_path, "shots: 3\n")
    with pytest.raises(InputError, match=r"unknown flag --shots"):
        parse(tmp_path, "shots: [3]\n", "--shots", "0")


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        ("", [], "outputs/a/data is not there; build it first: make data$"),
        (
            "",
            ["--run_dir", "b", "--max_steps", "5"],
            "b/data is not there; build it first: make data --output_dir b/data$",
        ),
        ("dataset_name: a/b/c\n", [], "a/b/c is not there; build it first: make data$"),
        ("dataset_name: org/name\n", [], None),  # the Hub is asked when it is opened
    ],
)
def test_what_is_not_built_is_named_with_the_command_that_builds_it(tmp_path, monkeypatch, text, flags, message):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, recipe=f"run_dir: outputs/a\nbuilt_by: make data\nlearning_rate: 1\n{text}")
    if message is None:
        return refuse_unbuilt(["recipe.yaml", *flags])
    with pytest.raises(InputError, match=rf"^{message}"):
        refuse_unbuilt(["recipe.yaml", *flags])
    for place in ("outputs/a/data", "b/data", "a/b/c"):
        (tmp_path / place).mkdir(parents=True)
    refuse_unbuilt(["recipe.yaml", *flags])


def test_the_command_that_builds_another_folder_names_it_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, recipe="run_dir: outputs/a\nbuilt_by: make data --output_dir outputs/a/data\n")
    with pytest.raises(InputError, match=r"build it first: make data --output_dir b/data$"):
        refuse_unbuilt(["recipe.yaml", "--run_dir", "b"])


def test_reading_a_recipe_loads_no_library_of_training():
    code = (
        "import sys; from tastetune.config.recipe import *; from tastetune.config.arguments import *;"
        "read_recipe('usage', [DataArguments, AnswerArguments], ['recipes/ml1m.yaml', '--split', 'validation']);"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "yaml" in done.stdout.split()
    assert not {"torch", "trl", "transformers", "peft", "numpy"} & set(done.stdout.split())


def test_help_names_every_key(capsys):
    with pytest.raises(SystemExit):
        read_recipe("usage", [AnswerArguments], ["--help"])
    assert "--shots                    Worked examples before" in capsys.readouterr().out


def test_every_recipe_of_the_project_parses(monkeypatch):
    from trl import DPOConfig, ModelConfig, SFTConfig

    from tastetune.training.configs import FineTuningConfig, TotalBatchGRPOConfig

    monkeypatch.chdir(ROOT)
    kinds = {
        "sft": [SftArguments, ValidationArguments, FineTuningConfig, ModelConfig],
        "dpo": [BatchArguments, AdapterArguments, DPOConfig, ModelConfig],
        "grpo": [DataArguments, AdapterArguments, TotalBatchGRPOConfig, ModelConfig],
        "pretrain": [DataArguments, StandInArguments, SFTConfig],
    }
    recipes = [path for path in Path("recipes").rglob("*.yaml") if path.parent.name != "accelerate"]
    assert len(recipes) >= 14
    for recipe in recipes:
        script = next(
            name for name in (*(k for k in kinds if k != "sft"), "sft") if name == "sft" or name in recipe.stem
        )
        data, *_, last = parse_recipe("usage", kinds[script], [str(recipe)])
        assert data.run_dir
        assert data.built_by
        for path in read_recipe("usage", [AnswerArguments], [str(recipe)])[0].baselines:
            assert Path(path).is_file()
        if script in ("sft", "dpo", "grpo"):
            nothing = recipe.parent.name == "small"  # its adapter is as good as the whole model
            small = nothing or last.model_name_or_path == "models/smollm2"  # fits anywhere as it is
            assert (last.load_in_4bit, last.bnb_4bit_quant_type, last.lora_r) == (
                not small,
                "nf4",
                32 if nothing else 16,
            )


@pytest.mark.parametrize("name", ["ml1m", "ml1m_genres", "ml1m_base", "ml1m_best", "quickstart/sft", "smollm2"])
def test_the_recipes_of_the_first_task_train_as_published(name, monkeypatch):
    from trl import ModelConfig, SFTConfig

    monkeypatch.chdir(ROOT)
    data, training, _ = parse_recipe("usage", [SftArguments, SFTConfig, ModelConfig], [f"recipes/{name}.yaml"])
    assert data.total_train_batch_size % training.per_device_train_batch_size == 0
    assert training.max_steps == 500
    assert training.output_dir == f"{data.run_dir}/adapter"
