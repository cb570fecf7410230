"""Ask what one person would like: ten titles out of the whole catalogue, or how likely they like a certain one.

    python scripts/ask.py recipes/ml1m.yaml --ratings my_ratings.csv
    python scripts/ask.py recipes/ml1m.yaml --ratings letterboxd-me-2024-01-31.zip --top 20
    python scripts/ask.py recipes/ml1m.yaml --ratings my_ratings.csv --item "Alien" "Fargo (1996)"
    python scripts/ask.py recipes/ml1m.yaml --ratings my_ratings.csv --recommenders recbole_configs/svd.yaml --json

The list is the person's own: a CSV file with the columns title and rating, or what a service exports, as it was
downloaded. The recipe names the dataset, whose catalogue the titles are looked for in, and the model: the run's adapter
if it was trained, else the base model. Nothing is trained anew and nothing leaves this machine.

    --ratings FILE             the list: a file, an archive, or its folder
    --format NAME              whose export it is: letterboxd, goodreads, netflix_history, myanimelist, lastfm, spotify,
                               or list, one's own (default: recognised by its content)
    --top N                    titles to name, of those that are not in the list (default 10)
    --item TITLE ...           ask about these titles instead
    --adapter FOLDER_OR_ID     this adapter in place of the run's own
    --recommenders CONFIG ...  recommenders to fit with the person among the users, files of recbole_configs/
    --json                     write JSON; what is said on the way goes to stderr

Beside the model stand two means over the training rows, user_item_mean and item_mean, and behind every score its rank
by that model. Ratings are brought onto the dataset's scale; a like stays a like.
"""

import json
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass, field

from tastetune.artifacts.dataset import open_dataset
from tastetune.config.arguments import AnswerArguments, DataArguments, GenerationArguments, SftArguments
from tastetune.config.recipe import parse_recipe, read_recipe
from tastetune.data.exports import EXPORTS, read_export
from tastetune.errors import InputError, run
from tastetune.person.dataset import with_person
from tastetune.person.person import find_person
from tastetune.person.report import Advice, described, list_as_json
from tastetune.tasks import label_task_of


@dataclass
class AskArguments:
    ratings: str | None = field(default=None, metadata={"help": "The person's list."})
    format: str | None = field(default=None, metadata={"help": "Whose export it is."})
    top: int = field(default=10, metadata={"help": "Titles to name."})
    item: list[str] = field(default_factory=list, metadata={"help": "Ask about these titles."})
    adapter: str | None = field(default=None, metadata={"help": "This adapter in place of the run's own."})
    recommenders: list[str] = field(default_factory=list, metadata={"help": "Recommenders to fit beside it."})
    json: bool = field(default=False, metadata={"help": "Write JSON."})

    def __post_init__(self):
        if self.ratings is None:
            raise InputError("--ratings is missing; name the person's list, a file with the columns title and rating")
        if self.format is not None and self.format not in EXPORTS:
            raise InputError(f"--format {self.format}: expected one of {', '.join(EXPORTS)}")
        if not 1 <= self.top <= 1000:
            raise InputError(f"--top {self.top}: expected a number from 1 to 1000")


def main() -> None:
    args, data = read_recipe(__doc__, (AskArguments, DataArguments), other_flags=True)
    with redirect_stdout(sys.stderr) if args.json else nullcontext():
        # 1. The list, and its titles in the catalogue
        data.refuse_unbuilt()
        dataset = open_dataset(data.dataset, data.dataset_revision)
        task = label_task_of(dataset, data.dataset_config)
        person = find_person(read_export(args.ratings, args.format), dataset)
        targets = person.targets(args.item)
        print(*described(person, dataset, targets), sep="\n")

        # 2. What the models say, the heavy libraries loaded only for a list that can be answered
        from trl import ModelConfig, SFTConfig

        from tastetune.language_models.language_model import ModelRecipe
        from tastetune.person.answers import answers

        _, asking, _, data, training, model = parse_recipe(
            __doc__, (AskArguments, AnswerArguments, GenerationArguments, SftArguments, SFTConfig, ModelConfig)
        )
        asked = with_person(dataset, person, targets)
        recipe, others = ModelRecipe(data, training, model), args.recommenders
        scores = answers(recipe, asking, task, asked, adapter=args.adapter, recommenders=others)

    # 3. One table
    advice = Advice(targets, [person.matcher.titles[item] for item in targets], scores)
    n = len(args.item) or args.top
    if args.json:
        found = {"list": list_as_json(person, dataset), "answers": advice.as_json(n)}
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        print("", *advice.text(n, dataset.wording.get("items", "items")), sep="\n")


if __name__ == "__main__":
    run(main)
