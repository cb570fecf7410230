"""Ask a language model to complete lines of the catalogue, and say what share it recalls.

    python scripts/probe.py recipes/ml1m.yaml
    python scripts/probe.py recipes/ml1m.yaml --adapter outputs/ml1m/adapter

The recipe is the one the model is trained with: it names the dataset and the base model, and its seed draws the items.
Each item is asked for in three forms: its title from its id, behind the lines before it in the catalogue; the same
behind lines drawn by seed; and its year from its title. A control asks the same of neutral titles (Movie 817), of
which nothing can be known. Every answer is the likeliest continuation, however a recipe for lists has its tokens drawn.
What the base model recalls it knew before training; scripts/score.py --probe shows it.

    --adapter FOLDER_OR_ID     trained adapter; without it the base model is asked
    --items N                  items to ask for (default 500, or all where there are fewer)
    --lines N                  lines shown before the one asked for (default 5)
    --output FILE.json         shares and answers; the file's stem is the model's name in tables (default: in the run's
                               probe/, zero-shot.json or named as the adapter is in tables)
    --max_batch_tokens N       padded tokens of the prompts in one batch (default 16384)

The file holds titles and ids: where their licence forbids passing rows on, keep it to yourself. scripts/score.py
takes the shares alone.
"""

import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from accelerate import PartialState
from trl import ModelConfig, SFTConfig

from tastetune.artifacts.redaction import shareable
from tastetune.config.arguments import GenerationArguments, SftArguments
from tastetune.config.environment import versions
from tastetune.config.recipe import parse_recipe
from tastetune.errors import InputError, run
from tastetune.files import command_line, write_text
from tastetune.language_models.answering import run_name
from tastetune.language_models.generation import completed_lines
from tastetune.language_models.language_model import ModelRecipe
from tastetune.locks import held_file
from tastetune.probe.probe import check_counts, probe, read_lines


@dataclass
class ProbeArguments:
    output: str | None = field(default=None, metadata={"help": "File to write, .json."})
    adapter: str | None = field(default=None, metadata={"help": "Adapter to ask; the base model if none."})
    items: int | None = field(default=None, metadata={"help": "Items to ask for."})
    lines: int = field(default=5, metadata={"help": "Lines shown before the one asked for."})
    max_batch_tokens: int = field(default=16384, metadata={"help": "Padded tokens in one batch."})


def main() -> None:
    args, data_args, _, training_args, model_args = parse_recipe(
        __doc__, (ProbeArguments, SftArguments, GenerationArguments, SFTConfig, ModelConfig)
    )
    recipe = ModelRecipe(data_args, training_args, model_args)
    name = run_name(Path(args.adapter)) if args.adapter else "zero-shot"
    output = Path(args.output) if args.output else data_args.folder.probe / f"{name}.json"
    if output.suffix != ".json":
        raise InputError(f"--output is {args.output!r}; name a .json file")

    # 1. The catalogue
    dataset = recipe.dataset()
    lines = read_lines(dataset)
    items = check_counts(lines, args.items, args.lines)
    word = dataset.wording.get("item", "movie")

    # 2. The model and its answers
    holding = held_file(output) if PartialState().is_main_process else nullcontext()
    with holding, recipe.load().behind(args.adapter) as model:
        write = partial(completed_lines, model.model, model.tokenizer, max_batch_tokens=args.max_batch_tokens)
        found = probe(lines, write, items=items, shots=args.lines, seed=training_args.seed, word=word)
        origin = recipe.origin(dataset, args.adapter, **model.remarks)

    # 3. One file
    if PartialState().is_main_process:
        told = {
            "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint, "items": len(lines)},
            "model": shareable({"model": output.stem, **origin}),
            **found,
            "command": shareable(command_line()),
            "versions": versions(),
        }
        write_text(output, json.dumps(told, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
        recalled = [f"{form['form']} {form['recalled']['value']:.1%}" for form in found["forms"] if form["n"]]
        print(f"probe: {output} ({items} items; recalled: {', '.join(recalled)})")


if __name__ == "__main__":
    run(main)
