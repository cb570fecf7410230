"""Configs of baselines with something wrong in them: read, or refused in one message before anything is fitted."""

import pytest
from fuzzing import HOSTILE, as_yaml, changed_bytes, changed_record, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset
from made_lists import make_lists

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.recbole.registry import LIKES, MODELS
from tastetune.baselines.recbole.search_space import SHARED
from tastetune.baselines.selection import baselines_of

pytestmark = pytest.mark.slow

NEARLY = (
    *(1, 2, 64, 2**31, 2**40, 0.1, -0.5, 1e30, False, "adam", "sgd", "relu", "sum", "item", "true", "1e-3", "0x1F"),
    *([8, 8], [8, "x"], [0], [1.5], ["user_id"], [[8], [16, 8]], {"max_norm": 5}, {"max_norm": "x"}),
    *({"low": 1e-5, "high": 1.0, "log": True}, {"low": 8, "high": 1}, {"low": "a", "high": "b"}, {"low": 1, "log": 3}),
    *({"inter": ["user_id", "rating"]}, {"inter": ["item_id_list", "item_id_rated"]}, {"inter": 3}, {"user": ["age"]}),
)
"""Values that some key takes, and others not."""

VALUES = st.sampled_from((*HOSTILE, *NEARLY))
FOREIGN = ("teacher", "mf_pretrain_path", "gpu_id", "topk", "data_path", "loss_type", "metrics", "", "1")
"""Keys that no config may set here, most of them RecBole's."""

NAMES = (*MODELS, "SASRec", "KD_DAGFM", "GRU4Rec", "svd", "SVD ", "recbole.model", "__import__('os').getcwd()")


def sound(name):
    """A model's defaults, and one of its keys to tune."""
    free = {key: value for key, value in MODELS[name].keys.items() if key not in SHARED}
    return {"model": name, **MODELS[name].keys, "tune": {key: [value] for key, value in list(free.items())[-1:]}}


@st.composite
def configs(draw):
    """A model's name and its config with one to three changes, to values, to what is tuned, to its text."""
    name = draw(st.sampled_from(sorted(MODELS)))
    keys = sound(name)
    names = st.one_of(st.sampled_from(sorted(MODELS[name].keys)), st.sampled_from((*MODELS[name].keys, *FOREIGN)))
    change = draw(st.sampled_from(("values", "values", "tune", "tune", "model", "record", "bytes")))
    if change == "values":
        keys |= draw(st.dictionaries(names, VALUES, min_size=1, max_size=2))
    elif change == "tune":
        keys["tune"] = draw(st.one_of(st.dictionaries(names, VALUES, min_size=1, max_size=2), VALUES))
    elif change == "model":
        keys["model"] = draw(st.sampled_from(NAMES))
    elif change == "record":
        keys = draw(changed_record(keys))
    content = as_yaml(keys)
    return name, draw(changed_bytes(content)) if change == "bytes" else content


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    home = tmp_path_factory.mktemp("made")
    return [open_dataset(make_dataset(home / "likes", 8, 12)), open_dataset(make_lists(home / "lists", 12, 30))]


def read(path, name, datasets, seed):
    """Everything that is read of a config before its model, which answers likes or lists, is fitted."""
    dataset = datasets[LIKES not in MODELS[name].answers]
    for baseline in baselines_of(dataset, [str(path)], seed=seed, trials=2):
        baseline.origin(dataset, "test")


@fuzzed(150)
@given(config=configs(), seed=st.sampled_from((None, None, None, 0, -1, 2**40)))
def test_a_config(outcomes, tmp_path, datasets, config, seed):
    name, content = config
    (tmp_path / "model.yaml").write_bytes(content)
    with outcomes.tried():
        read(tmp_path / "model.yaml", name, datasets, seed)


@pytest.mark.parametrize("name", MODELS)
def test_the_config_that_is_changed_is_sound(tmp_path, datasets, name):
    (tmp_path / "model.yaml").write_bytes(as_yaml(sound(name)))
    read(tmp_path / "model.yaml", name, datasets, seed=1)
