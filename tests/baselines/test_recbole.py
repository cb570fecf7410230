"""RecBole on the frozen rows: its traps shut, its models against independent arithmetic, every row answered."""

import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from made import make_dataset, rewritten
from sklearn.metrics import roc_auc_score

from tastetune.artifacts.dataset import open_dataset
from tastetune.baselines.recbole.configs import read_config
from tastetune.baselines.recbole.fitting import fit, predict
from tastetune.baselines.recbole.labelled_data import read_labelled_data, side_by_side
from tastetune.baselines.recbole.likes import RecBoleLikes
from tastetune.baselines.recbole.own_models.labelled import SPREAD
from tastetune.errors import InputError

ROOT = Path(__file__).parents[2]

SVD = {"model": "SVD", "embedding_size": 4, "learning_rate": 0.05, "train_batch_size": 16, "epochs": 3, "seed": 1}
SASREC = {"model": "PointwiseSASRec", "hidden_size": 16, "inner_size": 16, "train_batch_size": 64, "epochs": 2}
FEEDBACK = SASREC | {"load_col": {"inter": ["item_id_list", "feedback_list"]}}
DIN = {"model": "DIN", "mlp_hidden_size": [8, 8], "train_batch_size": 64, "epochs": 1}
DIN |= {"load_col": {"inter": ["item_id_rated"]}}
LISTS = {"load_col": {"inter": ["liked_list", "disliked_list"]}, "epochs": 1}
DEEPFM = {"model": "DeepFM", "mlp_hidden_size": [8]} | LISTS
NEUMF = {"model": "NeuMF", "mlp_hidden_size": [8], "epochs": 1}
KINDS = {"svd": SVD, "sasrec": SASREC, "feedback": FEEDBACK, "din": DIN, "deepfm": DEEPFM, "neumf": NEUMF}
ALL = pytest.mark.parametrize("keys", KINDS.values(), ids=KINDS)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), n_users=60, n_items=40, seed=3))


def answer(config, dataset, split="test", **settings):
    return RecBoleLikes(config).fit_predict(dataset, split, **settings)


def auc(dataset, predictions):
    table = dataset.read("like_dislike", predictions.meta.split)
    return roc_auc_score(table["label"].to_numpy(), predictions.scores(table["example_id"].to_pylist())[0])


def numbers(data, part="train"):
    """The rows as RecBole holds them: user and item numbers, and ratings spread like stars around 0."""
    rows = data.parts[part].inter_feat
    ratings = rows["rating"].numpy().astype(np.float64)
    return rows["user_id"].numpy(), rows["item_id"].numpy(), SPREAD * (ratings - ratings.mean()) / ratings.std()


def test_recbole_reads_exactly_the_datasets_rows(dataset, config):
    data = read_labelled_data(
        config(FEEDBACK | {"load_col": {"inter": ["rating", "item_id_list", "feedback_list"]}}), dataset, "test"
    )
    for split, part in data.parts.items():
        table, rows = dataset.read("like_dislike", split), part.inter_feat
        assert rows["rating"].tolist() == table["rating"].to_pylist()  # neither rescaled nor reordered
        assert rows["label"].tolist() == table["label"].to_pylist()
        # One numbering for targets and histories: numbers and ids correspond one to one over both columns.
        items, likes = table["item_id"].to_pylist(), dict(enumerate(part.field2id_token["feedback_list"]))
        pairs = set(zip(rows["item_id"].tolist(), items, strict=True))
        for numbered, feedback, history, stars in zip(
            rows["item_id_list"].tolist(),
            rows["feedback_list"].tolist(),
            table["history"].to_pylist(),
            table["history_ratings"].to_pylist(),
            strict=True,
        ):
            pairs |= set(zip(numbered, history, strict=False))
            said = [likes[code] for code in feedback][: len(stars)]
            assert said == ["like" if rating >= 4 else "dislike" for rating in stars]
        assert len(pairs) == len({number for number, _ in pairs}) == len({item for _, item in pairs})


def test_a_disliked_item_of_a_rated_history_has_an_id_of_its_own(dataset, config):
    data = read_labelled_data(config(DIN), dataset, "test")
    part, table = data.parts["test"], dataset.read("like_dislike", "test")
    tokens = part.field2id_token["item_id_rated"]
    written = [[tokens[code] for code in codes] for codes in part.inter_feat["item_id_rated"].tolist()]
    for history, stars in zip(written, table["history_ratings"].to_pylist(), strict=True):
        assert [token.startswith("-") for token in history[: len(stars)]] == [rating < 4 for rating in stars]


def test_ids_may_hold_what_atomic_files_use_as_separators(tmp_path, config):
    folder = make_dataset(tmp_path / "made", n_users=12)
    for split in ("train", "validation", "test"):
        path = folder / "like_dislike" / f"{split}.parquet"
        table = pq.read_table(path).to_pandas()
        table["item_id"] = ['a b\t"' + item for item in table["item_id"]]
        table["history"] = [['a b\t"' + item for item in history] for history in table["history"]]
        rewritten(pa.Table.from_pandas(table, preserve_index=False), path)
    data = read_labelled_data(config(SASREC), open_dataset(folder), "test")
    plain = read_labelled_data(config(SASREC), open_dataset(make_dataset(tmp_path / "plain", n_users=12)), "test")
    expected = plain.parts["test"].inter_feat["item_id_list"]
    assert torch.equal(data.parts["test"].inter_feat["item_id_list"], expected)


def test_the_process_around_recbole_is_left_as_it_was(dataset, config, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["baseline.py", "--epochs=1", "--seed=__import__('os').abort()"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    monkeypatch.chdir(tmp_path)
    data = read_labelled_data(config(SVD), dataset, "test")
    fit(data, "train", 1)
    assert (data.recbole_config["epochs"], data.recbole_config["seed"]) == (1, 1)
    assert (
        read_labelled_data(config(SVD), dataset, "test").recbole_config["epochs"] == 3
    )  # the config's, not the command line's
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "7"
    assert sys.argv[1] == "--epochs=1"
    assert not torch.is_anomaly_enabled()
    assert yaml.load("1e-3", yaml.FullLoader) == "1e-3"  # YAML 1.1, as it was before
    assert [path.name for path in tmp_path.iterdir()] == ["model.yaml"]  # no log, no tensorboard, no checkpoint


def test_unshuffled_epochs_go_through_everybodys_rows_side_by_side():
    # User 7 has four rows (at 1/8, 3/8, 5/8, 7/8 of the way), user 9 two (at 1/4, 3/4).
    order = side_by_side(np.array([7, 7, 7, 7, 9, 9]))
    assert order.tolist() == [0, 4, 1, 2, 5, 3]
    assert isinstance(order, np.ndarray)  # RecBole would ask a pandas series value by value


def sgd_by_hand(users, items, ratings, start, *, lr, reg):
    """Plain SGD over single centred ratings in numpy (Koren 2009, eq. 5), one epoch in the given order."""
    user_bias, item_bias, p, q = [np.array(part, np.float64) for part in start]
    for u, i, r in zip(users, items, ratings, strict=True):
        error = r - (user_bias[u, 0] + item_bias[i, 0] + p[u] @ q[i])
        p_u = p[u].copy()
        user_bias[u, 0] += lr * (error - reg * user_bias[u, 0])
        item_bias[i, 0] += lr * (error - reg * item_bias[i, 0])
        p[u] += lr * (error * q[i] - reg * p_u)
        q[i] += lr * (error * p_u - reg * q[i])
    return user_bias, item_bias, p, q


def svd_parameters(model):
    tables = (model.user_bias, model.item_bias, model.user_factors, model.item_factors)
    return [table.weight.detach().numpy().copy() for table in tables]


def test_svd_takes_the_published_step(dataset, config):
    # With one rating a batch and the rows in order, an epoch is the published algorithm word for word.
    data = read_labelled_data(config(SVD | {"train_batch_size": 1}), dataset, "test")
    torch.manual_seed(0)
    model = data.config.model(data.recbole_config, data.parts["train"])
    start = svd_parameters(model)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05)
    rows = data.parts["train"].inter_feat
    for place in range(len(rows)):
        optimiser.zero_grad()
        model.calculate_loss(rows[place : place + 1]).backward()
        optimiser.step()
    expected = sgd_by_hand(*numbers(data), start, lr=0.05, reg=0.02)
    for found, wanted in zip(svd_parameters(model), expected, strict=True):
        assert found == pytest.approx(wanted, abs=1e-4)


def test_a_batch_of_svd_adds_up_its_ratings_steps(dataset, config):
    data = read_labelled_data(config(SVD), dataset, "test")
    model = data.config.model(data.recbole_config, data.parts["train"])
    rows = data.parts["train"].inter_feat
    model.calculate_loss(rows[:3]).backward()
    together = model.item_factors.weight.grad.clone()
    model.zero_grad()
    for place in range(3):
        model.calculate_loss(rows[place : place + 1]).backward()
    assert torch.allclose(model.item_factors.weight.grad, together, atol=1e-6)


def stars_of_many(folder, counts, n_items, scale=1.0):
    """A made dataset whose users rate as many items each as `counts` says: generosity + quality + noise, times `scale`.

    Of each user's ratings in the order of the log the last fifth is half validation, half test.
    """
    rng = np.random.default_rng(0)
    kind, good = rng.normal(0, 0.7, len(counts)), rng.normal(0, 0.7, n_items)
    rows = {"train": [], "validation": [], "test": []}
    for user, count in enumerate(counts):
        for place, item in enumerate(rng.permutation(n_items)[:count]):
            stars = float(np.clip(np.rint(3.6 + kind[user] + good[item] + rng.normal(0, 0.5)), 1, 5))
            split = "train" if place < 0.8 * count else "validation" if place < 0.9 * count else "test"
            about = {"example_id": f"{user}-{item}", "user_id": f"u{user}", "item_id": f"i{item}"}
            about |= {"label": int(stars >= 4), "rating": stars * scale, "timestamp": place}
            about |= {"history": [], "history_ratings": [], "prompt": "?", "completion": " No"}
            rows[split].append(about)
    for split, part in rows.items():
        path = folder / "like_dislike" / f"{split}.parquet"
        rewritten(pa.Table.from_pylist(part, pq.read_schema(path)), path)
    return open_dataset(folder)


@pytest.mark.parametrize(
    ("counts", "n_items", "scale"),
    [
        ([10] * 60 + [600], 600, 1),  # one heavy reader: half of every batch is his
        ([10] * 300, 12, 1),  # a catalogue of a dozen: a batch holds 85 ratings of an item
        ([188], 188, 1),  # one person
        ([20] * 60, 50, 20),  # up to 100
        ([20] * 60, 50, 1e6),  # up to five millions
    ],
    ids=["heavy", "few items", "one person", "percent", "millions"],
)
@pytest.mark.parametrize("name", ["svd", "bias"])
def test_svd_and_bias_converge_on_every_log(name, counts, n_items, scale, tmp_path):
    dataset = stars_of_many(make_dataset(tmp_path / "made", n_users=3), counts, n_items, scale)
    settings = read_config(ROOT / "recbole_configs" / f"{name}.yaml", {"epochs": 12, "embedding_size": 10})
    predictions = RecBoleLikes(settings).fit_predict(dataset, "test")
    scores = predictions.table["score"].to_numpy()
    assert np.isfinite(scores).all()
    assert 0 < np.mean(scores) / scale < 5
    if len(counts) > 1:
        assert auc(dataset, predictions) > 0.7


def test_a_user_with_many_ratings_in_a_batch_takes_a_bounded_step(dataset, config):
    # All 200 ratings of the batch are one user's, of one item each, and factors are zero, so the curvature is 200: the
    # rate 0.05 would step 10 times as far as the mean error, and the bound lets it go half as far.
    data = read_labelled_data(config(SVD | {"init_std": 0.0}), dataset, "test")
    model, rows = data.config.model(data.recbole_config, data.parts["train"]), data.parts["train"].inter_feat[:200]
    rows["user_id"][:] = 1
    model.calculate_loss(rows).backward()
    mean_error = ((rows["rating"] - model.mean) / model.spread).mean()
    step = -0.05 * float(model.user_bias.weight.grad[1, 0])
    assert step == pytest.approx(0.5 * float(mean_error), rel=1e-4)


def test_svd_estimates_stars_and_learns_taste(dataset, config):
    predictions = answer(config(SVD | {"epochs": 30}), dataset)
    meta = predictions.meta
    assert (meta.model, meta.kind, meta.threshold, meta.seed) == ("model", "recbole", 4.0, 1)
    scores = predictions.table["score"].to_numpy()
    assert 0 < scores.min() < 3 < scores.max() < 7
    assert auc(dataset, predictions) > 0.8
    rows = len(dataset.read("like_dislike", "train+validation"))
    assert meta.training["examples"] == 30 * rows
    # p . q of width 4: 2 x 4 operations forward, twice that backward, an example.
    assert meta.training["flops"] == 30 * rows * 24
    assert meta.settings["fit_on"] == "train+validation"


def test_sasrec_without_feedback_is_recboles_own_sasrec(dataset, config):
    # Oracle: the parent class's forward pass, which computes every position of every block.
    data = read_labelled_data(config(SASREC), dataset, "test")
    torch.manual_seed(0)
    model = data.config.model(data.recbole_config, data.parts["train"]).eval()
    rows = data.parts["train"].inter_feat[:50]
    state = model.forward(rows["item_id_list"], rows["item_length"])
    expected = torch.sigmoid((state * model.item_embedding(rows["item_id"])).sum(1))
    assert torch.allclose(model.predict(rows), expected, atol=1e-6)
    assert len({len(history.nonzero()) for history in rows["item_id_list"]}) > 1  # short histories among them


def test_sasrec_is_blind_to_likes_unless_the_config_shows_them(tmp_path, config):
    folder = make_dataset(tmp_path / "made")
    path = folder / "like_dislike" / "test.parquet"
    whole = pq.read_table(path)
    answers = {}
    for name, stars in (("liked", 5.0), ("disliked", 1.0)):
        lists = pa.array([[stars] * len(history) for history in whole["history"].to_pylist()])
        rewritten(whole.set_column(whole.column_names.index("history_ratings"), "history_ratings", lists), path)
        for keys in (SASREC, FEEDBACK):
            data = read_labelled_data(config(keys), open_dataset(folder), "test")
            answers[name, len(keys)] = predict(data, fit(data, "train", 1).model, "test")
    assert (answers["liked", len(SASREC)] == answers["disliked", len(SASREC)]).all()
    assert (answers["liked", len(FEEDBACK)] != answers["disliked", len(FEEDBACK)]).all()


def test_sasrec_learns_what_is_liked(dataset, config):
    keys = SASREC | {"epochs": 3, "learning_rate": 0.005}
    predictions = answer(config(keys), dataset)
    scores = predictions.table["score"].to_numpy()
    assert 0 <= scores.min() < 0.5 < scores.max() <= 1
    assert auc(dataset, predictions) > 0.7
    assert predictions.meta.threshold == 0.5


def test_sasrec_learns_order(tmp_path, config):
    # The target is liked if and only if the last item of the history is i0, whatever came before.
    rng, folder = np.random.default_rng(0), make_dataset(tmp_path / "made", n_users=5)
    for split, n in (("train", 600), ("validation", 50), ("test", 200)):
        path = folder / "like_dislike" / f"{split}.parquet"
        histories = [list(rng.permutation(["i0", "i1", "i2"])) for _ in range(n)]
        labels = [int(history[-1] == "i0") for history in histories]
        table = pa.table(
            {
                "example_id": [f"{split}{row}" for row in range(n)],
                "user_id": ["u0"] * n,
                "item_id": ["i3"] * n,
                "label": labels,
                "rating": [4.0 * label + 1 for label in labels],
                "history": histories,
                "history_ratings": [[3.0] * 3] * n,
            }
        )
        rewritten(table, path)
    keys = SASREC | {"epochs": 15, "learning_rate": 0.01, "hidden_dropout_prob": 0.0, "attn_dropout_prob": 0.0}
    assert auc(open_dataset(folder), answer(config(keys), open_dataset(folder))) == 1


@ALL
def test_every_row_is_answered_unseen_ones_by_the_mean_of_the_seen(keys, dataset, config, tmp_path):
    folder = make_dataset(tmp_path / "made", n_users=30)
    path = folder / "like_dislike" / "test.parquet"
    row = pq.read_table(path).to_pylist()[0]
    unseen = [row | {"example_id": name, "item_id": name} for name in ("new a", "new b")]
    stranger = [row | {"example_id": name, "user_id": name} for name in ("who a", "who b")]
    empty = [row | {"example_id": "empty", "history": [], "history_ratings": []}]
    table = pq.read_table(path)
    rewritten(pa.concat_tables([table, pa.Table.from_pylist([*unseen, *stranger, *empty], table.schema)]), path)
    dataset = open_dataset(folder)
    predictions = answer(config(keys), dataset)
    ids = dataset.read("like_dislike", "test")["example_id"].to_pylist()
    scores = dict(zip(ids, predictions.scores(ids)[0], strict=True))
    # Nothing tells two unseen items, or two unseen users, apart: noise of the initial values would.
    assert scores["new a"] == pytest.approx(scores["new b"], abs=1e-6)
    assert scores["who a"] == pytest.approx(scores["who b"], abs=1e-6)
    assert len(scores) == len(table) + 5


@ALL
def test_the_same_seed_gives_the_same_scores_and_another_seed_others(keys, dataset, config):
    def scores(seed):
        data = read_labelled_data(config(keys | {"seed": seed}), dataset, "test_sample")
        return predict(data, fit(data, "train", 1).model, "test_sample")

    assert (scores(1) == scores(1)).all()
    assert (scores(1) != scores(2)).any()


def test_epochs_are_chosen_on_validation_and_the_model_refitted_on_all_before_test(dataset, config):
    keys = SVD | {"epochs": 12, "eval_step": 1, "stopping_step": 2}
    meta = answer(config(keys), dataset).meta
    settings = meta.settings
    measured = settings["validation_roc_auc"]
    assert measured[str(settings["epochs"])] == max(measured.values())
    assert meta.training["examples"] == settings["epochs"] * len(dataset.read("like_dislike", "train+validation"))
    # Oracle: fitting on train alone for that long gives the measured ROC-AUC on validation.
    data = read_labelled_data(config(SVD), dataset, "validation")
    scores = predict(data, fit(data, "train", settings["epochs"]).model, "validation")
    labels = dataset.read("like_dislike", "validation")["label"].to_numpy()
    assert roc_auc_score(labels, scores) == pytest.approx(max(measured.values()), abs=1e-6)


def test_a_step_beyond_the_last_epoch_leaves_the_configs_epochs(dataset, config):
    settings = answer(config(SVD | {"epochs": 2, "eval_step": 3}), dataset).meta.settings
    assert (settings["epochs_at_most"], settings["epochs_chosen"]) == (2, "by the config")


def test_each_epoch_leaves_the_final_model_as_it_is(dataset, config):
    epochs = {}
    final = answer(config(SVD), dataset, "test_sample", after_epoch=epochs.__setitem__)
    alone = answer(config(SVD), dataset, "test_sample")
    assert list(epochs) == [1, 2, 3]
    assert final.table == alone.table == epochs[3].table != epochs[2].table
    examples = [epochs[epoch].meta.training["examples"] for epoch in epochs]
    assert examples == [examples[0], 2 * examples[0], 3 * examples[0]]


@pytest.mark.parametrize("kept", [slice(0, 0), "liked"], ids=["empty", "one class"])
def test_validation_that_cannot_choose_leaves_the_configs_epochs(kept, tmp_path, config, capsys):
    folder = make_dataset(tmp_path / "made", n_users=20)
    path = folder / "like_dislike" / "validation.parquet"
    table = pq.read_table(path)
    rewritten(table.filter(pc.equal(table["label"], 1)) if kept == "liked" else table.slice(0, 0), path)
    dataset = open_dataset(folder)
    meta = answer(config(SVD | {"eval_step": 1}), dataset).meta
    assert meta.settings["epochs"] == 3
    assert "cannot choose" in meta.settings["epochs_chosen"]
    assert "cannot choose" in capsys.readouterr().out
    assert meta.settings["fit_on"] == ("train+validation" if kept == "liked" else "train")


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_without_rows_is_refused(split, tmp_path, config):
    folder = make_dataset(tmp_path / "made", n_users=5)
    path = folder / "like_dislike" / f"{split}.parquet"
    rewritten(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(InputError, match=rf"{split}\.parquet: no rows"):
        answer(config(SVD), open_dataset(folder))


def test_the_rows_a_model_is_fitted_on_are_not_answered(dataset, config):
    with pytest.raises(InputError, match="'train': baselines answer test, test_sample, validation"):
        answer(config(SVD), dataset, "train")


@pytest.mark.parametrize(
    ("keys", "said"),
    [(SASREC | {"learning_rate": 1e30}, "lower learning_rate"), (SASREC | {"n_heads": 3}, "not a multiple")],
    ids=["diverges", "heads"],
)
def test_settings_that_fail_name_the_file_and_the_remedy(keys, said, dataset, config):
    with pytest.raises(InputError, match=rf"model\.yaml: model fails with these settings .*{said}"):
        answer(config(keys), dataset)
