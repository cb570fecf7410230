"""A whole run on the Hub: nothing of this machine goes along, and what comes back predicts the same."""

import io
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from documents import ROOT
from huggingface_hub import DatasetCard, ModelCard
from made import make_dataset
from made_model import make_tiny_model
from scanning import scanned
from scored import run_in, write

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.digests import weights_digest
from tastetune.artifacts.predictions import read_predictions
from tastetune.artifacts.trained_rows import ROWS, row_keys, write_row_keys

TOKEN = "hf_" + "x" * 34
"""Shaped like a token, put together here so that no scanner takes this file for a leak."""

USER = "jane.doe"


def train(run, dataset) -> None:
    """An adapter as scripts/sft.py leaves it, without the training."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = make_tiny_model(run / "model")
    (model / "README.md").write_text("---\nlibrary_name: transformers\nlicense: apache-2.0\n---\n\n# Tiny\n")
    lora = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(model), lora)
    tuned.save_pretrained(run / "adapter", save_embedding_layers=False)
    AutoTokenizer.from_pretrained(model).save_pretrained(run / "adapter")
    record = {"dataset": "made", "fingerprint": dataset.fingerprint, "dataset_train_split": "train+validation"}
    record |= {"learning_rate": 0.125, "base_weights": weights_digest(str(model)), "model_name_or_path": "org/Tiny"}
    (run / "adapter" / "run.json").write_text(json.dumps(record))
    (run / "adapter" / "cost.json").write_text('{"steps": 7, "examples": 56}')
    write_row_keys(run / "adapter" / ROWS, row_keys(dataset, "like_dislike", "train+validation"))
    (run / "adapter" / "training_args.bin").write_bytes(f"hub_token {TOKEN} {run}".encode())


@pytest.fixture
def run(near_hub, tmp_path, monkeypatch, capsys):
    """A run in a user's own folder: predicted, scored and pushed, base model, dataset and predictions with it."""
    folder = tmp_path / "home" / USER / "run"
    dataset = open_dataset(make_dataset(folder / "data", 12, 20))
    train(folder, dataset)

    def script(name, *args) -> str:
        status, out, err = run_in(ROOT, monkeypatch, capsys, name, *args)
        assert status == 0, err
        return out

    shared = ["--dataset_name", folder / "data"]
    language_model = ["--model_name_or_path", folder / "model", "--adapter", folder / "adapter"]
    predictions = folder / "predictions"
    script(
        "predict.py", "recipes/quickstart/sft.yaml", *shared, *language_model, "--output", predictions / "sft.parquet"
    )
    settings = {"hub_token": TOKEN, "source": str(folder / "log.csv")}
    write(predictions, dataset, "svd", 1.0, settings=settings, command=f"python {folder}/fit.py --token {TOKEN}")
    script(
        "score.py", *shared, "--predictions", predictions, "--scores_dir", folder, "--adapter", folder / "adapter",
        "--resamples", 5,
    )  # fmt: skip
    script("push.py", folder / "model", "org/Tiny")
    script("push.py", folder / "data", "org/made")
    script("push.py", folder / "adapter", "org/its-own-name", "--base_model", "org/Tiny", "--dataset", "org/made")
    script("push.py", predictions, "org/predictions")
    return folder


FRESH = """
import sys
import torch
from peft import AutoPeftModelForCausalLM, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokens = torch.arange(8)[None]
there = AutoPeftModelForCausalLM.from_pretrained("org/its-own-name").eval()
here = AutoModelForCausalLM.from_pretrained(sys.argv[1] + "/model")
here = PeftModel.from_pretrained(here, sys.argv[1] + "/adapter").eval()
assert torch.equal(there(tokens).logits, here(tokens).logits)
tokenizer = AutoTokenizer.from_pretrained("org/its-own-name")
assert tokenizer.get_vocab() == AutoTokenizer.from_pretrained("org/Tiny").get_vocab()

from tastetune.language_models.probabilities import yes_probabilities

stranger = {}
exec(sys.argv[2], stranger)
expected = yes_probabilities(here, tokenizer, [stranger["prompt"]], 4000).shares[0, 1]
assert abs(stranger["p_yes"] - expected) < 1e-6, (stranger["p_yes"], expected)
"""


def test_a_whole_run_gives_nothing_away_and_comes_back_whole(near_hub, run, hub, tmp_path):
    everything = {
        f"{repo_id}/{name}": content
        for kind, repo_id in near_hub.repositories
        for name, content in near_hub.files(kind, repo_id).items()
    }
    assert scanned(everything, USER) == []

    # What goes with an adapter
    files = near_hub.files("model", "org/its-own-name")
    for name in ("adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "run.json", "cost.json", ROWS):
        assert name in files, name
    for name in ("README.md", "scores.json", "leaderboard.png", "roc.png", ".eval_results/tastetune.yaml"):
        assert name in files, name
    assert "predictions/sft/test.parquet" in files
    assert sum(bool(re.fullmatch(r"eval/.*_samples\.jsonl", name)) for name in files) == 1
    assert not [name for name in files if name.endswith((".bin", ".pt", ".pth", ".pkl"))]

    # Its cards, as huggingface_hub reads them
    card = ModelCard(files["README.md"].decode())
    scores = json.loads(files["scores.json"])
    (own,) = (model for model in scores["models"] if model["model"] == "sft")
    by_metric = {result.metric_type: result.metric_value for result in card.data.eval_results}
    assert by_metric["roc_auc"] == own["metrics"]["roc_auc"]["value"]
    assert (card.data.base_model, card.data.library_name, card.data.model_name) == ("org/Tiny", "peft", "its-own-name")
    assert card.text.lstrip().startswith("# its-own-name\n")
    predictions = DatasetCard(near_hub.files("dataset", "org/predictions")["README.md"].decode())
    assert [config["config_name"] for config in predictions.data.configs] == ["sft", "svd"]

    # In a fresh folder, with an empty cache
    where = {"HF_ENDPOINT": near_hub.url, "HF_HUB_DISABLE_TELEMETRY": None}
    (code,) = re.findall(r"```python\n(.*?)```", card.text, flags=re.DOTALL)
    done = hub.run("-c", FRESH, run, code, **where)
    assert done.returncode == 0, done.stderr
    near_hub.agents.clear()
    flags = ["--dataset_name", "org/made", "--model_name_or_path", "org/Tiny", "--adapter", "org/its-own-name"]
    output = tmp_path / "fresh" / "sft.parquet"
    done = hub.run("scripts/predict.py", "recipes/quickstart/sft.yaml", *flags, "--output", output, **where)
    assert done.returncode == 0, done.stderr
    assert read_predictions(output).table.equals(read_predictions(run / "predictions" / "sft.parquet").table)
    assert not [path for _, path in near_hub.requests if path.endswith(".bin")]
    assert near_hub.agents
    assert not {agent for agent in near_hub.agents if "torch/" in agent}, "what is installed here is nobody's business"


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        (TOKEN, "token"),
        ("/home/jane.doe/run", "absolute path"),
        ("/tmp/run", "absolute path"),
        ("C:\\Users\\jane", "absolute path of Windows"),
        ("trained by jane.doe", "name of the user"),
    ],
)
def test_the_scan_finds_what_is_planted(planted, kind):
    column, metadata = io.BytesIO(), io.BytesIO()
    pq.write_table(pa.table({"text": ["a row", planted]}), column)
    pq.write_table(pa.table({"n": [1]}).replace_schema_metadata({"tastetune": planted}), metadata)
    weights = b"\x08\x00\x00\x00" + json.dumps({"__metadata__": {"from": planted}}, ensure_ascii=False).encode()
    files = {"README.md": f"see {planted}.".encode(), "a.parquet": column.getvalue()}
    files |= {"b.parquet": metadata.getvalue(), "model.safetensors": weights.replace(b"\\\\", b"\\")}
    found = scanned(files, USER)
    for name in files:
        assert any(line.startswith(f"{name}: {kind}") for line in found), name
    assert scanned({"README.md": b"https://example.org/tmp/x, ./tmp/x, outputs/data/x and a root of 2"}, USER) == []
