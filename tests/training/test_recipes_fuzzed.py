"""Recipes with something wrong in them: obeyed, or refused in one message before anything is trained.

A recipe is read by every script and judged by all that the doctor checks, which takes no weights.
"""

import pytest
from fuzzing import HOSTILE, as_yaml, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset
from made_model import make_tiny_model
from trl import DPOConfig, ModelConfig, SFTConfig

from recipes import FIELDS, NEARLY, SOUND, recipes
from tastetune.config.arguments import (
    AdapterArguments,
    AnswerArguments,
    BatchArguments,
    DataArguments,
    GenerationArguments,
    SftArguments,
)
from tastetune.config.recipe import key_places, parse_recipe, read_recipe, refuse_unbuilt
from tastetune.config.scoring import CurveArguments, ScoreArguments
from tastetune.config.validation import ValidationArguments
from tastetune.errors import InputError
from tastetune.training.checks import examine
from tastetune.training.configs import FineTuningConfig, TotalBatchGRPOConfig
from tastetune.training.constructions import check_arguments
from tastetune.training.preparation import FineTuning
from tastetune.training.runs import refuse_push_and_evaluation

pytestmark = pytest.mark.slow


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
    findings = list(examine(FineTuning(*arguments, key_places(argv))))
    assert all(finding.text.strip() for finding in findings), "a check without a word"
    if errors := [finding.text for finding in findings if finding.level == "error"]:
        raise InputError(errors[0])


def trained_otherwise(argv):
    """What scripts/dpo.py and grpo.py refuse before they open a dataset."""
    kinds = {
        "dpo": (BatchArguments, AdapterArguments, DPOConfig, ModelConfig),
        "grpo": (DataArguments, AdapterArguments, TotalBatchGRPOConfig, ModelConfig),
    }
    for output, arguments in kinds.items():
        training = parse_recipe("usage", arguments, argv, output=output)[2]
        refuse_push_and_evaluation(training)
        check_arguments(training, key_places(argv))


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
