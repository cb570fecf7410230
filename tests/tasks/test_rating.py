import numpy as np
import pytest
import torch
from made_model import make_home
from stages import script
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions
from tastetune.errors import InputError
from tastetune.evaluation.scoring import score
from tastetune.language_models.answer_tokens import spell
from tastetune.language_models.answerer import Asking
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.rating import RatingAnswerer
from tastetune.tasks import TASKS
from tastetune.tasks.like_dislike import Item, LikeDislike
from tastetune.tasks.rating import STARS, Rating

RECIPE = "recipes/quickstart/sft.yaml"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("home"), 30, 20)


@pytest.fixture(scope="module")
def tiny(home):
    return AutoModelForCausalLM.from_pretrained(home / "model").eval(), AutoTokenizer.from_pretrained(home / "model")


def test_the_question_changes_and_the_rest_of_the_prompt_stays():
    like = LikeDislike()
    asked = Rating(like).prompt(like.prompt([Item("Alien (1979)")], [5.0], Item("Heat (1995)")))
    assert asked == (
        "Below is a user's history of likes and dislikes for movies, followed by a target movie. Predict how many "
        "stars, from 1 to 5, the user will give the target movie. Only output the number of stars.\n\n"
        "## User's history:\n- Liked \"Alien (1979)\"\n\n## Target movie:\n- \"Heat (1995)\"\n\n## Response:"
    )  # fmt: skip
    with pytest.raises(InputError, match="use the prompt settings that the dataset was built with"):
        Rating(LikeDislike(ratings=True)).prompt(like.prompt([], [], Item("Heat")))


@pytest.mark.parametrize(
    ("answer", "stars"), [(" 4", 4), ("**5** stars", 5), ("4.5", None), ("45", None), ("", None), ("0", None)]
)
def test_answers_are_parsed(answer, stars):
    assert Rating.parse(answer) == stars
    if stars:
        assert Rating.parse(Rating.completion(stars)) == stars


@pytest.mark.parametrize("rating", [0.0, 3.5, 6.0])
def test_half_stars_are_refused_not_rounded(rating):
    with pytest.raises(InputError, match=f"a rating of {rating}: stars are predicted as 1, 2, 3, 4 or 5"):
        Rating.completion(rating)


def test_the_same_rows_in_the_same_order(home):
    dataset = open_dataset(home / "data")
    original = dataset.read("like_dislike", "test")
    assert TASKS["rating"].rows(dataset, "test").table["example_id"].equals(original["example_id"])
    completions = TASKS["rating"].training_table(dataset, "test")["completion"].to_pylist()
    assert [float(text) for text in completions] == original["rating"].to_pylist()


def test_the_expected_rating_is_the_mean_under_the_five_answers(home, tiny):
    """By the definition: softmax of the next-token logits over the five answers alone, times 1 to 5."""
    model, tokenizer = tiny
    rows = TASKS["rating"].rows(open_dataset(home / "data"), "test")
    expected = []
    for prompt in rows.task.prompts(rows)[:6]:
        whole = [tokenizer(prompt + Rating.completion(star))["input_ids"] for star in STARS]
        with torch.no_grad():
            logits = model(torch.tensor([whole[0][:-1]])).logits[0, -1].double()
        p = logits[[ids[-1] for ids in whole]].softmax(0)
        expected.append(sum((star + 1) * p[star].item() for star in range(5)))
    answered = RatingAnswerer().answer(LanguageModel(model, tokenizer), rows, Asking("stars", max_batch_tokens=500))
    np.testing.assert_allclose(answered.table["score"].to_numpy()[:6], expected, atol=1e-5)


def words(vocabulary):
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(vocabulary)}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "isolated")
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="?")


def test_a_space_before_the_digit_may_be_a_token_of_its_own():
    answers = [Rating.completion(star) for star in STARS]
    spelled = spell(words(["a", " ", "1", "2", "3", "4", "5", "?"]), ["a"], answers)
    assert (spelled.contexts, spelled.answers) == ([[0, 1]], [[2], [3], [4], [5], [6]])
    with pytest.raises(InputError, match=r"does not tell ' 1' and .* apart"):
        spell(words(["a", " ", "1", "2", "?"]), ["a"], answers)


def test_stars_are_trained_on_predicted_and_scored_in_the_table_of_the_same_rows(home):
    fixed = ["--dataset_name", home / "data", "--model_name_or_path", home / "model", "--dataset_config", "rating"]
    script("scripts/sft.py", RECIPE, *fixed, "--max_steps", 6, "--warmup_steps", 0, "--output_dir", home / "adapter")
    for name, adapter in {"base": [], "tuned": ["--adapter", home / "adapter"]}.items():
        script("scripts/predict.py", RECIPE, *fixed, *adapter, "--output", home / f"{name}.parquet")
    rows = TASKS["like_dislike"].rows(open_dataset(home / "data"), "test")
    found = [read_predictions(home / f"{name}.parquet") for name in ("base", "tuned")]
    scores = score(rows, found, resamples=5)
    stars, errors = rows.table["rating"].to_numpy(), {}
    for prediction in found:
        assert (prediction.meta.config, prediction.meta.threshold) == ("like_dislike", 4.0)
        expected, _ = prediction.scores(rows.example_ids)
        assert ((expected >= 1) & (expected <= 5)).all()
        errors[prediction.meta.model] = np.sqrt(np.mean((expected - stars) ** 2))
    assert errors["base"] != pytest.approx(errors["tuned"], abs=1e-3)
    assert {model["model"]: model["metrics"]["rmse"]["value"] for model in scores["models"]} == pytest.approx(errors)
    with pytest.raises(SystemExit, match="stars are read off probabilities"):
        script("scripts/predict.py", RECIPE, *fixed, "--shots", 3, "--output", home / "x.parquet")
