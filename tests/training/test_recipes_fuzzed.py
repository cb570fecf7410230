"""Recipes with something wrong in them: obeyed, or refused in one message before anything is trained.

A recipe is read by every script and judged by all that the doctor checks, which takes no weights.
"""

from dataclasses import fields

import pytest
from fuzzing import HOSTILE, as_yaml, changed_bytes, changed_record, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset
from made_model import make_tiny_model
from trl import DPOConfig, ModelConfig, SFTConfig

from tastetune.config.arguments import (
    AdapterArguments,
    AnswerArguments,
    DataArguments,
    GenerationArguments,
    SftArguments,
    ValidationArguments,
)
from tastetune.config.recipe import OWN_KEYS, key_places, parse_recipe, read_recipe, refuse_unbuilt
from tastetune.config.scoring import CurveArguments, ScoreArguments
from tastetune.errors import InputError
from tastetune.training.checks import examine, refuse_faulty_arguments
from tastetune.training.configs import FineTuningConfig, TotalBatchGRPOConfig
from tastetune.training.preparation import Preparation
from tastetune.training.runs import refuse_push_and_evaluation

pytestmark = pytest.mark.slow

SOUND = {
    "run_dir": "run",
    "model_name_or_path": "model",
    "dataset_train_split": "train",
    "dtype": "float32",
    "bf16": False,
    "use_cpu": True,
    "use_peft": True,
    "lora_r": 4,
    "lora_target_modules": ["q_proj", "v_proj"],
    "total_train_batch_size": 8,
    "per_device_train_batch_size": 8,
    "max_steps": 8,
    "learning_rate": 1.0e-3,
    "report_to": "none",
    "shots": [0, 3],
    "checkpoints": [4],
    "baselines": ["svd.yaml"],
}

FIELDS = {field.name: field for kind in (*OWN_KEYS, FineTuningConfig, ModelConfig) for field in fields(kind)}

NEARLY = (
    *(1, 2, 7, 8, 64, 1000, 2**31, 2**63, -0.5, 1.5, 1e-5, 1e30, False),
    *("auto", "no", "none", "steps", "epoch", "best", "true", "1", "1e-5", "all", "cpu", "float16", "int8", "foo", "."),
    *(["all"], ["none"], [0], [8, 8], [-1], [[1]], {"foo": 1}, {"min_lr": 1e-6}, {"lr": "x"}, '{"min_lr": 1}'),
)
"""Values that some key takes, and others not."""

ODDITIES = (
    *("? [a, b]\n: 1\n", "<<: {max_steps: 3}\n", "<<: 3\n", "<<: [{seed: 1}, 2]\n", "&a seed: *a\n", "a: &a [*a]\n"),
    *("!!python/object/apply:os.getcwd []: 1\n", "seed: !!int x\n", "seed: !!binary x\n", "seed: !!set {a, b}\n"),
    *("seed: !!omap [a: 1]\n", "seed: !foo 1\n", "%YAML 9.9\n---\n", "---\nseed: 1\n---\nseed: 2\n", "...\nseed: 1\n"),
    *("\tseed: 1\n", "seed: 1:30\n", "seed: 0x1F\n", "seed: 0o7\n", "seed: 1_000\n", "seed: 2024-02-30\n", "seed: ~\n"),
    *("seed: .inf\n", "seed: |\n  1\n", "seed: >-\n  1\n", "1: 2\n", "~: 1\n", "yes: 1\n", "=: 1\n", ".nan: 1\n"),
    *("base: recipe.yaml\n", "base: ../\n", "base: 3\n", "base: 'x\\0y'\n", "base: recipes/ml1m.yaml\n", "'': 1\n"),
    *("max_steps: 8\nmax_steps: 9\n", "? seed\n", "[]: 1\n", "{}: 1\n", "seed: 'a\n", 'seed: "\\ud800"\n', "seed:1\n"),
)
"""What YAML knows, and a person who writes a recipe does not."""


@st.composite
def recipes(draw):
    """A sound recipe with one to three changes: of its values and keys, of its YAML, or of its bytes."""
    values = dict(SOUND)
    if draw(st.integers(0, 3)):
        for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=3)):
            values[name] = draw(st.sampled_from((*HOSTILE, *NEARLY)))
    else:
        values = draw(changed_record(values))
    content = as_yaml(values)
    if draw(st.integers(0, 3)) == 0:
        lines = content.splitlines(keepends=True)
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(ODDITIES)).encode())
        content = b"".join(lines)
    return draw(changed_bytes(content)) if draw(st.integers(0, 5)) == 0 else content


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    make_dataset(home / "run" / "data", 12, 14)
    make_tiny_model(home / "model", width=16)
    (home / "svd.yaml").write_text("model: SVD\nseed: 1\n")
    return home


@pytest.fixture
def recipe(home, monkeypatch):
    """Where a recipe is written, in a folder with its dataset and its model; the Hub is out of reach."""
    monkeypatch.chdir(home)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return home / "recipe.yaml"


def doctor(argv):
    """What scripts/doctor.py does, and scripts/sft.py first; every finding a line."""
    refuse_unbuilt(argv)
    arguments = parse_recipe("usage", (SftArguments, ValidationArguments, FineTuningConfig, ModelConfig), argv)
    findings = list(examine(Preparation(*arguments, key_places(argv))))
    assert all(finding.text.strip() for finding in findings), "a check without a word"
    if errors := [finding.text for finding in findings if finding.level == "error"]:
        raise InputError(errors[0])


def trained_otherwise(argv):
    """What scripts/dpo.py and grpo.py refuse before they open a dataset."""
    kinds = {
        "dpo": (SftArguments, AdapterArguments, DPOConfig, ModelConfig),
        "grpo": (DataArguments, AdapterArguments, TotalBatchGRPOConfig, ModelConfig),
    }
    for output, arguments in kinds.items():
        training = parse_recipe("usage", arguments, argv, output=output)[2]
        refuse_push_and_evaluation(training)
        refuse_faulty_arguments(training, key_places(argv))


def answered(argv):
    """How scripts/predict.py, baseline.py, score.py and learning_curve.py read it."""
    parse_recipe("usage", (AnswerArguments, GenerationArguments, SftArguments, SFTConfig, ModelConfig), argv)
    score, answers, data = read_recipe("usage", (ScoreArguments, AnswerArguments, DataArguments), argv)
    score.check(data), score.folder(answers, data)
    curve, answers, data = read_recipe("usage", (CurveArguments, AnswerArguments, DataArguments), argv)
    curve.check(answers, data)


@fuzzed(60)
@given(content=recipes(), read=st.sampled_from((doctor, doctor, trained_otherwise, answered)))
def test_a_recipe(outcomes, recipe, content, read):
    recipe.write_bytes(content)
    with outcomes.tried():
        read(["recipe.yaml"])


WORDS = st.one_of(
    st.sampled_from([str(value) for value in (*HOSTILE, *NEARLY)]), st.text(st.characters(codec="utf-8"), max_size=6)
)


@fuzzed(60)
@given(
    flags=st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), st.lists(WORDS, max_size=2)), max_size=3),
    read=st.sampled_from((doctor, answered)),
)
def test_flags(outcomes, recipe, flags, read):
    recipe.write_bytes(as_yaml(SOUND))
    words = [word for name, values in flags for word in (f"--{name}", *values)]
    with outcomes.tried():
        read(["recipe.yaml", *words])


def test_the_recipe_that_is_changed_is_sound(recipe):
    recipe.write_bytes(as_yaml(SOUND))
    for read in (doctor, trained_otherwise, answered):
        read(["recipe.yaml"])
