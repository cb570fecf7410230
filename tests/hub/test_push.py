"""Round trips through a stand-in for the Hub, each in processes of its own as a user would run them."""

import json
from pathlib import Path

import pytest
from hub_server import Repository
from huggingface_hub import ModelCard
from made import make_dataset

from tastetune.artifacts.dataset import open_dataset
from tastetune.errors import InputError
from tastetune.hub.plan import plan_push
from tastetune.hub.screening import files_to_push, guess_type

CONFIGS = {
    "interactions": ("train", "validation", "test"),
    "items": ("train",),
    "like_dislike": ("train", "validation", "test", "test_sample"),
}
TOKEN = "hf_" + "x" * 34
"""Shaped like a token, put together here so that no scanner takes this file for a leak."""


@pytest.fixture
def dataset(tmp_path) -> Path:
    folder = make_dataset(tmp_path / "made", n_users=12)
    card = ["---", "configs:"]
    for config, splits in CONFIGS.items():
        card += [f"- config_name: {config}", "  data_files:"]
        card += [f"  - {{split: {split}, path: {config}/{split}.parquet}}" for split in splits]
    (folder / "README.md").write_text("\n".join([*card, "---", "", "# A made dataset", ""]))
    return folder


@pytest.fixture
def adapter(tmp_path) -> Path:
    """A folder as training leaves it; its weights need not be real to be pushed."""
    folder = tmp_path / "adapter"
    for name in ("adapter_model.safetensors", "training_args.bin", "checkpoint-100/adapter_model.safetensors"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"weights")
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "org/base"}')
    (folder / "README.md").write_text("---\nlibrary_name: peft\nbase_model: org/base\n---\n\n# An adapter\n")
    return folder


@pytest.fixture
def base(hub) -> str:
    """The Hub id of a base model that is there."""
    hub.repositories["model", "org/base"] = Repository(private=False)
    hub.repositories["model", "org/base"].commit("main", {})
    return "org/base"


def push(hub, *args, **environment) -> str:
    """Push by the script; the commit it says to pin."""
    done = hub.run("scripts/push.py", *args, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def refusal(hub, *args, **environment) -> str:
    """The one line that the script refuses with."""
    done = hub.run("scripts/push.py", *args, **environment)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


LOAD = """
import json, sys
import pyarrow.parquet as pq
from datasets import load_dataset
from tastetune.artifacts.dataset import open_dataset

folder, commit = sys.argv[1:]
for split in ("train", "validation", "test", "test_sample"):
    rows = pq.read_table(f"{folder}/like_dislike/{split}.parquet").to_pylist()
    assert load_dataset("org/made", "like_dislike", split=split, revision=commit).to_list() == rows
    assert list(load_dataset("org/made", "like_dislike", split=split, revision="main", streaming=True)) == rows
    assert open_dataset("org/made", commit).read("like_dislike", split).to_pylist() == rows
    assert open_dataset("org/made").read("like_dislike", split).to_pylist() == rows
opened = open_dataset("org/made", revision=commit)
assert opened.info == json.load(open(f"{folder}/tastetune.json"))
print(opened.source, opened.fingerprint)
"""


def test_a_pushed_dataset_has_the_rows_of_its_folder_however_it_is_loaded(hub, dataset):
    commit = push(hub, dataset, "org/made")
    assert hub.repositories["dataset", "org/made"].private
    assert len(hub.repositories["dataset", "org/made"].commits) == 2  # the Hub's own first commit, and the push
    loaded = hub.run("-c", LOAD, dataset, commit)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == ["org/made", open_dataset(dataset).fingerprint]


def test_a_pinned_revision_keeps_its_rows_and_a_stale_file_goes(hub, dataset):
    first = push(hub, dataset, "org/made")
    (dataset / "like_dislike" / "test_sample.parquet").unlink()
    second = push(hub, dataset, "org/made")
    assert "like_dislike/test_sample.parquet" in hub.files("dataset", "org/made", first)
    assert "like_dislike/test_sample.parquet" not in hub.files("dataset", "org/made", second)


def test_a_branch_is_made_and_main_stays(hub, dataset):
    push(hub, dataset, "org/made")
    (dataset / "notes.md").write_text("a branch of its own")
    push(hub, dataset, "made-by-me", "--public")
    push(hub, dataset, "org/made", "--revision", "timeline", "--message", "Cut in time")
    assert "notes.md" in hub.files("dataset", "org/made", "timeline")
    assert "notes.md" not in hub.files("dataset", "org/made", "main")
    assert not hub.repositories["dataset", "me/made-by-me"].private


OPEN = """
import sys
from tastetune.artifacts.dataset import open_dataset
from tastetune.errors import run
run(lambda: print(open_dataset(*sys.argv[1:]).name))
"""


def opening(hub, *args, **environment) -> str:
    """The one line that opening a dataset is refused with."""
    done = hub.run("-c", OPEN, *args, HF_HUB_DISABLE_PROGRESS_BARS="1", **environment)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    return done.stderr


def test_what_cannot_be_opened_says_why_and_what_to_do(hub, dataset):
    push(hub, dataset, "org/made")
    assert "no such branch, tag or commit" in opening(hub, "org/made", "v9")
    assert "no such branch, tag or commit" in opening(hub, "org/made", "0" * 40)
    assert "check the id" in opening(hub, "org/nothing")
    assert "hf auth login" in opening(hub, "org/made", HF_TOKEN=None)
    assert "does not know the token" in opening(hub, "org/made", HF_TOKEN="expired")
    assert "no Hub id" in opening(hub, "outputs/no/such/folder")
    hub.repositories["dataset", "org/made"].gated = True
    assert "ask for access" in opening(hub, "org/made")
    hub.stop()
    assert "is out of reach" in opening(hub, "org/other", HF_HOME=str(dataset / "empty"))
    assert "HF_HUB_OFFLINE" in opening(hub, "org/other", HF_HUB_OFFLINE="1")


def test_a_dataset_in_the_cache_opens_without_the_hub(hub, dataset):
    commit = push(hub, dataset, "org/made")
    assert hub.run("-c", OPEN, "org/made", commit).stdout == "made\n"
    hub.stop()
    assert hub.run("-c", OPEN, "org/made", commit).stdout == "made\n"


def test_pushing_is_refused_with_a_remedy(hub, dataset, adapter, base):
    assert "not logged in" in refusal(hub, dataset, "org/made", HF_TOKEN=None)
    assert "does not know the token" in refusal(hub, dataset, "org/made", HF_TOKEN="expired")
    assert "write access" in refusal(hub, dataset, "org/made", HF_TOKEN="read-only")
    assert "write access" in refusal(hub, dataset, "somebody/made")
    assert "no Hub id" in refusal(hub, dataset, "org/made/twice")
    assert list(hub.repositories) == [("model", base)]
    push(hub, dataset, "org/made")
    assert "is a dataset on the Hub already" in refusal(hub, adapter, "org/made")
    assert "is private on the Hub" in refusal(hub, dataset, "org/made", "--public")
    push(hub, dataset, "org/open", "--public")
    assert "push with --public" in refusal(hub, dataset, "org/open")
    assert "HF_HUB_OFFLINE" in refusal(hub, dataset, "org/made", HF_HUB_OFFLINE="1")
    hub.stop()
    assert "is out of reach" in refusal(hub, dataset, "org/made")


def test_the_card_is_checked_by_the_hub_as_well(hub, adapter, base):
    (adapter / "README.md").write_text("---\nlibrary_name: peft\nbase_model: /srv/llama\n---\n")
    assert "Invalid metadata in README.md" in refusal(hub, adapter, "org/adapter")


CLAUSE = "The user may not redistribute the data without separate permission."


def bind(dataset: Path) -> None:
    """Put a dataset under a licence that forbids redistribution."""
    info = json.loads((dataset / "tastetune.json").read_text())
    info["settings"] |= {"redistribution": False, "clause": CLAUSE}
    (dataset / "tastetune.json").write_text(json.dumps(info))


def test_a_permission_lets_ratings_go_public_and_stands_on_the_card(hub, dataset):
    bind(dataset)
    before = (dataset / "README.md").read_text()
    push(hub, dataset, "org/made", "--public", "--i_have_permission", "GroupLens, letter of 3 May")
    assert not hub.repositories["dataset", "org/made"].private
    card = hub.files("dataset", "org/made")["README.md"].decode()
    assert "# A made dataset\n\n**Shared with permission.**" in card
    assert "which was given by GroupLens, letter of 3 May." in card
    assert (dataset / "README.md").read_text() == before


def test_a_permission_that_is_not_needed_is_refused(dataset):
    for private in (True, False):  # the made dataset may be shared
        with pytest.raises(InputError, match="--i_have_permission is for a public push of rows whose licence"):
            files_to_push(dataset, "dataset", private=private, permission="GroupLens")
    bind(dataset)
    with pytest.raises(InputError, match="--i_have_permission is for a public push"):
        files_to_push(dataset, "dataset", permission="GroupLens")


def test_the_hub_is_told_nothing_of_this_machine(hub, dataset):
    """Beside its own name the client would tell versions of torch and other libraries."""
    push(hub, dataset, "org/made", HF_HUB_DISABLE_TELEMETRY=None)
    assert hub.agents
    assert not {agent for agent in hub.agents if "torch" in agent or "agent/" in agent}


def test_ratings_under_a_licence_stay_private(hub, dataset):
    bind(dataset)
    assert f'forbids redistribution: "{CLAUSE}"' in refusal(hub, dataset, "org/made", "--public")
    assert not hub.requests
    push(hub, dataset, "org/made")
    assert hub.repositories["dataset", "org/made"].private


ADAPTER = """
import sys
from pathlib import Path
import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from tastetune.hub.plan import plan_push
from tastetune.hub.push import push_folder

folder = Path(sys.argv[1])
torch.manual_seed(0)
sizes = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
base = LlamaForCausalLM(LlamaConfig(vocab_size=32, **sizes))
base.save_pretrained(folder / "base")
(folder / "base" / "README.md").write_text("---\\nlibrary_name: transformers\\n---\\n")
push_folder(folder / "base", "org/base")

lora = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
tuned = get_peft_model(base, lora)
tuned.peft_config["default"].base_model_name_or_path = "org/base"
tuned.save_pretrained(folder / "adapter")
(folder / "adapter" / "README.md").write_text("---\\nlibrary_name: peft\\nbase_model: org/base\\n---\\n")
torch.save({"hub_token": "secret"}, folder / "adapter" / "training_args.bin")
commit = push_folder(folder / "adapter", "org/adapter", message="An adapter").rpartition("/")[2]

tokens = torch.arange(8)[None]
expected = tuned.eval()(tokens).logits
whole = AutoPeftModelForCausalLM.from_pretrained("org/adapter", revision=commit).eval()
fresh = AutoModelForCausalLM.from_pretrained("org/base")
before = fresh.eval()(tokens).logits
loaded = PeftModel.from_pretrained(fresh, "org/adapter", revision=commit).eval()
assert torch.equal(whole(tokens).logits, expected)
assert torch.equal(loaded(tokens).logits, expected)
assert not torch.allclose(before, expected)
"""


def test_a_pushed_adapter_gives_the_logits_of_the_one_in_memory(hub, tmp_path):
    done = hub.run("-c", ADAPTER, tmp_path)
    assert done.returncode == 0, done.stderr
    files = hub.files("model", "org/adapter")
    assert sorted(files) == ["README.md", "adapter_config.json", "adapter_model.safetensors"]
    assert not any(b"secret" in content for content in files.values())


def test_training_states_never_leave(adapter):
    """Only checkpoints can be asked for, and their states stay here even then."""
    for name in ("optimizer.pt", "scheduler.pt", "rng_state_0.pth", "training_args.bin", "trainer_state.json"):
        (adapter / "checkpoint-100" / name).write_bytes(b"state")
    for name in (".cache/x", "runs/host/events.out.tfevents.1", ".README.md.building-x/README.md", "notes.tmp"):
        (adapter / name).parent.mkdir(parents=True, exist_ok=True)
        (adapter / name).write_bytes(b"scratch")
    usual = ["README.md", "adapter_config.json", "adapter_model.safetensors"]
    files, left_out = files_to_push(adapter)
    assert files == usual
    assert len(left_out) == 11  # training_args.bin, six files of the checkpoint, four of scratch
    assert files_to_push(adapter, checkpoints=True)[0] == [*usual, "checkpoint-100/adapter_model.safetensors"]
    assert files_to_push(adapter, ignore=["*.safetensors"])[0] == usual[:2]


def test_a_folder_whose_writing_was_cut_off_is_refused(adapter):
    (adapter / ".README.md.unfinished").touch()
    with pytest.raises(InputError, match=r"adapter/README\.md: its writing was cut off, .*; run again what wrote it"):
        files_to_push(adapter)


def test_a_dry_run_asks_the_hub_nothing(hub, adapter):
    done = hub.run("scripts/push.py", adapter, "org/adapter", "--dry_run", HF_TOKEN=None)
    assert done.returncode == 0
    shown = [(line.split()[0], line.split()[-1]) for line in done.stdout.splitlines()]
    assert ("goes", "adapter_model.safetensors") in shown
    assert ("stays", "training_args.bin") in shown
    assert not hub.requests


@pytest.mark.parametrize("name", ["README.md", "adapter_model.safetensors", "notes.txt"])
def test_a_token_in_any_file_is_refused(adapter, name):
    with (adapter / name).open("ab") as file:
        file.write(b"\x00" * 10_000 + TOKEN.encode() + b"\x00")
    with pytest.raises(InputError, match=rf"{name}: holds what looks like a Hub token"):
        files_to_push(adapter)


def test_a_word_that_begins_like_a_token_is_none(adapter):
    (adapter / "notes.txt").write_text("hf_hub_download, hf_a_name_of_words_however_long_it_is and hf_" + "x" * 10)
    (adapter / "empty.txt").touch()
    assert "notes.txt" in files_to_push(adapter)[0]


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (None, "no card"),
        ("# Only words\n", "no metadata"),
        ("---\nlibrary_name: [peft\n---\n", "is invalid"),
        ("---\n- peft\n---\n", "is invalid"),
        ("---\nmodel-index: 3\n---\n", "is invalid"),
    ],
)
def test_a_card_must_be_there_and_valid(adapter, card, message):
    (adapter / "README.md").unlink()
    if card is not None:
        (adapter / "README.md").write_text(card)
    with pytest.raises(InputError, match=message):
        files_to_push(adapter)


@pytest.mark.parametrize("name", ["run.json", "cost.json", "scores.json"])
def test_a_record_that_was_cut_is_refused(adapter, name):
    (adapter / name).write_text('{"steps": ')
    with pytest.raises(InputError, match=rf"{name}: not a whole JSON file .* anew"):
        plan_push(adapter, "org/adapter")


def test_an_id_with_a_backslash_is_written_as_it_is(adapter):
    r"""`\d` is no pattern here; the Hub, when it is asked, has no such id."""
    index = ["model-index:", "- name: adapter", "  results: []"]
    (adapter / "README.md").write_text("\n".join(["---", "license: mit", *index, "---", "", "# adapter", ""]))
    card = plan_push(adapter, r"org\data").card
    assert "- name: org\\data\n" in card
    assert card.endswith("# org\\data\n")


@pytest.mark.parametrize("base", ["/srv/llama", "outputs/quickstart/base", "../base", None])
def test_an_adapter_of_a_local_base_is_refused(adapter, base):
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    with pytest.raises(InputError, match="push the base model first"):
        files_to_push(adapter)


def names_base(folder: Path, base: str) -> None:
    """Have an adapter and its card name this base model, as training on it leaves them."""
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base, "r": 4}))
    tags = f"tags: [lora, base_model:adapter:{base}]"
    (folder / "README.md").write_text(f"---\nbase_model: {base}\n{tags}\n---\n\nAn adapter for `{base}`.\n")


def test_a_base_that_looks_like_an_id_and_is_a_folder_elsewhere_is_refused(hub, adapter):
    """`models/llama` is relative to where training ran: here no folder of that name lies, and the Hub knows none."""
    names_base(adapter, "models/llama")
    refused = refusal(hub, adapter, "org/adapter")
    assert "base model 'models/llama': the Hub shows no such model, so it is a folder of the machine" in refused
    assert "with --base_model ORG/NAME" in refused
    assert not hub.repositories


@pytest.mark.parametrize("local", ["models/llama", "/srv/llama"])
def test_another_base_model_is_named_in_what_is_sent_and_the_folder_stays(hub, adapter, base, local):
    names_base(adapter, local)
    names_base(adapter / "checkpoint-100", local)
    before = {path: path.read_bytes() for path in adapter.rglob("*") if path.is_file()}
    push(hub, adapter, "org/adapter", "--base_model", base, "--checkpoints")
    assert {path: path.read_bytes() for path in adapter.rglob("*") if path.is_file()} == before
    files = hub.files("model", "org/adapter")
    for place in ("", "checkpoint-100/"):
        assert json.loads(files[f"{place}adapter_config.json"]) == {"base_model_name_or_path": base, "r": 4}
        card = ModelCard(files[f"{place}README.md"].decode())
        assert (card.data.base_model, card.data.tags) == (base, ["lora", f"base_model:adapter:{base}"])
        assert card.text.strip() == f"An adapter for `{base}`."
    assert not any(local.encode() in content for content in files.values())


def test_the_other_base_model_must_be_there_and_the_folder_an_adapter(hub, adapter, dataset):
    names_base(adapter, "/srv/llama")
    assert "base model 'org/nothing': the Hub shows no such" in refusal(
        hub, adapter, "org/adapter", "--base_model", "org/nothing"
    )
    assert "no Hub id" in refusal(hub, adapter, "org/adapter", "--base_model", "../base")
    assert "no adapter_config.json lies in" in refusal(hub, dataset, "org/made", "--base_model", "org/base")
    assert not hub.repositories


def test_the_type_is_guessed_from_the_files(tmp_path, dataset, adapter):
    assert (guess_type(dataset), guess_type(adapter)) == ("dataset", "model")
    with pytest.raises(InputError, match="holds a dataset, not a model"):
        files_to_push(dataset, "model")
    with pytest.raises(InputError, match="no such folder"):
        files_to_push(tmp_path / "nothing")
    with pytest.raises(InputError, match="neither a dataset"):
        guess_type(tmp_path)
