"""What the doctor sees before a run costs anything: a case for each check."""

import json
import runpy
import shutil
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from made import make_dataset, rewritten
from made_lists import make_lists
from made_model import make_tiny_model
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

RECIPE = "recipes/quickstart/sft.yaml"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    make_dataset(home / "data", 30, 30, 0)
    make_lists(home / "lists")
    make_tiny_model(home / "model")
    return home


def doctor(home, *flags, data="data", model="model", recipe=RECIPE):
    fixed = ["--dataset_name", home / data, "--model_name_or_path", home / model, "--output_dir", home / "adapter"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["scripts/doctor.py", *map(str, [recipe, *fixed, *flags])])
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        runpy.run_path("scripts/doctor.py", run_name="__main__")


def refused(capsys, home, *flags, **folders):
    """The lines of a recipe that is refused, by check."""
    with pytest.raises(SystemExit) as stop:
        doctor(home, *flags, **folders)
    assert stop.value.code == 1
    return by_check(capsys, "error")


def by_check(capsys, level):
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    return {line[1]: line[2] for line in lines if line and line[0] == level}


def test_a_sound_recipe_is_found_sound_and_nothing_is_written(home, capsys):
    before = sorted(home.iterdir())
    doctor(home)
    lines = by_check(capsys, "ok")
    checks = ["keys", "batch", "output", "trackers", "dataset", "splits", "catalogue", "labels", "rows", "validation"]
    assert list(lines) == [*checks, "tokenizer", "lengths", "optimizer", "model", "push"]
    assert lines["batch"] == "16 examples a step"
    assert lines["optimizer"] == "AdamW, linear, 500 steps"
    # r x (in + out) of each layer, r = 16: four of 64 x 64 in attention, three of 64 x 192 behind it
    assert lines["model"].endswith(f"an adapter of {16 * (4 * 128 + 3 * 256):,}")
    assert sorted(home.iterdir()) == before


def test_lists_are_checked_as_well(home, capsys):
    doctor(home, "--dataset_config", "top_n", "--dataset_train_split", "train", data="lists")
    assert by_check(capsys, "ok")["labels"] == "none: lists are asked for"


@pytest.mark.parametrize(
    ("flags", "check", "message"),
    [
        (
            ["--trust_remote_code"],
            "keys",
            "trust_remote_code is True, which is not obeyed: code that comes with a model",
        ),
        (["--resume_from_checkpoint", "x"], "keys", "resume_from_checkpoint is 'x', which is not obeyed"),
        (["--total_train_batch_size", "7"], "batch", "total_train_batch_size is 7, and 1 processes x"),
        (["--report_to", "wandb"], "trackers", "--report_to is 'wandb', which is not installed; run pip install wandb"),
        (["--trackio_space_id", "me/run"], "keys", "trackio_space_id is 'me/run', which is not obeyed: trackio keeps"),
        (["--report_to", "foo"], "trackers", "--report_to is ['foo']: foo is not supported"),
        (["--adam_beta1", "2"], "optimizer", "--adam_beta1 is 2.0: Invalid beta parameter at index 0: 2.0"),
        (["--adam_beta2", "-1"], "optimizer", "--adam_beta2 is -1.0: Invalid beta"),
        (["--adam_epsilon", "-1"], "optimizer", "--adam_epsilon is -1.0: Invalid epsilon"),
        (
            ["--lr_scheduler_type", "cosine_with_min_lr"],
            "optimizer",
            "--lr_scheduler_type is 'cosine_with_min_lr': One",
        ),
        (["--attn_implementation", "foo"], "model", "--attn_implementation is 'foo': Specified"),
        (["--dtype", "float7"], "model", "--dtype is 'float7': module 'torch' has no attribute 'float7'"),
        (["--dtype", "int8"], "model", "--dtype is 'int8': weights need a floating-point type"),
        (["--lora_target_modules", "q"], "model", "--lora_target_modules is 'q': Target modules"),
        (["--lora_target_modules", "q_proj", "lm_head"], "model", "--lora_target_modules names the output layer"),
        (["--use_peft", "false"], "model", "use_peft is off, and the weights of a quantised model"),
        (["--max_length", "20"], "lengths", "rows are longer than max_length 20"),
        (["--push_to_hub"], "push", "push_to_hub: the base model"),
        (["--eval_strategy", "steps", "--eval_steps", "2"], "validation", "rows that the model is trained on cannot"),
        (["--dataset_train_split", "trian"], "catalogue", "no split 'trian'"),
    ],
)
def test_each_check_refuses_with_key_value_and_remedy(home, capsys, flags, check, message):
    lines = refused(capsys, home, *flags)
    assert message in lines[check]
    assert list(lines) == [check]


@pytest.fixture(scope="module")
def sft(home):
    """An adapter to go on from."""
    lora = LoraConfig(r=2, task_type="CAUSAL_LM", target_modules="all-linear")
    get_peft_model(AutoModelForCausalLM.from_pretrained(home / "model"), lora).save_pretrained(home / "sft")
    return home / "sft"


FURTHER = {
    "recipes/quickstart/dpo.yaml": ["--dataset_config", "like_dislike"],
    "recipes/quickstart/grpo.yaml": ["--total_train_batch_size", "8", "--per_device_train_batch_size", "8"],
}
"""Recipes that go on from an adapter, and flags by which the made datasets will do."""


@pytest.mark.parametrize(("recipe", "data"), zip(FURTHER, ("data", "lists"), strict=True))
def test_recipes_that_go_on_from_an_adapter_are_checked_as_well(home, sft, capsys, recipe, data):
    doctor(home, *FURTHER[recipe], "--sft_adapter", sft, data=data, recipe=recipe)
    lines = by_check(capsys, "ok")
    checks = ["keys", "batch", "output", "trackers", "dataset", "splits", "catalogue", "labels", "rows"]
    assert list(lines) == [*checks, "adapter", "lengths", "optimizer", "model", "push"]
    assert lines["adapter"] == str(sft)
    # r x (in + out) of each layer, r = 2: four of 64 x 64 in attention, three of 64 x 192 behind it
    assert lines["model"].endswith(f"behind an adapter of {2 * (4 * 128 + 3 * 256):,}")


@pytest.mark.parametrize("further", zip(FURTHER, ("data", "lists"), strict=True))
@pytest.mark.parametrize(
    "case",
    [
        (["--resume_from_checkpoint", "x"], "keys", "resume_from_checkpoint is 'x', which is not obeyed"),
        (["--output_dir", "README.md/x"], "output", "README.md/x/run.json cannot be written"),
        (["--report_to", "foo"], "trackers", "--report_to is ['foo']: foo is not supported"),
        (["--dataset_name", "recipes"], "dataset", "recipes: no tastetune.json inside"),
        (["--dataset_train_split", "trian"], "catalogue", "no split 'trian'"),
        (["--sft_adapter", "no/such"], "adapter", "sft_adapter 'no/such': no adapter lies there"),
        (["--adam_beta1", "2"], "optimizer", "--adam_beta1 is 2.0: Invalid beta parameter at index 0: 2.0"),
        (["--attn_implementation", "foo"], "model", "--attn_implementation is 'foo': Specified"),
        (["--push_to_hub"], "push", "push_to_hub: train first"),
        (["--eval_strategy", "steps", "--eval_steps", "2"], "push", "only scripts/sft.py evaluates"),
    ],
)
def test_each_check_refuses_what_cannot_go_on_from_an_adapter(home, sft, capsys, further, case):
    (recipe, data), (flags, check, message) = further, case
    lines = refused(capsys, home, *FURTHER[recipe], "--sft_adapter", sft, *flags, data=data, recipe=recipe)
    assert message in lines[check]


def test_what_is_longer_than_the_trainer_or_the_model_takes_is_seen_before(home, sft, capsys):
    dpo, grpo = FURTHER
    line = refused(capsys, home, *FURTHER[dpo], "--sft_adapter", sft, "--max_length", "20", recipe=dpo)["lengths"]
    assert "rows are longer than max_length 20" in line
    flags = [*FURTHER[grpo], "--sft_adapter", sft, "--max_completion_length", "99999"]
    assert (
        "longer than the model's context of 4096" in refused(capsys, home, *flags, data="lists", recipe=grpo)["lengths"]
    )


def test_a_value_of_the_recipe_is_named_by_its_line(home, capsys, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("run_dir: x\nmodel_name_or_path: y\nmax_steps: 5\nadam_beta2: 1.5\nuse_peft: true\nbf16: false\n")
    assert refused(capsys, home, recipe=recipe)["optimizer"].startswith(
        f"{recipe}, line 4: adam_beta2 is 1.5: Invalid beta"
    )


def edited(home, name, path, change):
    """A copy of the dataset with one file changed."""
    shutil.copytree(home / "data", home / name)
    file = home / name / path
    rewritten(change(pq.read_table(file)), file)
    return name


def test_validation_and_test_may_not_be_one_file(home, capsys):
    data = edited(home, "same", "like_dislike/test.parquet", lambda _: pq.read_table(home / VALIDATION))
    rows = pq.read_metadata(home / VALIDATION).num_rows
    message = f"{rows} of {rows} rows of test stand in validation as well"
    assert message in refused(capsys, home, data=data)["splits"]


VALIDATION = "data/like_dislike/validation.parquet"


def test_a_catalogue_of_another_log_is_refused_and_a_gap_counted(home, capsys):
    few = edited(home, "few", "items/train.parquet", lambda items: items.slice(0, 15))
    line = refused(capsys, home, data=few)["catalogue"]
    assert "items in rows have a title (" in line
    assert "the catalogue is another log's" in line
    one = edited(home, "one", "items/train.parquet", lambda items: items.slice(1))
    doctor(home, data=one)
    assert "items in rows have a title (9" in by_check(capsys, "warning")["catalogue"]


def test_one_sided_labels_are_a_warning(home, capsys):
    def mostly_likes(rows):
        """Nineteen in twenty."""
        label = pa.array([int(place % 20 > 0) for place in range(len(rows))])
        return rows.set_column(rows.column_names.index("label"), "label", label)

    data = edited(home, "likes", "like_dislike/train.parquet", mostly_likes)
    doctor(home, "--dataset_train_split", "train", data=data)
    line = by_check(capsys, "warning")["labels"]
    assert line.startswith("95% of the training rows are likes: a model that always answers Yes has that accuracy")


def test_a_context_too_short_is_no_reason_to_raise_max_length(home, capsys):
    shutil.copytree(home / "model", home / "short")
    config = json.loads((home / "short" / "config.json").read_text())
    (home / "short" / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 40}))
    line = refused(capsys, home, model="short")["lengths"]
    assert "rows are longer than the model's context of 40 tokens" in line
    assert "set max_length" not in line


def test_a_text_that_begins_twice_is_refused(home, capsys):
    def begun(rows):
        prompts = pc.binary_join_element_wise("<|begin_of_text|>", rows["prompt"], "")
        return rows.set_column(rows.column_names.index("prompt"), "prompt", prompts)

    data = edited(home, "begun", "like_dislike/train.parquet", begun)
    line = refused(capsys, home, "--dataset_train_split", "train", data=data)["tokenizer"]
    assert "rows begin with '<|begin_of_text|>' twice" in line


def test_a_template_that_dates_the_prompt_is_refused(home, capsys):
    shutil.copytree(home / "model", home / "dated")
    tokenizer = AutoTokenizer.from_pretrained(home / "dated")
    tokenizer.chat_template = "{{ strftime_now('%d %b %Y') }}" + tokenizer.chat_template
    tokenizer.save_pretrained(home / "dated")
    flags = ["--dataset_config", "top_n", "--dataset_train_split", "train"]
    line = refused(capsys, home, *flags, data="lists", model="dated")["tokenizer"]
    assert "writes today's date into the prompt" in line


def test_a_tokenizer_of_another_model_is_refused(home, capsys):
    """It writes the model's own tokens and one more, for which the model has no place."""
    shutil.copytree(home / "model", home / "other")
    tokenizer = AutoTokenizer.from_pretrained(home / "other")
    size = len(tokenizer)
    tokenizer.add_tokens([pq.read_table(home / VALIDATION)["prompt"][0].as_py()[:40]])
    tokenizer.save_pretrained(home / "other")
    line = refused(capsys, home, model="other")["tokenizer"]
    assert line.startswith(
        f"the tokenizer writes token {size}, and the model '{home}/other' has {size}, counted from 0"
    )


def test_an_output_that_cannot_be_is_seen_at_once(home, capsys):
    (home / "file").write_text("a file")
    line = refused(capsys, home, "--output_dir", home / "file" / "adapter")["output"]
    assert line.startswith(f"{home}/file/adapter/run.json cannot be written: {home}/file: Not a directory")


def test_training_refuses_what_the_doctor_does(home):
    flags = ["--dataset_name", home / "data", "--model_name_or_path", home / "model", "--output_dir", home / "none"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["scripts/sft.py", RECIPE, *map(str, flags), "--adam_beta1", "2"])
        with pytest.raises(SystemExit, match=r"^error: --adam_beta1 is 2\.0: Invalid beta parameter"):
            runpy.run_path("scripts/sft.py", run_name="__main__")
    assert not (home / "none").exists()
