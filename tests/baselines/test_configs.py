"""A config is read strictly: what RecBole would swallow in silence is named, with the remedy."""

from pathlib import Path

import pytest
import yaml

from tastetune.baselines.recbole.configs import LIKES, LISTS, OtherTask, read_config
from tastetune.baselines.recbole.registry import COMMON, MODELS, TRAINED
from tastetune.baselines.recbole.shim import PROPERTIES, make_config
from tastetune.errors import InputError

HOME = Path(__file__).parents[2] / "recbole_configs"
CONFIGS = sorted(HOME.glob("*.yaml"))
OWN = ("SVD", "PointwiseSASRec", "SASRec", "TwoTower")
"""Models that RecBole has no file of, or whose defaults are not its own."""


def written(tmp_path, text):
    path = tmp_path / "model.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_of_the_repository_reads_and_names_its_command(path):
    lists = dict.fromkeys(("bpr", "ease", "itemknn"), "netflix50")
    lists |= dict.fromkeys(("sasrec_lists", "two_tower"), "quickstart/future")
    recipe, answering = (lists[path.stem], LISTS) if path.stem in lists else ("ml1m", LIKES)
    config = read_config(path, answering=answering)
    assert config.name == path.stem
    assert (
        f"python scripts/baseline.py recipes/{recipe}.yaml --baselines recbole_configs/{path.name}\n"
        in path.read_text()
    )
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


@pytest.mark.parametrize("name", [name for name in MODELS if name not in OWN])
def test_the_registrys_defaults_are_those_of_recboles_files(name):
    own = yaml.safe_load((PROPERTIES / "model" / f"{name}.yaml").read_text())
    general = yaml.safe_load((PROPERTIES / "overall.yaml").read_text())
    ours = {"epochs", "eval_step", "MAX_ITEM_LIST_LENGTH", "load_col"}
    keys = MODELS[name].keys
    assert {key: keys[key] for key in keys if key not in ours} == {k: (general | own)[k] for k in keys if k not in ours}


def test_a_model_takes_only_keys_that_it_obeys():
    """What is fitted in closed form has no epochs and no learner, and no model loads parameters from a file."""
    assert not (set(TRAINED) - set(COMMON)) & (set(MODELS["EASE"].keys) | set(MODELS["ItemKNN"].keys))
    assert not [key for entry in MODELS.values() for key in entry.keys if "path" in key or "pretrain" in key]


def test_overrides_win(tmp_path):
    assert read_config(written(tmp_path, "model: SVD\nseed: 1\n"), {"seed": 5}).values["seed"] == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model: SVD\nlearning_rte: 0.1", r"line 2: unknown key 'learning_rte'; did you mean 'learning_rate'\?"),
        ("model: SVD\nn_heads: 2", "line 2: unknown key 'n_heads'"),
        ("model: SVD\nseed: 1\nseed: 2", "line 3: 'seed' stands there a second time"),
        ("model: SDV", r"line 1: model 'SDV' is none of those .* here, SVD, .*; did you mean 'SVD'\?"),
        ("epochs: 2", "model None is none of those that were fitted and tested here, SVD, .*; name one of them"),
        ("model: [1]", r"line 1: model \[1\] is none of those that were fitted and tested here, SVD, "),
        ("model: SASRek", r"line 1: model 'SASRek' is none of .*; did you mean 'SASRec'\?"),
        ("model: SASRec", r"line 1: SASRec learns from who chose what, .*; choose one of SVD, PointwiseSASRec"),
        ("model: GRU4Rec", "line 1: model 'GRU4Rec' is none of those that were fitted and tested here, SVD, "),
        ("model: SVD\n1: 2", "line 2: unknown key 1"),
        ("model: SVD\ntune: 3", "line 2: tune is 3, expected keys, each with its choices or its range"),
        ("model: SVD\nlearner: sdg", "line 2: learner is 'sdg', expected one of adam, adamw, sgd, adagrad, rmsprop"),
        ("model: SVD\nclip_grad_norm: 5", r"line 2: clip_grad_norm is 5, expected {max_norm: number}"),
        ("model: SVD\nseed: 4294967296", "line 2: seed is 4294967296, expected at most 4294967295"),
        ("model: DIN\nmlp_hidden_size: [8, eight]", "line 2: mlp_hidden_size is 'eight', expected int"),
        ("model: DIN\nmlp_hidden_size: []", "line 2: mlp_hidden_size has 0 values, expected a list"),
        ("model: DIN\nmlp_hidden_size: [" + "8, " * 17 + "]", "line 2: mlp_hidden_size has 17 values, expected a list"),
        ("model: SVD\nembedding_size: 1000000", "line 2: embedding_size is 1000000, expected at most 16384"),
        ("model: SVD\nepochs: 1000000", "line 2: epochs is 1000000, expected at most 10000"),
        ("model: EASE\nlearning_rate: 0.1", "line 1: EASE learns from who chose what"),
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


def test_a_closed_form_has_no_learning_rate(tmp_path):
    with pytest.raises(InputError, match="line 2: EASE takes no key 'learning_rate'; remove the line"):
        read_config(written(tmp_path, "model: EASE\nlearning_rate: 0.1"), answering=LISTS)


def test_a_model_that_answers_another_task_is_told_apart_from_a_mistake(tmp_path):
    for text, answering in (("model: BPR", LIKES), ("model: DIN", LISTS)):
        with pytest.raises(OtherTask):
            read_config(written(tmp_path, text), answering=answering)


def test_the_digest_changes_with_all_that_decides_a_fit(tmp_path):
    plain = read_config(written(tmp_path, "model: SVD\n"))
    assert plain.digest(0) == read_config(written(tmp_path, "# the same\nmodel: SVD\nepochs: 20\n")).digest(0)
    tuned = read_config(written(tmp_path, "model: SVD\ntune: {embedding_size: [4, 8]}\n"))
    wider = read_config(written(tmp_path, "model: SVD\ntune: {embedding_size: [4, 9]}\n"))
    assert tuned.digest(0) == plain.digest(0)  # no range is read without trials
    other = read_config(written(tmp_path, "model: SVD\nepochs: 21\n"))
    assert len({plain.digest(0), other.digest(0), tuned.digest(1), tuned.digest(2), wider.digest(1)}) == 5


def test_no_string_of_a_config_is_run(tmp_path, monkeypatch):
    """In place of every value, and inside of it: RecBole evaluates strings, and some models do so once more."""
    monkeypatch.chdir(tmp_path)
    code = "__import__('pathlib').Path('ran').touch()"
    texts = [{"model": "KD_DAGFM", "teacher": code}, {"model": code}, {code: 1, "model": "SVD"}]
    texts += [{"model": "NeuMF", "use_pretrain": True, "mf_pretrain_path": code}]
    for name, entry in MODELS.items():
        for key in entry.keys:
            texts += [{"model": name, key: value} for value in (code, [code], {code: code}, {"max_norm": code})]
            texts += [{"model": name, "tune": {key: value}} for value in (code, [code], {"low": code, "high": code})]
    for keys in texts:
        for answering in (LIKES, LISTS):
            with pytest.raises(InputError):
                read_config(written(tmp_path, yaml.safe_dump(keys)), answering=answering)
    assert not (tmp_path / "ran").exists()


def test_a_string_that_reaches_recbole_stays_a_string(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "__import__('pathlib').Path('ran').touch()"
    settings = {"data_path": str(tmp_path), "dataset": "rows", "learner": code, "anything": code}
    config = make_config(read_config(HOME / "svd.yaml").model, settings)
    assert (config["learner"], config["anything"]) == (code, code)
    assert not (tmp_path / "ran").exists()
