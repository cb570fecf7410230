"""A sound recipe of a small run, and recipes with something wrong in them."""

from dataclasses import fields

from fuzzing import HOSTILE, as_yaml, changed_bytes, changed_record
from hypothesis import strategies as st
from trl import ModelConfig

from tastetune.config.recipe import OWN_KEYS
from tastetune.training.configs import FineTuningConfig

SOUND = {
    "run_dir": "run",
    "model_name_or_path": "model",
    "dataset_train_split": "train",
    "dtype": "float32",
    "bf16": False,
    "use_cpu": True,
    "use_peft": True,
    "lora_r": 4,
    "lora_target_modules": ["q_proj", "v_proj"],
    "total_train_batch_size": 8,
    "per_device_train_batch_size": 8,
    "max_steps": 8,
    "learning_rate": 1.0e-3,
    "report_to": "none",
    "shots": [0, 3],
    "checkpoints": [4],
    "baselines": ["svd.yaml"],
}

FIELDS = {field.name: field for kind in (*OWN_KEYS, FineTuningConfig, ModelConfig) for field in fields(kind)}

NEARLY = (
    *(1, 2, 7, 8, 64, 1000, 2**31, 2**63, -0.5, 1.5, 1e-5, 1e30, False),
    *("auto", "no", "none", "steps", "epoch", "best", "true", "1", "1e-5", "all", "cpu", "float16", "int8", "foo", "."),
    *(["all"], ["none"], [0], [8, 8], [-1], [[1]], {"foo": 1}, {"min_lr": 1e-6}, {"lr": "x"}, '{"min_lr": 1}'),
)
"""Values that some key takes, and others not."""

ODDITIES = (
    *("? [a, b]\n: 1\n", "<<: {max_steps: 3}\n", "<<: 3\n", "<<: [{seed: 1}, 2]\n", "&a seed: *a\n", "a: &a [*a]\n"),
    *("!!python/object/apply:os.getcwd []: 1\n", "seed: !!int x\n", "seed: !!binary x\n", "seed: !!set {a, b}\n"),
    *("seed: !!omap [a: 1]\n", "seed: !foo 1\n", "%YAML 9.9\n---\n", "---\nseed: 1\n---\nseed: 2\n", "...\nseed: 1\n"),
    *("\tseed: 1\n", "seed: 1:30\n", "seed: 0x1F\n", "seed: 0o7\n", "seed: 1_000\n", "seed: 2024-02-30\n", "seed: ~\n"),
    *("seed: .inf\n", "seed: |\n  1\n", "seed: >-\n  1\n", "1: 2\n", "~: 1\n", "yes: 1\n", "=: 1\n", ".nan: 1\n"),
    *("base: recipe.yaml\n", "base: ../\n", "base: 3\n", "base: 'x\\0y'\n", "base: recipes/ml1m.yaml\n", "'': 1\n"),
    *("max_steps: 8\nmax_steps: 9\n", "? seed\n", "[]: 1\n", "{}: 1\n", "seed: 'a\n", 'seed: "\\ud800"\n', "seed:1\n"),
)
"""What YAML knows, and a person who writes a recipe does not."""


@st.composite
def recipes(draw):
    """A sound recipe with one to three changes: of its values and keys, of its YAML, or of its bytes."""
    values = dict(SOUND)
    if draw(st.integers(0, 3)):
        for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=3)):
            values[name] = draw(st.sampled_from((*HOSTILE, *NEARLY)))
    else:
        values = draw(changed_record(values))
    content = as_yaml(values)
    if draw(st.integers(0, 3)) == 0:
        lines = content.splitlines(keepends=True)
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(ODDITIES)).encode())
        content = b"".join(lines)
    return draw(changed_bytes(content)) if draw(st.integers(0, 5)) == 0 else content
