"""An adapter is merged into one model folder that answers as it does, and that is measured on rows."""

import contextlib
import io
import json
import resource
import shutil

import numpy as np
import pyarrow as pa
import pytest
import torch
from made import make_dataset
from made_model import make_adapter, make_tiny_model
from peft import PeftModel
from stages import script
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import ModelConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import read_record
from tastetune.errors import InputError
from tastetune.language_models.gguf.exporting import export_gguf
from tastetune.language_models.gguf.importing import import_gguf
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.merging.comparison import difference
from tastetune.language_models.merging.in_memory import merged_in_memory
from tastetune.language_models.merging.merge import merge
from tastetune.language_models.merging.output_layer import pad_output_layer
from tastetune.language_models.merging.source import merge_source
from tastetune.language_models.probabilities import yes_probabilities
from tastetune.tasks import task_of

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A run's folder: a dataset, a base model and an adapter of it."""
    folder = tmp_path_factory.mktemp("run")
    make_dataset(folder / "data", 30, 40, 0)
    make_tiny_model(folder / "model")
    make_adapter(folder / "adapter", folder / "model", folder / "data")
    return folder


@pytest.fixture(scope="module")
def merged(home):
    """The merged model's folder and what the script said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        script("scripts/merge.py", home / "adapter", home / "merged", "--gguf")
    return home / "merged", said.getvalue()


def prompts(home):
    return open_dataset(home / "data").read("like_dislike", "test")["prompt"].to_pylist()[:20]


def likes(model, folder, texts):
    """P(Yes) of each prompt."""
    return yes_probabilities(model.eval(), AutoTokenizer.from_pretrained(folder), texts, 4000).shares[:, 1]


def test_the_merged_model_answers_as_peft_does_with_the_adapter(home, merged):
    base = AutoModelForCausalLM.from_pretrained(home / "model")
    before = likes(base, home / "model", prompts(home))
    adapted = likes(PeftModel.from_pretrained(base, home / "adapter"), home / "adapter", prompts(home))
    ours = likes(AutoModelForCausalLM.from_pretrained(merged[0]), merged[0], prompts(home))
    assert np.abs(before - adapted).max() > 1e-3
    assert np.allclose(ours, adapted, rtol=0, atol=1e-5)


def test_how_far_the_answers_lie_apart_is_said_recorded_and_on_the_card(merged):
    folder, said = merged
    record = json.loads((folder / "config.json").read_text())["merged_from"]
    compared = record["compared"]
    assert 0 <= compared["value"] < 1e-5
    assert (compared["measure"], compared["rows"]) == ("largest difference in P(Yes)", min(200, rows_of(folder.parent)))
    assert f"largest difference in P(Yes): {compared['value']:.2g}" in said
    assert "not the same model" not in said
    card = (folder / "README.md").read_text()
    assert f"**Largest difference in P(Yes): {compared['value']:.2g}.**" in card
    assert "not the same model" not in card
    assert str(folder.parent) not in card.replace(record["base_model"], "")


def rows_of(home):
    return len(open_dataset(home / "data").read("like_dislike", "test"))


def test_the_merged_model_remembers_the_rows_that_the_adapter_was_trained_on(home, merged):
    ours, its = read_record(merged[0]), read_record(home / "adapter")
    assert ours.is_fine_tuned
    assert ours.cost == its.cost
    assert ours.rows.tolist() == its.rows.tolist()
    assert ours.splits(its.settings["fingerprint"]) == ["train"]


def test_the_gguf_file_holds_the_same_model(home, merged, tmp_path):
    path = merged[0] / "merged-F32.gguf"
    assert f"gguf: {path}" in merged[1]
    import_gguf(path, tmp_path / "model")
    ours = likes(AutoModelForCausalLM.from_pretrained(tmp_path / "model"), tmp_path / "model", prompts(home))
    theirs = likes(AutoModelForCausalLM.from_pretrained(merged[0]), merged[0], prompts(home))
    assert np.allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("dtype", "kind"), [("float16", "F16"), ("bfloat16", "BF16")])
def test_a_gguf_file_has_the_type_of_the_folders_weights(home, tmp_path, dtype, kind):
    model = AutoModelForCausalLM.from_pretrained(home / "model", dtype=getattr(torch, dtype))
    model.save_pretrained(tmp_path / "films")
    AutoTokenizer.from_pretrained(home / "model").save_pretrained(tmp_path / "films")
    assert export_gguf(tmp_path / "films") == tmp_path / "films" / f"films-{kind}.gguf"


def test_an_adapter_of_a_quantised_base_is_merged_into_the_full_weights_and_that_is_said(home, tmp_path):
    adapter = make_adapter(
        tmp_path / "adapter", home / "model", home / "data", load_in_4bit=True, bnb_4bit_quant_type="nf4"
    )
    merged = merge(merge_source(str(adapter), dataset=str(home / "data")), tmp_path / "merged")
    assert merged.record["compared"]["value"] > 1e-5, "four bits lose something"
    assert "the adapter's own base has 4 bits, so this is not the same model" in merged.says
    assert "so this is not the same model" in (tmp_path / "merged" / "README.md").read_text()
    whole = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert not hasattr(whole.config, "quantization_config")


def test_an_adapter_with_item_tokens_becomes_a_model_whose_two_layers_are_of_one_size(home, tmp_path):
    items = sorted(set(open_dataset(home / "data").read("interactions", "train")["item_id"].to_pylist()))
    settings = {"dataset_config": "stream", "stream_window": 9, "stream_min_past": 3}
    adapter = make_adapter(tmp_path / "adapter", home / "model", home / "data", items, **settings)
    merged = merge(merge_source(str(adapter), dataset=str(home / "data")), tmp_path / "merged")
    assert merged.record["compared"]["value"] < 1e-5
    whole, tokenizer = (kind.from_pretrained(tmp_path / "merged") for kind in (AutoModelForCausalLM, AutoTokenizer))
    vocabulary = len(AutoTokenizer.from_pretrained(home / "model"))
    assert len(tokenizer) == whole.config.vocab_size == vocabulary + len(items)
    assert whole.get_input_embeddings().weight.shape == whole.get_output_embeddings().weight.shape
    ids = torch.tensor([tokenizer("Films that were liked:")["input_ids"]])
    probabilities = whole(ids).logits[0, -1].softmax(-1)
    assert probabilities[vocabulary:].max() <= 1 / vocabulary, "an item's token is read and never written"
    export_gguf(tmp_path / "merged")


def test_each_padded_row_of_the_output_layer_is_the_mean_of_the_others():
    """Output rows (1, 0), (3, 0), (2, 6): their mean is (2, 2)."""
    model = torch.nn.Module()
    model.config = type("Config", (), {"vocab_size": 3})()
    inputs, outputs = torch.nn.Embedding(5, 2), torch.nn.Linear(2, 3, bias=False)
    outputs.weight = torch.nn.Parameter(torch.tensor([[1.0, 0.0], [3.0, 0.0], [2.0, 6.0]]))
    model.get_input_embeddings, model.get_output_embeddings = lambda: inputs, lambda: outputs
    pad_output_layer(model)
    assert outputs.weight.tolist() == [[1, 0], [3, 0], [2, 6], [2, 2], [2, 2]]
    assert (outputs.out_features, model.config.vocab_size) == (5, 5)


def test_of_lists_the_share_that_differ_counts(home):
    """Two of three lists are alike; the second names another item."""
    rows = task_of(open_dataset(home / "data")).rows(open_dataset(home / "data"), "test").at(np.arange(3))
    lines = [{"example_id": f"u{user}", "rank": 1, "item_id": f"i{user}", "answer": None} for user in range(3)]
    other = [lines[0], lines[1] | {"item_id": "i9"}, lines[2]]
    apart = difference(rows, pa.Table.from_pylist(lines), pa.Table.from_pylist(other))
    assert (apart.measure, apart.value) == ("share of lists that differ", pytest.approx(1 / 3))


def source(home, adapter="adapter", **named):
    return merge_source(str(home / adapter), **named)


def test_what_is_there_is_kept_and_nothing_else_is_replaced(home, merged, tmp_path):
    folder = shutil.copytree(merged[0], tmp_path / "merged")
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert merge(source(home), folder).was_there
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    with pytest.raises(InputError, match=r"holds another merged model, .*or say --force"):
        merge(source(home), folder, "bfloat16")
    config = json.loads((folder / "config.json").read_text())
    del config["merged_from"]["compared"]["value"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="holds another merged model"):
        merge(source(home), folder)
    (folder / "thesis.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(InputError, match=r"holds thesis\.txt beside a merged model, which would be lost"):
            merge(source(home), folder, "bfloat16", force=force)
        with pytest.raises(InputError, match="holds something else than a merged model"):
            merge(source(home), home / "model", force=force)
    assert (folder / "thesis.txt").read_text() == "mine"


def test_what_cannot_be_merged_says_why(home, tmp_path):
    with pytest.raises(InputError, match=r"no adapter_config\.json inside"):
        source(home, "data")
    with pytest.raises(InputError, match="name it with --dataset_name"):
        merge_source(str(shutil.copytree(home / "adapter", tmp_path / "alone" / "adapter")))
    with pytest.raises(InputError, match=r"gone' could not be loaded.*--model_name_or_path"):
        merge(source(home, base=str(tmp_path / "gone")), tmp_path / "out")
    other = make_tiny_model(tmp_path / "other", seed=5)
    with pytest.raises(InputError, match="was trained on a base model with other weights than these"):
        merge(source(home, base=str(other)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_a_llama_is_written_as_gguf(home, tmp_path):
    folder = shutil.copytree(home / "model", tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "mistral"}))
    with pytest.raises(InputError, match="architecture is mistral, expected llama; leave --gguf away"):
        export_gguf(folder)
    assert not list(folder.glob("*.gguf"))


def test_a_full_disk_leaves_nothing(home, tmp_path):
    """The weights take 64 x 600 numbers and those of the layer, more than 200 kB in float32."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(InputError, match=r"merged: could not be written \(.*; make room, or name another place"):
            merge(source(home), tmp_path / "merged")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("items", [None, [f"i{n}" for n in range(40)]])
def test_merged_in_memory_it_answers_as_behind_the_quantised_base(home, tmp_path, items):
    """In 4 bits the base answers otherwise than plain, and so does what is merged into it; with item tokens too."""
    adapter = make_adapter(tmp_path / "adapter", home / "model", home / "data", items)
    texts = [f"<|item:i{n}|>: {prompt}" for n, prompt in enumerate(prompts(home)[:3])]
    by_bits = []
    for four in (False, True):
        recipe = ModelConfig(str(home / "model"), dtype="float32", load_in_4bit=four)
        merged = merged_in_memory(LanguageModel.load(recipe), str(adapter))
        with LanguageModel.load(recipe).behind(str(adapter)) as answering:
            behind = next_tokens(answering, texts)
        assert not merged.model.config.to_dict().get("quantization_config")
        np.testing.assert_allclose(next_tokens(merged, texts), behind, rtol=0, atol=1e-4)
        by_bits.append(behind)
    assert np.abs(by_bits[1] - by_bits[0]).max() > 1e-2


def next_tokens(model, texts):
    """The logits behind each text, (texts, tokens)."""
    with torch.inference_mode():
        ids = [model.tokenizer(text, return_tensors="pt")["input_ids"] for text in texts]
        return np.array([model.model(input_ids=row).logits[0, -1].numpy() for row in ids])
