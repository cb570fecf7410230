"""Check a recipe before training costs anything: its keys, its rows, its model's tokenizer and adapter.

    python scripts/doctor.py recipes/ml1m.yaml
    python scripts/doctor.py recipes/ml1m.yaml --dataset_train_split train --force
    python scripts/doctor.py recipes/dpo_ml1m.yaml

Takes the recipes and flags of scripts/sft.py, dpo.py (with a key `beta`) and grpo.py (with `num_generations`), loads no
weights, and writes nothing. Prints a line a check: ok, warning, or error with what to do; an error ends it with status
1. The scripts check the same before they start. docs/checks.md names the checks.
"""

import sys

from tastetune.config.recipe import key_places, refuse_unbuilt
from tastetune.errors import run


def main() -> None:
    refuse_unbuilt()  # before the libraries are loaded, which takes longer than to say so

    from tastetune.training.checks import examine
    from tastetune.training.preparation import prepared

    named = sys.argv[1:2]
    places = key_places() if named and not named[0].startswith("-") else {}
    levels = []
    for finding in examine(prepared(__doc__, places)):
        print(f"{finding.level:<8} {finding.check:<11} {finding.text}", flush=True)
        levels.append(finding.level)
    errors, warnings = levels.count("error"), levels.count("warning")
    print(f"{errors} errors, {warnings} warnings, {levels.count('ok')} ok")
    if errors:
        sys.exit(1)


if __name__ == "__main__":
    run(main)
