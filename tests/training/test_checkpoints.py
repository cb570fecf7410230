"""One command from an adapter's folder and baselines' configs to the learning curve."""

import json
import shutil
from dataclasses import asdict, replace

import pytest
from documents import ROOT
from made import make_dataset
from made_model import make_tiny_model
from peft import LoraConfig, get_peft_model
from stages import script
from transformers import AutoModelForCausalLM, set_seed

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.predictions import are_predictions_of, read_predictions
from tastetune.baselines.predictions_files import fit_or_keep
from tastetune.baselines.selection import baselines_of
from tastetune.errors import InputError
from tastetune.training.checkpoints import find_checkpoints

RECIPE = "recipes/quickstart/sft.yaml"
DTYPE = ("--dtype", "bfloat16")
"""As real models are loaded; answers are equal to the bit in it."""

SVD = "model: SVD\nseed: 1\nembedding_size: 4\nepochs: 2\n"


def make_run(home, name, steps, fingerprint):
    """A run's folder as scripts/sft.py leaves it, with adapters that were drawn instead of trained."""
    for step in steps:
        set_seed(step)
        base = AutoModelForCausalLM.from_pretrained(home / "model")
        settings = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
        folder = home / name / f"checkpoint-{step}"
        get_peft_model(base, settings).save_pretrained(folder)
        (folder / "trainer_state.json").write_text("{}")
        (folder / "cost.json").write_text(
            json.dumps({"examples": 8 * step, "tokens": 99 * step, "seconds": 0.5 * step, "flops": 1e6 * step})
        )
    run = {"dataset": "made", "fingerprint": fingerprint, "dataset_train_split": "train+validation"}
    (home / name / "run.json").write_text(json.dumps(run))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    dataset = open_dataset(make_dataset(home / "data", 30, 30, 0))
    make_tiny_model(home / "model")
    make_run(home, "run", (10, 2), dataset.fingerprint)  # as text, 10 comes before 2
    (home / "svd.yaml").write_text(SVD)
    return home


def draw(home, *flags):
    model = ("--model_name_or_path", home / "model", "--dataset_name", home / "data")
    given = ("--adapter", home / "run", "--baselines", home / "svd.yaml", "--curve_dir", home / "out")
    script("scripts/learning_curve.py", RECIPE, *DTYPE, *model, *given, "--resamples", 10, *flags)


@pytest.fixture(scope="module")
def drawn(home):
    draw(home)
    return json.loads((home / "out" / "learning_curve.json").read_text())


def test_the_command_draws_checkpoints_from_the_base_model_on_and_epochs(home, drawn):
    points = {line["name"]: [(p["model"], p["examples"]) for p in line["points"]] for line in drawn["curves"]}
    rows = len(open_dataset(home / "data").read("like_dislike", "train+validation"))
    assert points == {
        "zero-shot": [("zero-shot", None)],
        "run": [("zero-shot", 0), ("run-2", 16), ("run-10", 80)],  # 8 examples a step
        "svd": [("svd-epoch-1", rows), ("svd", 2 * rows)],
    }
    assert [(one["curve"], one["other"]) for one in drawn["passes"]] == [("run", "svd")]
    assert (home / "out" / "learning_curve.png").exists()


def further_recipe(home, name, **keys):
    """A recipe on top of the first whose checkpoints lie in `home`/`name`."""
    lines = {"base": f"{ROOT}/{RECIPE}", "output_dir": home / name} | keys
    (home / f"{name}.yaml").write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    return home / f"{name}.yaml"


def test_several_runs_stand_in_one_curve_on_the_same_rows(home, drawn, tmp_path):
    """The instruction run of above and a run of streams, each from its own base model's answers on."""
    shutil.copytree(home / "out", tmp_path / "out")
    make_run(home, "streams", (3,), open_dataset(home / "data").fingerprint)
    runs = [further_recipe(home, "streams", dataset_config="stream"), further_recipe(home, "again")]
    shutil.copytree(home / "run", home / "again", dirs_exist_ok=True)
    draw(home, "--curve_dir", tmp_path / "out", "--runs", *runs)
    curve = json.loads((tmp_path / "out" / "learning_curve.json").read_text())
    points = {line["name"]: [(p["model"], p["tokens"]) for p in line["points"]] for line in curve["curves"]}
    assert points == {
        "zero-shot": [("zero-shot", None)],
        "zero-shot-stream": [("zero-shot-stream", None)],
        "run": [("zero-shot", 0), ("run-2", 198), ("run-10", 990)],
        "again": [("zero-shot", 0), ("again-2", 198), ("again-10", 990)],
        "streams-stream": [("zero-shot-stream", 0), ("streams-3-stream", 297)],
        "svd": [("svd-epoch-1", None), ("svd", None)],
    }


@pytest.mark.parametrize(("name", "adapter"), [("zero-shot", []), ("run-2", ["--adapter", "checkpoint-2"])])
def test_its_answers_are_those_of_a_model_loaded_for_itself(home, drawn, name, adapter):
    """Bit for bit, although the base model is loaded once for all and in 4 bits."""
    adapter = [home / "run" / word if word.startswith("checkpoint") else word for word in adapter]
    fixed = ("--dataset_name", home / "data", "--model_name_or_path", home / "model")
    script("scripts/predict.py", RECIPE, *DTYPE, *fixed, *adapter, "--output", home / "alone" / f"{name}.parquet")
    alone, kept = (read_predictions(home / folder / f"{name}.parquet") for folder in ("alone", "out/curve"))
    assert kept.table.equals(alone.table)
    assert replace(kept.meta, command="") == replace(alone.meta, command="")


def test_a_second_command_keeps_what_is_there_and_makes_what_is_missing(home, drawn, capsys, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(home / "out", out)
    (out / "curve" / "run-2.parquet").unlink()  # as if it had been interrupted
    (out / "curve" / "svd.parquet").write_bytes(b"PAR1")  # as if a disk had been full
    draw(home, "--curve_dir", out)
    lines = capsys.readouterr().out.splitlines()
    done = [(line.split()[0], line.split()[1].rpartition("/")[2].strip(",")) for line in lines if "/curve/" in line]
    assert sorted(done) == [
        ("answered:", "svd.parquet"),
        ("kept:", "run-10.parquet"),
        ("kept:", "zero-shot.parquet"),
        ("predictions:", "run-2.parquet"),
    ]
    again = json.loads((out / "learning_curve.json").read_text())
    figures = [
        [(p["model"], p["roc_auc"]) for line in curve["curves"] for p in line["points"]] for curve in (drawn, again)
    ]
    assert figures[0] == figures[1]
    draw(home, "--curve_dir", out)
    assert "answered:" not in capsys.readouterr().out


def test_a_baseline_that_chose_its_epochs_on_validation_is_kept_too(home, capsys, tmp_path):
    (tmp_path / "svd.yaml").write_text(SVD.replace("epochs: 2", "epochs: 5\neval_step: 1\nstopping_step: 0"))
    dataset = open_dataset(home / "data")

    def answer_epochs():
        (svd,) = baselines_of(dataset, [str(tmp_path / "svd.yaml")])
        return fit_or_keep(svd, dataset, "test", tmp_path, each_epoch=True)

    files = answer_epochs()
    assert "answered: " in capsys.readouterr().out
    assert read_predictions(files[-1]).meta.settings["epochs"] == len(files) - 1 <= 5
    assert answer_epochs() == files
    assert "kept: " in capsys.readouterr().out
    (tmp_path / "svd.yaml").write_text(SVD.replace("epochs: 2", "epochs: 6\neval_step: 1\nstopping_step: 0"))
    answer_epochs()  # which might have chosen another number
    assert "answered: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "other",
    [
        {"fingerprint": "another dataset"},
        {"split": "validation"},
        {"adapter": "another run"},
        {"training": {"examples": 16, "seconds": 7.0}},  # the same folder, trained anew
        {"settings": {"learning_rate": 1.0}},
        {"threshold": 4.0},
    ],
)
def test_answers_of_anything_else_are_not_kept(home, drawn, other):
    path = home / "out" / "curve" / "run-2.parquet"
    meta = asdict(read_predictions(path).meta)
    wanted = {
        key: meta[key] for key in ("kind", "split", "fingerprint", "adapter", "settings", "training", "threshold")
    }
    assert are_predictions_of(path, wanted)
    assert not are_predictions_of(path, wanted | other)
    assert not are_predictions_of(path.with_stem("none"), wanted)


def test_a_checkpoint_that_was_cut_off_is_passed_over_and_named(home, capsys, tmp_path):
    shutil.copytree(home / "run", tmp_path / "run")
    (tmp_path / "run" / "checkpoint-2" / "trainer_state.json").write_text("{")
    assert list(find_checkpoints(tmp_path / "run")) == [10]
    assert f"passed over: {tmp_path}/run/checkpoint-2 is no whole checkpoint" in capsys.readouterr().out
    with pytest.raises(InputError, match="no whole checkpoint-\\* inside"):
        find_checkpoints(home / "model")
    with pytest.raises(InputError, match="no such folder"):
        find_checkpoints(home / "nowhere")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--adapter", "{home}/model"], r"--adapter .*/model: no whole checkpoint-\* inside"),
        (["--adapter", "{home}/stranger"], r"stranger was trained on dataset 'made' with fingerprint 'of another'"),
        (["--split", "validation"], r"was trained on train\+validation, so its answers to validation"),
        (["--split", "train"], r"was trained on train\+validation, so its answers to train"),
        (["--baselines", "{home}/data/tastetune.json"], r"tastetune\.json"),
        (["--baselines", "recbole_configs/nothing.yaml"], r"recbole_configs/nothing\.yaml"),
        (["--baselines", "{home}/svd.yaml", "{home}/svd.yaml"], r"are both called svd; rename one"),
        (
            ["--name", "svd", "--predictions", "{home}/given/run-2.parquet", "--name", "run"],
            r"model 'run-2' would stand",
        ),
        (["--runs", "{home}/elsewhere.yaml"], r"elsewhere: no whole checkpoint"),
        (["--runs", "{home}/nothing.yaml"], r"nothing\.yaml"),
        (["--curve_dir", ""], r"--curve_dir is empty"),
        (["--resamples", "0"], r"--resamples is 0; give at least 1"),
        (["--learning_rat", "1"], r"--learning_rat"),
    ],
)
def test_bad_input_ends_in_one_clear_message_before_anything_is_answered(home, drawn, flags, message):
    if not (home / "stranger").exists():
        make_run(home, "stranger", (1,), "of another")
        (home / "given").mkdir()
        further_recipe(home, "elsewhere").with_suffix("").mkdir()
        shutil.copy(home / "out" / "curve" / "run-2.parquet", home / "given")
    with pytest.raises(SystemExit, match=message) as stop:
        draw(home, "--curve_dir", home / "refused", *(flag.format(home=home) for flag in flags))
    assert str(stop.value).startswith("error: ")
    assert not (home / "refused").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--run_dir", "nowhere"], "nothing to draw: the run has no checkpoints"),
        (["--curve_dir", "x", "--baselines", "y"], "run_dir is missing"),
        (["--curve_dir", "x", "--predictions", "y", "--dataset_name", "z", "--lerning", "1"], "unknown flag --lerning"),
    ],
)
def test_flags_that_need_each_other(flags, message):
    with pytest.raises(SystemExit, match=message):
        script("scripts/learning_curve.py", *flags)
