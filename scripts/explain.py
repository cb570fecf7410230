"""Have a language model write why somebody will like an item or not, and measure whether its words can be believed.

    python scripts/explain.py recipes/ml1m.yaml
    python scripts/explain.py recipes/ml1m.yaml --split test_sample --rows 200
    python scripts/explain.py recipes/ml1m.yaml --user 12 --rows 3
    python scripts/explain.py recipes/ml1m.yaml --row 12:1193

The model answers a row behind its history, writes from the same history why, and is asked again without the titles that
it named, and without as many others. The recipe names the dataset and the model: the run's adapter if it was trained,
else the base model. docs/explanations.md says what is measured, and how far to trust it.

    --rows N                   rows to explain, drawn by seed (default 50); of one user at most so many
    --split NAME               the split that they are of (default test)
    --user ID                  show one user's rows on the screen, and write nothing
    --row EXAMPLE_ID           show this row on the screen, and write nothing
    --adapter FOLDER_OR_ID     this adapter in place of the run's own
    --base                     the base model, though an adapter was trained
    --draws N                  how often as many others are taken out (default 5)
    --max_reason_tokens N      a text ends after so many tokens (default 48)
    --force                    explain anew what is there already

Explanations go into the run's explanations/NAME.json, those of another split than test into a folder of its name;
scripts/score.py puts their figures into scores.json and on the report. The file holds ids and titles: where the licence
of the ratings forbids passing them on, keep it to yourself.
"""

from contextlib import nullcontext
from dataclasses import dataclass, field

from accelerate import PartialState
from trl import ModelConfig, SFTConfig

from tastetune.config.arguments import AnswerArguments, SftArguments
from tastetune.config.recipe import parse_recipe
from tastetune.errors import InputError, run
from tastetune.explanations.explaining import described, explain, explainer
from tastetune.explanations.explanation import ExplanationSettings
from tastetune.explanations.faithfulness import faithfulness, summary
from tastetune.explanations.files import are_explanations_of, origin_of, write_explanations
from tastetune.explanations.selection import chosen_rows
from tastetune.language_models.language_model import ModelRecipe
from tastetune.locks import held_file
from tastetune.tasks import label_task_of

SHOWN = 3
"""Explanations that are printed of those that are written."""


@dataclass
class ExplainArguments:
    rows: int = field(default=50, metadata={"help": "Rows to explain."})
    user: str | None = field(default=None, metadata={"help": "Show this user's rows."})
    row: str | None = field(default=None, metadata={"help": "Show this row."})
    adapter: str | None = field(default=None, metadata={"help": "This adapter in place of the run's own."})
    base: bool = field(default=False, metadata={"help": "The base model, though an adapter was trained."})
    draws: int = field(default=5, metadata={"help": "How often as many others are taken out."})
    max_reason_tokens: int = field(default=48, metadata={"help": "A text ends after so many tokens."})

    def __post_init__(self):
        for name in ("rows", "draws", "max_reason_tokens"):
            if getattr(self, name) < 1:
                raise InputError(f"--{name} is {getattr(self, name)}; give at least 1")
        if self.base and self.adapter:
            raise InputError("--base and --adapter name two models; give one of them")
        if self.user and self.row:
            raise InputError("--user and --row both say what to show; give one of them")


def main() -> None:
    args, answers, data, training, model_args = parse_recipe(
        __doc__, (ExplainArguments, AnswerArguments, SftArguments, SFTConfig, ModelConfig)
    )
    recipe = ModelRecipe(data, training, model_args)

    # 1. The rows, and the model
    dataset = recipe.dataset()
    task = label_task_of(dataset, data.dataset_config)
    rows = chosen_rows(task.rows(dataset, answers.split), args.rows, training.seed, user=args.user, row=args.row)
    chosen = explainer(recipe, answers, rows, None if args.base else args.adapter or recipe.trained())
    settings = ExplanationSettings(args.draws, training.seed, args.max_reason_tokens)
    if args.user is not None or args.row is not None:
        with recipe.load().behind(chosen.adapter) as model:
            explanations = explain(model, rows, chosen.asking, settings)
        return print(*described(explanations, dataset), sep="\n")

    # 2. Its words, and what hangs on them
    folder, is_main = data.folder.explanations, PartialState().is_main_process
    path = (folder if answers.split == "test" else folder / answers.split) / f"{chosen.name}.json"
    origin = origin_of(rows, chosen.name, recipe.origin(dataset, chosen.adapter), settings)
    with held_file(path) if is_main else nullcontext():
        if not data.force and are_explanations_of(path, origin):
            return print(f"kept: {path} (--force explains anew)")
        with recipe.load().behind(chosen.adapter) as model:
            explanations = explain(model, rows, chosen.asking, settings)
            origin["model"]["settings"] |= model.remarks

        # 3. One file
        if is_main:
            write_explanations(path, origin, explanations)
            print(*described(explanations[:SHOWN], dataset), *summary(faithfulness(explanations)), sep="\n")
            print(f"explanations: {path} ({len(explanations)} rows)")


if __name__ == "__main__":
    run(main)
