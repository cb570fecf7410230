"""Which baselines a command names: by the task, by kind, by file, by folder, and without RecBole."""

import subprocess
import sys
from pathlib import Path

import pytest
from made import make_dataset
from made_lists import make_lists

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.selection import baselines_of, stacks_of
from tastetune.baselines.trivial import likes, lists
from tastetune.errors import InputError

HOME = Path(__file__).parents[2] / "recbole_configs"


@pytest.fixture(scope="module")
def rated(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("rated"), n_users=5))


@pytest.fixture(scope="module")
def asked_for_lists(tmp_path_factory):
    return open_dataset(make_lists(tmp_path_factory.mktemp("lists") / "data"))


def names(baselines):
    return [baseline.name for baseline in baselines]


def test_the_task_decides_which_trivial_models_and_which_configs_of_a_folder(rated, asked_for_lists, capsys):
    labelled = ["bias", "deepfm", "din", "neumf", "sasrec", "sasrec_feedback", "svd"]
    assert names(baselines_of(rated, ["trivial", str(HOME)])) == [*likes.MODELS, *labelled]
    assert (
        f"{HOME}: left out bpr, ease, itemknn, sasrec_lists, two_tower, for they answer another task"
        in capsys.readouterr().out
    )
    ranking = ["bias", "bpr", "ease", "itemknn", "sasrec_lists", "svd", "two_tower"]
    assert names(baselines_of(asked_for_lists, ["trivial", str(HOME)])) == [*lists.MODELS, *ranking]
    assert "left out deepfm, din, neumf, sasrec, sasrec_feedback, for" in capsys.readouterr().out


def test_only_leaves_out_the_others_and_reads_no_other_config(rated, tmp_path):
    (tmp_path / "broken.yaml").write_text("model: [")
    (tmp_path / "svd.yaml").write_text("model: SVD\n")
    named = ["trivial", str(tmp_path)]
    assert names(baselines_of(rated, named, only=["svd", "item_mean"])) == ["item_mean", "svd"]
    assert names(baselines_of(rated, named, only=["trivial"])) == list(likes.MODELS)
    with pytest.raises(InputError, match=r"broken\.yaml"):
        baselines_of(rated, named)
    with pytest.raises(InputError, match=r"--only sdv: no such baseline; there are trivial, always_yes, .*broken, svd"):
        baselines_of(rated, named, only=["sdv"])


def test_seed_and_trials_reach_every_config(rated):
    (model,) = baselines_of(rated, [str(HOME / "svd.yaml")], seed=7, trials=3)
    assert (model.config.values["seed"], model.trials) == (7, 3)


@pytest.mark.parametrize(
    ("files", "settings", "said"),
    [
        ({"item_mean.yaml": "model: SVD"}, {}, r"item_mean\.yaml: a baseline without a config is called item_mean"),
        ({"text.yaml": "model: SVD"}, {"encoder": "e"}, r"text\.yaml: a baseline without a config is called text"),
        ({"a/svd.yaml": "model: SVD", "b/svd.yaml": "model: SVD"}, {}, "are both called svd; rename one"),
        ({"svd.yaml": "model: SVD"}, {"trials": 1}, "no block 'tune' with ranges to try"),
        ({"bpr.yaml": "model: BPR"}, {}, r"bpr\.yaml, line 1: BPR learns from who chose what"),
        ({"svd.yaml": "model: SVD"}, {"seed": -1}, "seed is -1, expected a number of at least 0"),
        ({}, {}, "the text baseline needs --encoder"),
    ],
)
def test_what_cannot_be_is_refused(files, settings, said, rated, tmp_path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    named = ["trivial", *(str(tmp_path / name) for name in files)]
    if not files or "encoder" in settings:
        named.append("text")
    with pytest.raises(InputError, match=said):
        baselines_of(rated, named, **settings)


def test_a_folder_without_a_model_for_the_task_is_refused(rated, tmp_path):
    for text in (None, "model: EASE"):
        if text:
            (tmp_path / "ease.yaml").write_text(text)
        with pytest.raises(InputError, match=r"no \.yaml file of a model for this task; name a folder like recbole_c"):
            baselines_of(rated, ["trivial", str(tmp_path)])


def test_text_does_not_answer_lists(asked_for_lists):
    with pytest.raises(InputError, match="the text baseline answers single likes, not lists"):
        baselines_of(asked_for_lists, ["trivial", "text"], encoder="e")


HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


def in_a_process_without(names, code, *args):
    command = [sys.executable, "-c", HIDE.format(names=names) + code, *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


SELECT = """
from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.selection import baselines_of
models = baselines_of(open_dataset(sys.argv[1]), sys.argv[2:], encoder="e")
"""


@pytest.mark.parametrize("task", ["rated", "asked_for_lists"])
def test_trivial_models_need_neither_torch_nor_recbole(task, request):
    dataset = request.getfixturevalue(task)
    code = f"{SELECT}print(len([model.fit_predict(open_dataset(sys.argv[1]), 'test') for model in models]))"
    done = in_a_process_without(["torch", "recbole"], code, dataset.source, "trivial")
    assert done.stdout.strip() == ("6" if task == "rated" else "2"), done.stderr


def test_text_needs_no_recbole(rated):
    done = in_a_process_without(["torch", "recbole"], f"{SELECT}print(models[-1].name)", rated.source, "text")
    assert done.stdout.strip() == "text", done.stderr


def test_a_config_without_recbole_says_what_to_install(rated):
    for missing in ("recbole", "torch"):
        done = in_a_process_without([missing], SELECT, rated.source, "trivial", str(HOME / "svd.yaml"))
        last = done.stderr.strip().splitlines()[-1]
        assert "svd.yaml needs RecBole: pip install 'tastetune[baselines]'" in last
        assert last.startswith("tastetune.errors.InputError")


def test_a_stack_answers_what_it_was_not_fitted_on(rated, asked_for_lists, tmp_path, capsys):
    folders = {"folder": tmp_path, "validation": tmp_path / "validation"}
    assert names(stacks_of(rated, ["trivial", "stacked"], only=[], **folders)) == ["stacked"]
    assert stacks_of(rated, ["trivial", "stacked"], only=["trivial"], **folders) == []
    assert stacks_of(rated, ["trivial"], only=[], **folders) == []
    assert stacks_of(rated, ["stacked"], only=[], folder=tmp_path, validation=tmp_path) == []
    assert "left out stacked: it is fitted on validation" in capsys.readouterr().out
    with pytest.raises(InputError, match="stacked: a stack answers single likes, not lists; leave it out"):
        stacks_of(asked_for_lists, ["stacked"], only=[], **folders)
