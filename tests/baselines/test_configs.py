"""A config is read strictly: what RecBole would swallow in silence is named, with the remedy."""

from pathlib import Path

import pytest

from tastetune.baselines.recbole.configs import read_config
from tastetune.errors import InputError

HOME = Path(__file__).parents[2] / "recbole_configs"
CONFIGS = [path for path in sorted(HOME.glob("*.yaml")) if "scripts/baseline.py" in path.read_text(encoding="utf-8")]


def written(tmp_path, text):
    path = tmp_path / "model.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_of_the_repository_reads_and_names_its_command(path):
    config = read_config(path)
    assert config.name == path.stem
    assert f"python scripts/baseline.py recbole_configs/{path.name} " in path.read_text()
    assert "seed: " in path.read_text()
    assert config.tune, "every baseline has the same right to be tuned"


def test_sasrec_as_published():
    values = read_config(HOME / "sasrec.yaml").values
    assert (values["n_heads"], values["n_layers"], values["hidden_size"], values["MAX_ITEM_LIST_LENGTH"]) == (
        2,
        2,
        64,
        10,
    )
    assert not {"feedback_list", "liked_list", "disliked_list", "rating"} & set(values["load_col"]["inter"])


def test_defaults_are_recboles(tmp_path):
    values = read_config(written(tmp_path, "model: DeepFM\nlearning_rate: 1e-2\n")).values
    assert values["mlp_hidden_size"] == [128, 128, 128]
    assert values["learning_rate"] == 0.01  # which YAML 1.1 alone reads as text
    assert values["load_col"] == {"inter": ["user_id", "item_id", "label"]}


def test_overrides_win(tmp_path):
    assert read_config(written(tmp_path, "model: SVD\nseed: 1\n"), {"seed": 5}).values["seed"] == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model: SVD\nlearning_rte: 0.1", r"line 2: unknown key 'learning_rte'; did you mean 'learning_rate'\?"),
        ("model: SVD\nn_heads: 2", "line 2: unknown key 'n_heads'"),
        ("model: SVD\nseed: 1\nseed: 2", "line 3: 'seed' stands there a second time"),
        ("model: SDV", r"line 1: model 'SDV' is neither RecBole's nor one of .*; did you mean 'SVD'\?"),
        ("epochs: 2", "model None is neither RecBole's nor one of SVD"),
        ("model: BPR", "line 1: BPR learns from who chose what"),
        ("model: EASE", "line 1: EASE learns from who chose what"),
        ("model: SVD\ntopk: [10]", "line 2: key 'topk' is not free here: the dataset decides it"),
        ("model: SVD\nbenchmark_filename: [a]", "line 2: key 'benchmark_filename' is not free here"),
        ("model: SVD\nepochs: 1.5", "line 2: epochs is 1.5, expected int"),
        ("model: SVD\nepochs: true", "line 2: epochs is True, expected int"),
        ("model: SVD\nepochs: 0", "line 2: epochs is 0, expected a number of at least 1"),
        ("model: SVD\nlearning_rate: fast", "line 2: learning_rate is 'fast', expected float"),
        ("model: SVD\nlearning_rate: -0.1", "line 2: learning_rate is -0.1, expected a number of at least 0"),
        ("model: SVD\nlearning_rate: .nan", "line 2: learning_rate is nan, expected a number"),
        ("model: SVD\nload_col: {inter: [likes]}", "line 2: load_col is .* expected {inter: .*}, columns of user_id"),
        (
            "model: DIN\nload_col: {inter: [item_id_list, item_id_rated]}",
            "line 2: load_col names .*; a model takes one",
        ),
        ("model: SVD\nload_col: [rating]", "line 2: load_col is .*, expected dict"),
        ("- model", "expected a mapping"),
    ],
)
def test_a_mistake_is_named(text, said, tmp_path):
    with pytest.raises(InputError, match=rf"model\.yaml.*{said}"):
        read_config(written(tmp_path, text))
