"""Check a recipe for scripts/sft.py before it costs anything: its keys, its rows, its model's tokenizer and adapter.

    python scripts/doctor.py recipes/ml1m.yaml
    python scripts/doctor.py recipes/ml1m.yaml --learning_rate 1e-4 --lora_r 32

Takes the flags that scripts/sft.py takes, loads no weights, and writes nothing. Prints a line a check: ok, warning, or
error with what to do; an error ends it with status 1. scripts/sft.py checks the same before it starts. docs/checks.md
names the checks.
"""

import sys

from tastetune.config.arguments import SftArguments, ValidationArguments
from tastetune.config.recipe import key_places, parse_recipe, refuse_unbuilt
from tastetune.errors import run


def main() -> None:
    refuse_unbuilt()  # before the libraries are loaded, which takes longer than to say so

    from trl import ModelConfig

    from tastetune.training.checks import examine
    from tastetune.training.configs import FineTuningConfig
    from tastetune.training.preparation import Preparation

    arguments = parse_recipe(__doc__, (SftArguments, ValidationArguments, FineTuningConfig, ModelConfig))
    levels = []
    for finding in examine(Preparation(*arguments, key_places())):
        print(f"{finding.level:<8} {finding.check:<11} {finding.text}", flush=True)
        levels.append(finding.level)
    errors, warnings = levels.count("error"), levels.count("warning")
    print(f"{errors} errors, {warnings} warnings, {levels.count('ok')} ok")
    if errors:
        sys.exit(1)


if __name__ == "__main__":
    run(main)
