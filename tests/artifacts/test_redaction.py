"""What may be told of a run."""

from pathlib import Path

import pytest

from tastetune.artifacts.redaction import relative_to, shareable, without_secrets


@pytest.mark.parametrize(
    ("told", "told_to_others"),
    [
        ("outputs/data", "outputs/data"),
        ("meta-llama/Llama-3.2-1B", "meta-llama/Llama-3.2-1B"),
        ("https://example.org/a/b", "https://example.org/a/b"),
        ("predict.py --adapter /home/me/runs/adapter --shots 3", "predict.py --adapter adapter --shots 3"),
        ("predict.py --adapter '/home/me and you/runs/my adapter' --x", "predict.py --adapter 'my adapter' --x"),
        ('a file "/home/me and you/x.csv" and "/"', 'a file "x.csv" and "/"'),
        ("a likes/dislikes ratio of 1/2", "a likes/dislikes ratio of 1/2"),
        ("--output=/srv/x.parquet", "--output=x.parquet"),
        ("hf_" + "a" * 34, "hf_…"),
        ("sft.py --hub_token secret --max_steps 5", "sft.py --hub_token … --max_steps 5"),
        ("sft.py --hub-token=secret", "sft.py --hub-token=…"),
        ("x --token a --wandb_api_key b --db-password c", "x --token … --wandb_api_key … --db-password …"),
        ("x --max_batch_tokens 16384 --eos_token </s>", "x --max_batch_tokens 16384 --eos_token </s>"),
        ("https://me:word@example.org/a", "https://…@example.org/a"),
        ("key AKIA" + "A" * 16 + " behind", "key AKI… behind"),
        ("ghp_" + "a" * 36, "ghp…"),
        ("github_pat_" + "a" * 30, "git…"),
        ("sk-proj-" + "a" * 30, "sk-…"),
        ("task-oriented-recommendation-with-language-models", "task-oriented-recommendation-with-language-models"),
    ],
)
def test_strings(told, told_to_others):
    assert shareable(told) == told_to_others


def test_secrets_alone_are_struck_out_where_paths_are_needed():
    assert without_secrets({"hub_token": "x", "adapter": "/srv/a", "command": ["p.py", "--hub_token x /srv/b"]}) == {
        "adapter": "/srv/a",
        "command": ["p.py", "--hub_token … /srv/b"],
    }


def test_a_path_under_the_working_directory_becomes_relative():
    assert shareable(f"{Path.cwd()}/outputs/data") == "outputs/data"


def test_nested_settings_lose_their_secrets():
    settings = {"hub_token": "x", "token": "x", "eos_token": "</s>", "runs": [{"dir": "/tmp/x/y", "lr": 0.1}]}
    assert shareable(settings) == {"eos_token": "</s>", "runs": [{"dir": "y", "lr": 0.1}]}


def test_relative_to(tmp_path):
    assert relative_to(tmp_path / "a" / "b", tmp_path / "c") == "../a/b"
