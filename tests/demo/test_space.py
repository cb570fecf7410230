"""The page as a Space: what goes there, what it says of itself, and what is refused."""

import json
import runpy
import sys

import pytest
import yaml
from huggingface_hub import SpaceCard
from made import make_dataset

from tastetune.artifacts.dataset import INFO, open_dataset
from tastetune.config.recipe_file import load_recipe
from tastetune.demo.space import SpaceParts, push_space, write_space
from tastetune.errors import InputError
from tastetune.hub.plan import plan_push

PARTS = SpaceParts("org/adapter", "org/base", "org/rows")
SETTINGS = {
    "dataset_config": "stream",
    "stream_window": 40,
    "load_in_4bit": True,
    "seed": 3,
    "stream_item_text": False,
    "stream_estimates": True,
    "hub_token": "secret",
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(make_dataset(tmp_path_factory.mktemp("made"), 6, 30))


@pytest.fixture
def forbidden(tmp_path):
    """A dataset whose licence forbids that its rows are passed on."""
    folder = make_dataset(tmp_path / "forbidden", 6, 30)
    info = json.loads((folder / INFO).read_text())
    info["settings"] |= {"redistribution": False, "clause": "may not redistribute", "citation": "Ask them."}
    (folder / INFO).write_text(json.dumps(info))
    return open_dataset(folder)


def test_its_card_names_what_it_loads_and_how_it_is_started(dataset, tmp_path):
    write_space(tmp_path / "space", PARTS, dataset, SETTINGS, private=True)
    card = SpaceCard.load(tmp_path / "space" / "README.md").data.to_dict()
    assert {key: card[key] for key in ("sdk", "app_file", "license", "models", "datasets")} == {
        "sdk": "gradio",
        "app_file": "app.py",
        "license": "apache-2.0",
        "models": ["org/adapter", "org/base"],
        "datasets": ["org/rows"],
    }
    assert card["sdk_version"].count(".") == 2
    values, _ = load_recipe(tmp_path / "space" / "recipe.yaml")
    assert values == {
        **{"run_dir": "run", "dataset_name": "org/rows", "model_name_or_path": "org/base"},
        **{"dataset_config": "stream", "stream_window": 40, "seed": 3, "load_in_4bit": True},
        **{"stream_item_text": False, "stream_estimates": True},
        **{"use_cpu": True, "bf16": False, "report_to": "none"},
    }


def test_no_row_of_the_dataset_goes_and_no_secret(forbidden, tmp_path, capsys):
    write_space(tmp_path / "space", PARTS, forbidden, SETTINGS, private=True)
    push_space(tmp_path / "space", "org/page", private=True, dry_run=True)
    goes = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert {"app.py", "demo.py", "recipe.yaml", "requirements.txt", "tastetune/demo/page.py"} <= set(goes)
    assert not [name for name in goes if name.endswith((".parquet", ".json", ".safetensors", ".pyc"))]
    text = "".join((tmp_path / "space" / name).read_text() for name in ("README.md", "recipe.yaml", "app.py"))
    assert "Ask them." in text
    assert "add the secret `HF_TOKEN`" in text
    assert "secret\n" not in text.replace("`HF_TOKEN`", "")
    assert str(forbidden.folder) not in text


def test_a_public_one_is_refused_where_the_rows_may_not_leave(forbidden, tmp_path):
    with pytest.raises(InputError, match=r'forbids redistribution: "may not redistribute"; .* without --public'):
        write_space(tmp_path / "space", PARTS, forbidden, SETTINGS, private=False)
    assert not (tmp_path / "space").exists()


def test_rows_that_lie_among_its_files_are_refused_even_in_private(dataset, tmp_path):
    write_space(tmp_path / "space", PARTS, dataset, SETTINGS, private=True)
    (tmp_path / "space" / "rows.parquet").write_bytes(b"rows")
    with pytest.raises(InputError, match=r"rows\.parquet: may hold rows of ratings, and no part of a space"):
        plan_push(tmp_path / "space", "org/page", "space", private=True)


def test_pushed_it_lies_on_the_hub_and_modules_that_are_gone_go(hub, dataset, tmp_path):
    write_space(tmp_path / "space", PARTS, dataset, SETTINGS, private=True)
    (tmp_path / "space" / "old.py").write_text("")
    for name in ("first", "second"):
        done = hub.run("scripts/push.py", str(tmp_path / "space"), "org/page", "--message", name)
        assert done.returncode == 0, done.stderr
        assert "/spaces/org/page/tree/" in done.stdout
        (tmp_path / "space" / "old.py").unlink(missing_ok=True)
    files = hub.files("space", "org/page")
    assert hub.repositories["space", "org/page"].private
    assert files["README.md"] == (tmp_path / "space" / "README.md").read_bytes()
    assert "old.py" not in files
    assert "tastetune/demo/page.py" in files


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (("outputs/ml1m/adapter", "org/base", "org/rows"), r"its adapter .* --adapter ORG/NAME"),
        (("org/adapter", "./model", "org/rows"), r"its base model .* --base_model ORG/NAME"),
        (("org/adapter", "org/base", "data"), r"its dataset .* --dataset ORG/NAME"),
    ],
)
def test_what_lies_on_this_machine_alone_is_refused(parts, message):
    with pytest.raises(InputError, match=message):
        SpaceParts(*parts)


def test_what_starts_it_starts_the_script_with_its_recipe(dataset, tmp_path, monkeypatch):
    write_space(tmp_path / "space", PARTS, dataset, SETTINGS, private=True)
    (tmp_path / "space" / "demo.py").write_text("import json, sys; json.dump(sys.argv, open('asked.json', 'w'))")
    monkeypatch.chdir(tmp_path / "space")
    monkeypatch.setattr(sys, "argv", ["app.py"])
    runpy.run_path("app.py")
    assert json.loads((tmp_path / "space" / "asked.json").read_text()) == [
        *("demo.py", "recipe.yaml", "--adapter", "org/adapter", "--host", "0.0.0.0")
    ]
    assert yaml.safe_load((tmp_path / "space" / "recipe.yaml").read_text())
