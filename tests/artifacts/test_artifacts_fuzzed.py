"""What stages leave for each other with something wrong in it: read, or refused in one message.

Not only read: a file that gets through is scored and shown, for there its faults would be met.
"""

import json
import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzzing import as_json, changed_bytes, changed_record, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from made import make_dataset, sealed
from made_lists import make_lists
from scored import write

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import read_predictions, write_predictions
from tastetune.artifacts.run import read_cost, read_record, whole_checkpoints
from tastetune.artifacts.scores import read_scores
from tastetune.baselines.selection import TRIVIAL, baselines_of
from tastetune.evaluation.learning_curve import learning_curve, read_learning_curve
from tastetune.evaluation.scoring import score
from tastetune.probe.forms import CatalogueLine
from tastetune.probe.probe import probe, read_probes
from tastetune.reporting import plots
from tastetune.reporting.leaderboard import leaderboard
from tastetune.reporting.report import report
from tastetune.reporting.views import VIEWS, view_of
from tastetune.tasks import TASKS, task_of

pytestmark = pytest.mark.slow

ONE_ROW = ("example_id", "score", "answer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    dataset = open_dataset(make_dataset(folder / "like_dislike", n_users=8, n_items=12))
    make_lists(folder / "top_n", n_users=12, n_items=30)
    shutil.rmtree(folder / "top_n" / "ratings")
    write(folder / "predictions", dataset, "svd", 0.5, training={"examples": 3, "seconds": 1.5, "flops": None})
    write(folder / "predictions", dataset, "user_item_mean", 1.0, kind="trivial", threshold=4.0)
    return folder


@pytest.fixture(scope="module")
def rows(folder):
    return TASKS["like_dislike"].rows(open_dataset(folder / "like_dislike"), "test")


@pytest.fixture(scope="module")
def predictions(folder):
    return [read_predictions(path) for path in sorted((folder / "predictions").glob("*.parquet"))]


@pytest.fixture(scope="module")
def scores(rows, predictions):
    scores = json.loads(json.dumps(score(rows, predictions, resamples=3)))
    for model in scores["models"]:
        model |= {"roc": model["roc"][:3], "reliability": model["reliability"][:2]}
    return scores | {"rows": scores["rows"] | {"sample": scores["rows"]["sample"][:2]}}


def show(scores: dict) -> None:
    json.dumps(scores, allow_nan=False, ensure_ascii=False).encode()
    leaderboard(scores), report(scores), plots.leaderboard(scores, view_of(scores).headline[0])


@fuzzed(25)
@given(data=st.data())
def test_the_metadata_of_predictions(outcomes, tmp_path, folder, rows, predictions, *, data):
    table = pq.read_table(folder / "predictions" / "svd.parquet")
    meta = as_json(data.draw(changed_record(json.loads(table.schema.metadata[b"tastetune"]))))
    pq.write_table(table.replace_schema_metadata({b"tastetune": meta}), tmp_path / "svd.parquet")
    with outcomes.tried():
        changed = read_predictions(tmp_path / "svd.parquet")
        show(score(rows, [changed, predictions[1]], validation=[changed], resamples=3, home=tmp_path))
        plots.learning_curve(learning_curve(rows, [changed, predictions[1]], resamples=3))


@fuzzed(40)
@given(data=st.data())
def test_the_columns_of_predictions(outcomes, tmp_path, folder, rows, data):
    path = tmp_path / "svd.parquet"
    if data.draw(st.booleans()):
        path.write_bytes(data.draw(changed_bytes((folder / "predictions" / "svd.parquet").read_bytes())))
    else:
        table = pq.read_table(folder / "predictions" / "svd.parquet")
        values = (1, None, "x", 1e308, 1e30, float("nan"), [1], {"a": 1}, b"\xff", "\0", 10**18, "$\\foo$", True)
        for name in data.draw(st.lists(st.sampled_from((*ONE_ROW, "rank", "item_id")), min_size=1, max_size=3)):
            column = pa.array([data.draw(st.sampled_from(values))] * len(table))
            if data.draw(st.booleans()) and name in table.column_names:
                table = table.drop_columns(name)
            elif name in table.column_names:
                table = table.set_column(table.column_names.index(name), name, column)
            else:
                table = table.append_column(name, column)
        pq.write_table(table, path)
    with outcomes.tried():
        show(score(rows, [read_predictions(path)], resamples=3, home=tmp_path))


def use(folder) -> None:
    """Everything that a dataset's rows are read for without a language model."""
    dataset = open_dataset(folder)
    task = task_of(dataset)
    rows = task.rows(dataset, "test")
    task.prompts(rows), task.training_table(dataset, "train+validation")
    if task.config == "like_dislike":
        TASKS["rating"].prompts(rows)
    baselines = baselines_of(dataset, [TRIVIAL])
    show(score(rows, [baseline.fit_predict(dataset, "test") for baseline in baselines], resamples=3))


@fuzzed(20)
@given(data=st.data(), name=st.sampled_from(("like_dislike", "top_n")))
def test_the_settings_of_a_dataset(outcomes, tmp_path, folder, data, name):
    changed = shutil.copytree(folder / name, tmp_path / name, dirs_exist_ok=True)
    path = changed / "tastetune.json"
    path.write_bytes(as_json(data.draw(changed_record(json.loads((folder / name / path.name).read_text())))))
    with outcomes.tried():
        use(changed)


@fuzzed(30)
@given(data=st.data(), name=st.sampled_from(("like_dislike", "top_n")))
def test_the_tables_of_a_dataset(outcomes, tmp_path, folder, data, name):
    changed = shutil.copytree(folder / name, tmp_path / name, dirs_exist_ok=True)
    path = changed / data.draw(st.sampled_from(sorted(p.relative_to(changed) for p in changed.glob("*/*.parquet"))))
    if data.draw(st.booleans()):
        path.write_bytes(data.draw(changed_bytes(path.read_bytes())))
    else:
        table = pq.ParquetFile(path).read()
        records = data.draw(changed_record(table.slice(0, 6).to_pylist()))
        try:
            part = pa.Table.from_pylist(records, data.draw(st.sampled_from((table.schema, None))))
            pq.write_table(pa.concat_tables([part, table.slice(6)]) if part.schema == table.schema else part, path)
        except (pa.ArrowException, TypeError, AttributeError, ValueError, OverflowError):
            return  # nothing that could stand in a parquet file
    sealed(changed)
    with outcomes.tried():
        use(changed)


@fuzzed(25)
@given(data=st.data())
def test_scores(outcomes, tmp_path, scores, data):
    content = as_json(data.draw(changed_record(scores)))
    (tmp_path / "scores.json").write_bytes(data.draw(changed_bytes(content)) if data.draw(st.booleans()) else content)
    with outcomes.tried():
        show(read_scores(tmp_path / "scores.json", VIEWS))


@fuzzed(15)
@given(data=st.data())
def test_a_learning_curve(outcomes, tmp_path, rows, predictions, scores, *, data):
    curve = json.loads(json.dumps(learning_curve(rows, predictions, resamples=3)))
    (tmp_path / "curve.json").write_bytes(as_json(data.draw(changed_record(curve))))
    with outcomes.tried():
        show(scores | {"learning_curve": read_learning_curve(tmp_path / "curve.json", scores)})


@pytest.fixture(scope="module")
def listed(folder):
    """Rows of lists, and the predictions of two models without learning in files."""
    rows = TASKS["top_n"].rows(open_dataset(folder / "top_n"), "test")
    for baseline in baselines_of(rows.dataset, [TRIVIAL])[:2]:
        found = baseline.fit_predict(rows.dataset, "test")
        write_predictions(folder / "lists" / f"{found.meta.model}.parquet", found.meta, found.table)
    return rows


def show_lists(rows, path, others) -> None:
    predictions = [read_predictions(path), *(read_predictions(other) for other in others)]
    scores = score(rows, predictions, resamples=3, home=path.parent)
    json.dumps(scores, allow_nan=False, ensure_ascii=False).encode()
    leaderboard(scores), report(scores)


LINES = ("example_id", "rank", "item_id", "score", "answer")


@fuzzed(40)
@given(data=st.data())
def test_predictions_of_lists(outcomes, tmp_path, folder, listed, data):
    one, other = sorted((folder / "lists").glob("*.parquet"))
    path, table = tmp_path / "list.parquet", pq.read_table(one)
    change = data.draw(st.sampled_from(("bytes", "records", "records", "column", "metadata")))
    if change == "bytes":
        path.write_bytes(data.draw(changed_bytes(one.read_bytes())))
    elif change == "metadata":
        meta = as_json(data.draw(changed_record(json.loads(table.schema.metadata[b"tastetune"]))))
        pq.write_table(table.replace_schema_metadata({b"tastetune": meta}), path)
    else:
        records = data.draw(changed_record(table.slice(0, 12).to_pylist())) if change == "records" else []
        try:
            part = pa.Table.from_pylist(records, table.schema) if records else table.slice(0, 0)
            changed = pa.concat_tables([part, table.slice(len(part))]).replace_schema_metadata(table.schema.metadata)
        except (pa.ArrowException, TypeError, AttributeError, ValueError, OverflowError):
            return  # nothing that could stand in a parquet file
        if change == "column":
            name, value = data.draw(st.sampled_from(LINES)), data.draw(st.sampled_from((0, -1, None, "x", 1e308, [1])))
            changed = changed.set_column(LINES.index(name), name, pa.array([value] * len(changed)))
        pq.write_table(changed, path)
    with outcomes.tried():
        show_lists(listed, path, [other])


LINE = CatalogueLine("1", "The Film (1990)", ("Drama",), 3)
CATALOGUE = [replace(LINE, item_id=str(n), title=f"The Film {n} ({1980 + n})", ratings=n) for n in range(1, 12)]


@fuzzed(30)
@given(data=st.data())
def test_a_probe(outcomes, tmp_path, scores, data):
    found = probe(CATALOGUE, lambda prompts, _: [f"{prompt[-3:]})" for prompt in prompts], items=6, shots=2, seed=0)
    dataset = {"name": "made", "fingerprint": scores["dataset"]["fingerprint"], "items": len(CATALOGUE)}
    model = {"model": "zero-shot", "base_model": "base", "adapter": None, "settings": {}}
    content = as_json(data.draw(changed_record({"dataset": dataset, "model": model, **found, "command": "probe.py"})))
    content = data.draw(changed_bytes(content)) if data.draw(st.booleans()) else content
    (tmp_path / "zero-shot.json").write_bytes(content)
    with outcomes.tried():
        show(scores | {"probes": read_probes([tmp_path / "zero-shot.json"], scores)})


SETTINGS = {"dataset_train_split": "train", "sft_train_split": "train+validation", "fingerprint": "0", "lora_r": 16}
COST = {"steps": 3, "examples": 24, "seconds": 1.5, "flops": None, "command": "accelerate launch scripts/sft.py"}


@fuzzed(60)
@given(settings=changed_record(SETTINGS), cost=changed_record(COST), state=changed_record({"global_step": 3}))
def test_the_record_of_a_run(outcomes, tmp_path, settings, cost, state):
    checkpoint = tmp_path / "checkpoint-3"
    checkpoint.mkdir(exist_ok=True)
    for path, content in (
        (tmp_path / "run.json", settings),
        (checkpoint / "cost.json", cost),
        (checkpoint / "trainer_state.json", state),
    ):
        path.write_bytes(as_json(content))
    with outcomes.tried():
        whole_checkpoints(tmp_path)
        read_record(checkpoint).splits("0"), read_cost(checkpoint)
