from dataclasses import dataclass, field
from typing import Literal

import pytest

from tastetune.config.recipe import SftArguments, parse_recipe
from tastetune.errors import InputError


@dataclass
class Arguments:
    steps: int = 10
    rate: float = 0.1
    name: str | None = None
    fast: bool = False
    kind: Literal["nf4", "fp4"] = "nf4"
    targets: list[str] = field(default_factory=list)


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
        ("name: 5\n", [], r"name is 5 \(int\); expected str \| None"),
        ("steps: 1\n", ["--stpes", "3"], r"recipe.yaml with --stpes 3: .*--stpes"),
    ],
)
def test_bad_recipes_name_the_line_the_key_and_what_was_expected(tmp_path, text, flags, message):
    with pytest.raises(InputError, match=message):
        parse(tmp_path, text, *flags)


def test_a_flag_of_the_wrong_type_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(tmp_path, "steps: 1\n", "--steps", "1.5")
    assert stop.value.code == 2
    assert "--steps: invalid int value: '1.5'" in capsys.readouterr().err


def test_the_recipe_comes_first():
    with pytest.raises(InputError, match=r"the first argument is '--steps'; expected a recipe"):
        parse_recipe("usage", [Arguments], ["--steps", "3"])


@pytest.mark.parametrize(("argv", "code"), [([], 2), (["--help"], 0), (["r.yaml", "-h"], 0)])
def test_help_prints_the_usage(argv, code, capsys):
    with pytest.raises(SystemExit) as stop:
        parse_recipe("usage: as the docstring says", [Arguments], argv)
    assert stop.value.code == code
    assert "as the docstring says" in capsys.readouterr().out


def test_every_recipe_of_the_project_parses():
    from pathlib import Path

    from trl import ModelConfig, SFTConfig

    recipes = [*Path("recipes").glob("ml1m*.yaml"), Path("recipes/quickstart/sft.yaml")]
    assert len(recipes) >= 2
    for recipe in recipes:
        data, training, model = parse_recipe("usage", [SftArguments, SFTConfig, ModelConfig], [str(recipe)])
        assert data.total_train_batch_size % training.per_device_train_batch_size == 0
        assert (model.load_in_4bit, model.bnb_4bit_quant_type, model.lora_r) == (True, "nf4", 16)
        assert training.max_steps == 500
