"""What is answered already is kept, and what is not the same rows and settings is answered anew."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from made import make_dataset

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import Meta, Predictions, read_predictions
from tastetune.artifacts.score_table import score_table
from tastetune.baselines import rows_answered
from tastetune.baselines.predictions_files import epoch_file, fit_or_keep
from tastetune.baselines.trivial.likes import TrivialLikes
from tastetune.errors import InputError
from tastetune.locks import held_file


@dataclass(frozen=True)
class Rising:
    """Scores every row by the epoch it has come to; `fitted` counts how often it was fitted."""

    fitted: list
    rate: float = 1.0
    epochs: int = 3
    name: str = "rising"

    def origin(self, dataset, split):
        return rows_answered(dataset, split) | {"kind": "recbole", "settings": {"rate": self.rate}}

    def fit_predict(self, dataset, split, *, after_epoch=None):
        self.fitted.append(split)
        ids = dataset.read("like_dislike", split, ["example_id"])["example_id"].to_pylist()
        settings = {"rate": self.rate, "epochs": self.epochs}
        for epoch in range(1, self.epochs + 1):
            meta = Meta(self.name, "recbole", **rows_answered(dataset, split), settings=settings)
            answers = Predictions(meta, score_table(ids, np.full(len(ids), self.rate * epoch)))
            if after_epoch:
                after_epoch(epoch, answers)
        return answers


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), n_users=8))


def test_the_same_is_fitted_once(dataset, tmp_path, capsys):
    model = Rising([])
    first, again = (fit_or_keep(model, dataset, "test", tmp_path) for _ in range(2))
    assert first == again == [tmp_path / "rising.parquet"]
    assert model.fitted == ["test"]
    assert capsys.readouterr().out.splitlines() == [f"answered: {first[0]}", f"kept: {first[0]}"]
    fit_or_keep(model, dataset, "test", tmp_path, force=True)
    assert model.fitted == ["test", "test"]


def test_other_settings_rows_or_a_damaged_file_are_answered_anew(dataset, tmp_path):
    model = Rising([])
    (path,) = fit_or_keep(model, dataset, "test", tmp_path)
    fit_or_keep(replace(model, rate=2.0), dataset, "test", tmp_path)
    assert read_predictions(path).table["score"][0].as_py() == 6.0
    fit_or_keep(replace(model, rate=2.0), dataset, "validation", tmp_path)
    other = open_dataset(make_dataset(tmp_path / "other", n_users=8, seed=1))
    fit_or_keep(replace(model, rate=2.0), other, "validation", tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    fit_or_keep(replace(model, rate=2.0), other, "validation", tmp_path)
    assert model.fitted == ["test", "test", "validation", "validation", "validation"]


def test_epochs_lie_beside_the_final_answers_and_are_kept_with_them(dataset, tmp_path):
    model = Rising([])
    fit_or_keep(model, dataset, "test", tmp_path)
    files = fit_or_keep(model, dataset, "test", tmp_path, each_epoch=True)  # no epoch was there
    assert [path.name for path in files] == [*(f"rising-epoch-{n}.parquet" for n in (1, 2, 3)), "rising.parquet"]
    assert [read_predictions(path).meta.model for path in files] == [path.stem for path in files]
    assert [read_predictions(path).table["score"][0].as_py() for path in files] == [1.0, 2.0, 3.0, 3.0]
    assert fit_or_keep(model, dataset, "test", tmp_path, each_epoch=True) == files
    assert len(model.fitted) == 2
    epoch_file(files[-1], 2).unlink()
    fit_or_keep(model, dataset, "test", tmp_path, each_epoch=True)
    assert len(model.fitted) == 3


def test_the_record_of_an_older_tuning_does_not_stay_beside_untuned_answers(dataset, tmp_path):
    (tmp_path / "rising.tuning.json").write_text("{}")
    fit_or_keep(Rising([]), dataset, "test", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["rising.parquet"]


@pytest.mark.parametrize("model", [Rising([], rate=float("inf")), TrivialLikes("item_mean")], ids=["inf", "split"])
def test_a_model_that_fails_leaves_nothing(model, dataset, tmp_path):
    split = "train" if model.name == "item_mean" else "test"
    with pytest.raises(InputError, match=r"not finite|baselines answer test"):
        fit_or_keep(model, dataset, split, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_that_another_process_makes_is_refused_and_what_a_killed_one_left_goes(dataset, tmp_path):
    model = Rising([])
    with held_file(tmp_path / "rising.parquet"):
        with pytest.raises(InputError, match=r"rising\.parquet is held by process \d+"):
            fit_or_keep(model, dataset, "test", tmp_path)
        fit_or_keep(replace(model, name="other"), dataset, "test", tmp_path)  # beside it, at the same time
    assert model.fitted == ["test"]
    fit_or_keep(model, dataset, "test", tmp_path)
    (tmp_path / ".rising.parquet.building-left").mkdir()
    fit_or_keep(model, dataset, "test", tmp_path)  # kept, and yet
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.parquet", "rising.parquet"]
