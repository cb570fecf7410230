"""A model made from a Llama goes with what its licence asks for, and one that only looks like a Llama does not."""

import json
from pathlib import Path

import pytest
from hub_server import Repository
from huggingface_hub import ModelCard

from tastetune.errors import InputError
from tastetune.hub.llama import llama_of, llama_version, notice
from tastetune.hub.plan import plan_push

BASE = "meta-llama/Llama-3.2-1B"
TERMS = "LLAMA 3.2 COMMUNITY LICENSE AGREEMENT, in a few words"


def model(folder: Path, licence: str | None = None, **config) -> Path:
    """A folder that says what it is, without weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    if licence:
        (folder / "README.md").write_text(f"---\nlicense: {licence}\n---\n\n# A model\n")
    return folder


def adapter(folder: Path, base: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    (folder / "README.md").write_text(f"---\nlibrary_name: peft\nbase_model: {base}\n---\n\n# My adapter\n\nText.\n")
    return folder


@pytest.mark.parametrize(
    ("name", "version"),
    [
        (BASE, "3.2"),
        ("models/llama-3.2-1b-instruct", "3.2"),
        ("NousResearch/Meta-Llama-3-8B", "3"),
        ("unsloth/Llama-3.1-8B-Instruct-bnb-4bit", "3.1"),
        ("meta-llama/Llama-4-Scout-17B-16E", "4"),
        ("HuggingFaceTB/SmolLM2-135M-Instruct", None),
        ("TinyLlama/TinyLlama-1.1B-Chat-v1.0", None),
        ("openlm-research/open_llama_3b_v2", None),
        ("outputs/quickstart/model", None),
        ("meta-llama/Llama-3.2-1B/elsewhere", None),
        (None, None),
    ],
)
def test_a_llama_is_told_by_its_name_and_never_by_its_architecture(name, version):
    assert llama_version(name) == version


def test_a_licence_that_a_card_states_outweighs_the_name(tmp_path):
    here = tmp_path / "adapter"
    here.mkdir()
    renamed = str(model(tmp_path / "base", "llama3.2", model_type="llama"))
    free = str(model(tmp_path / "Llama-3.2-1B", "apache-2.0", model_type="llama"))
    assert llama_of(here, [renamed]) == "3.2"
    assert llama_of(here, [free]) is None
    assert llama_of(here, ["org/tuned"], licence="llama3.1") == "3.1"
    assert llama_of(here, [BASE], licence="apache-2.0") is None
    assert llama_of(here, [BASE], licence="other") == "3.2"


def test_a_stand_in_and_another_architecture_are_no_llama_whatever_their_folder_is_called(tmp_path):
    here = tmp_path / "adapter"
    stand_in = str(model(tmp_path / "a" / "llama-3.2-1b", model_type="llama", stand_in=True))
    other = str(model(tmp_path / "b" / "llama-3.2-1b", model_type="gpt2"))
    unknown = str(model(tmp_path / "c" / "llama-3.2-1b", model_type="llama"))
    assert [llama_of(here, [base]) for base in (stand_in, other, unknown)] == [None, None, "3.2"]


def test_what_the_licence_asks_for_goes_along_and_the_folder_stays(tmp_path):
    folder = adapter(tmp_path / "adapter", BASE)
    (folder / "LICENSE").write_text(TERMS)
    before = (folder / "README.md").read_text()
    plan = plan_push(folder, "org/Llama-films")
    assert sorted(plan.contents) == ["LICENSE", "NOTICE", "README.md", "adapter_config.json"]
    assert plan.contents["NOTICE"].decode() == (
        "Llama 3.2 is licensed under the Llama 3.2 Community License, Copyright © Meta Platforms, Inc. "
        "All Rights Reserved.\n"
    )
    card = ModelCard(plan.contents["README.md"].decode())
    assert card.text.strip() == "# My adapter\n\n**Built with Llama**\n\nText."
    assert (folder / "README.md").read_text() == before
    assert notice("3").startswith("Meta Llama 3 is licensed under the Meta Llama 3 Community License")


def test_a_repository_that_is_called_otherwise_is_refused(tmp_path):
    folder = adapter(tmp_path / "adapter", BASE)
    with pytest.raises(InputError, match=r"'org/films': the base model is Llama 3\.2, .*push to org/Llama-films"):
        plan_push(folder, "org/films")
    adapter(folder, "meta-llama/Meta-Llama-3-8B")
    with pytest.raises(InputError, match="push to org/Llama-3-films"):
        plan_push(folder, "org/films")


def test_a_merged_model_is_known_by_its_record(tmp_path):
    merged = model(tmp_path / "merged", "other", model_type="llama", merged_from={"base_model": BASE})
    with pytest.raises(InputError, match=r"the base model is Llama 3\.2"):
        plan_push(merged, "org/films")
    merged = model(tmp_path / "merged", "other", merged_from={"base_model": "HuggingFaceTB/SmolLM2-135M"})
    assert sorted(plan_push(merged, "org/films").contents) == ["README.md", "config.json"]


def test_a_licence_out_of_the_base_models_folder_goes_along(tmp_path):
    base = model(tmp_path / "llama-3.2-1b", model_type="llama")
    merged = model(tmp_path / "merged", "other", merged_from={"base_model": str(base)})
    with pytest.raises(InputError, match=r"save https://www\.llama\.com/llama3_2/license/ as .*LICENSE"):
        plan_push(merged, "org/Llama-films")
    (base / "LICENSE.txt").write_text(TERMS)
    assert plan_push(merged, "org/Llama-films").contents["LICENSE"] == TERMS.encode()


def test_the_hubs_word_on_the_base_model_is_asked_for(hub, tmp_path):
    """By its name `org/base` is no Llama, by its card it is one."""
    hub.repositories["model", "org/base"] = Repository(private=False)
    card = b"---\nlicense: llama3.2\n---\n"
    hub.repositories["model", "org/base"].commit("main", {"README.md": card})
    folder = adapter(tmp_path / "adapter", "org/base")
    refused = hub.run("scripts/push.py", folder, "org/films")
    assert (refused.returncode, "the base model is Llama 3.2" in refused.stderr) == (1, True), refused.stderr
    refused = hub.run("scripts/push.py", folder, "org/Llama-films")
    assert (refused.returncode, "asks that a copy of it goes along" in refused.stderr) == (1, True), refused.stderr
    assert list(hub.repositories) == [("model", "org/base")]
    hub.repositories["model", "org/base"].commit("main", {"README.md": card, "LICENSE.txt": TERMS.encode()})
    done = hub.run("scripts/push.py", folder, "org/Llama-films", HF_HOME=str(tmp_path / "empty"))
    assert done.returncode == 0, done.stderr
    files = hub.files("model", "org/Llama-films")
    assert files["LICENSE"] == TERMS.encode()
    assert files["NOTICE"].startswith(b"Llama 3.2 is licensed")
    assert b"**Built with Llama**" in files["README.md"]
