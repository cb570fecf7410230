"""Commands and files that the documents name exist, and every script explains itself."""

import ast
import json
import re
import subprocess
import sys
from functools import cache

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import launch_command_parser
from documents import ROOT, Command, commands, documents, named_files, scripts, tracked

from tastetune.config.yaml import load_yaml

YAMLS = [str(p) for p in tracked() if p.suffix in (".yaml", ".yml") and p.parts[0] in ("recipes", "recbole_configs")]
ACCELERATE = [name for name in YAMLS if name.startswith("recipes/accelerate/")]

ASK = """
import ast, contextlib, dataclasses, importlib, io, json, os, runpy, sys

answers = {}
for script in json.loads(sys.argv[1]):
    out, sys.argv, sys.path[0] = io.StringIO(), [script, "--help"], os.path.dirname(script)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            runpy.run_path(script, run_name="__main__")
            status = "no exit"
        except SystemExit as end:
            status = end.code or 0
    fields, nodes = [], list(ast.walk(ast.parse(open(script).read())))
    imports = {alias.name: node.module for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("parse_recipe", "read_recipe"):
            names = runpy.run_path(script, run_name="asked")
            for name in [kind.id for kind in node.args[1].elts if kind.id not in names]:  # imported by main alone
                names[name] = getattr(importlib.import_module(imports[name]), name)
            kinds = [names[kind.id] for kind in node.args[1].elts]
            fields += ["--" + f.name for kind in kinds for f in dataclasses.fields(kind) if f.init]
    answers[script] = {"status": status, "help": out.getvalue(), "fields": fields}
print(json.dumps(answers))
"""


@cache
def asked() -> dict[str, dict]:
    """What every script answers to --help, and the recipe keys that are flags as well; in one process, to be quick."""
    process = [sys.executable, "-c", ASK, json.dumps(scripts())]
    done = subprocess.run(process, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


@cache
def accelerate_flags() -> set[str]:
    return {flag for action in launch_command_parser()._actions for flag in action.option_strings}


def test_commands_are_found_in_prose_and_in_blocks():
    text = """Type `accelerate launch --num_processes 2 scripts/sft.py recipes/a.yaml --max_steps 5`, then

        python scripts/push.py outputs/a org/a \\
            --public --revision v1  # not --private

    or read about --flags of nothing."""
    assert commands("README.md", text) == [
        Command("README.md", "accelerate launch --num_processes 2 ", "scripts/sft.py", ("--max_steps",)),
        Command("README.md", "", "scripts/push.py", ("--public", "--revision")),
    ]
    assert named_files(text) == ["scripts/sft.py", "recipes/a.yaml", "scripts/push.py"]


def test_there_is_something_to_check():
    assert {path.split("/")[0] for path in scripts()} == {"scripts", "data_builders"}
    assert {path.split("/")[0] for path in YAMLS} == {"recipes", "recbole_configs"}
    assert commands("README.md", documents()["README.md"])


@pytest.mark.parametrize("script", scripts())
def test_a_script_says_how_it_is_used(script):
    usage = ast.get_docstring(ast.parse((ROOT / script).read_text(encoding="utf-8")))
    assert usage
    assert any(command.script == script for command in commands(script, usage))
    assert asked()[script]["status"] == 0
    summary, answer = ("".join(text.split()) for text in (usage.splitlines()[0], asked()[script]["help"]))
    assert summary in answer  # however it is wrapped


@pytest.mark.parametrize("document", documents())
def test_every_command_is_one_that_runs(document):
    for command in commands(document, documents()[document]):
        assert (ROOT / command.script).is_file(), f"{command} names no script"
        for word in re.findall(r"--[\w-]+", command.launcher):
            assert word in accelerate_flags(), f"{command}: accelerate launch has no {word}"
        if command.script in asked():
            answer = asked()[command.script]
            known = {*re.findall(r"--[\w-]+", answer["help"]), *answer["fields"]}
            assert set(command.flags) <= known, f"{command}: no flag {set(command.flags) - known}"


@pytest.mark.parametrize("document", documents())
def test_every_file_that_is_named_is_there(document):
    for name in named_files(documents()[document]):
        assert any(ROOT.glob(name)), f"{document} names {name}"


def test_every_make_target_that_is_named_is_there():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([\w-]+)", documents()["README.md"], re.MULTILINE)
    assert named
    assert set(named) <= targets


@pytest.mark.parametrize("name", YAMLS)
def test_a_recipe_or_config_is_strict_yaml_and_says_its_command(name):
    values, _ = load_yaml(ROOT / name)
    assert values
    assert commands(name, documents()[name]), "its header names no command"
    assert name in documents()[name]


@pytest.mark.parametrize("name", ACCELERATE)
def test_accelerate_takes_the_configuration(name):
    """Keys of fsdp_config and deepspeed_config are flags of `accelerate launch`; a misspelt one would pass unseen."""
    config = load_config_from_file(str(ROOT / name)).to_dict()
    keys = [key for kind in ("fsdp_config", "deepspeed_config") for key in config.get(kind, ())]
    assert {f"--{key}" for key in keys} <= accelerate_flags()


def test_the_accelerate_configurations_are_all_there():
    kinds = {name: load_config_from_file(str(ROOT / name)).distributed_type.value for name in ACCELERATE}
    expected = {"single": "NO", "ddp": "MULTI_GPU", "fsdp": "FSDP", "zero3": "DEEPSPEED"}
    assert kinds.items() >= {f"recipes/accelerate/{name}.yaml": kind for name, kind in expected.items()}.items()
