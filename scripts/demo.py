"""Try a run's models on a page: mark a few titles, and see your top ten, beside what recommenders say.

    python scripts/demo.py recipes/quickstart/stream.yaml
    python scripts/demo.py recipes/ml1m.yaml --port 7861 --adapter outputs/ml1m/adapter/checkpoint-400
    python scripts/demo.py recipes/ml1m.yaml --push_to_space my-org/ml1m-page --adapter my-org/Llama-ml1m-adapter \\
        --dataset my-org/ml1m-like-dislike --dry_run

Needs the extra `demo`. The recipe names the dataset, whose catalogue is ranked, and the run, whose adapter answers.
Beside it stand two means and the recipe's SVD and SASRec, which are fitted while the page is open and kept in the run's
folder. A button lets the model write why a title suits, and measures how far to believe it. The page opens on
this machine alone, and nothing leaves it.

    --port N                  of this machine (default 7860)
    --host ADDRESS            to listen on (default 127.0.0.1, this machine alone)
    --adapter FOLDER_OR_ID    this adapter in place of the run's own
    --push_to_space ORG/NAME  push the page to the Hub as a Space in place of showing it: its code alone, which loads
                              the adapter, the base model and the dataset from the Hub
    --dataset ORG/NAME        the recipe's dataset on the Hub, where that is a folder here
    --base_model ORG/NAME     the recipe's base model on the Hub, where that is a folder here
    --public                  let everybody see the Space
    --dry_run                 list what would go to the Space
"""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tastetune.baselines import wait_passively
from tastetune.config.arguments import AnswerArguments, DataArguments, GenerationArguments, SftArguments
from tastetune.config.recipe import parse_recipe, read_recipe
from tastetune.demo.catalogue import find_catalogue
from tastetune.demo.serve import HOST, refuse_used_port, refuse_without_gradio, serve
from tastetune.errors import run


@dataclass
class DemoArguments:
    port: int = field(default=7860, metadata={"help": "The port that the page is shown on."})
    host: str = field(default=HOST, metadata={"help": "The address to listen on; this machine alone by default."})
    adapter: str | None = field(default=None, metadata={"help": "This adapter in place of the run's own."})
    push_to_space: str | None = field(default=None, metadata={"help": "Push the page to this Space instead."})
    dataset: str | None = field(default=None, metadata={"help": "The dataset's Hub id, for a Space."})
    base_model: str | None = field(default=None, metadata={"help": "The base model's Hub id, for a Space."})
    public: bool = field(default=False, metadata={"help": "Let everybody see the Space."})
    dry_run: bool = field(default=False, metadata={"help": "List what would go to the Space."})


def main() -> None:
    # 1. What can be refused at once
    args, data = read_recipe(__doc__, (DemoArguments, DataArguments), other_flags=True)
    refuse_without_gradio()
    dataset, *_ = find_catalogue(data)
    if not args.push_to_space:
        refuse_used_port(args.port, args.host)
    wait_passively()

    # 2. The recipe's models
    from trl import ModelConfig, SFTConfig

    from tastetune.demo.models import load_models
    from tastetune.demo.space import SpaceParts, push_space, write_space
    from tastetune.language_models.language_model import ModelRecipe

    _, asking, _, data, training, model = parse_recipe(
        __doc__, (DemoArguments, AnswerArguments, GenerationArguments, SftArguments, SFTConfig, ModelConfig)
    )

    # 3. The page, until it is interrupted, or its code as a Space
    if not args.push_to_space:
        serve(load_models(ModelRecipe(data, training, model), asking, args.adapter), args.port, args.host)
        return
    base = args.base_model or str(model.model_name_or_path)
    parts = SpaceParts(args.adapter or str(training.output_dir), base, args.dataset or data.dataset)
    settings = {**vars(data), **vars(training), **vars(model)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "space"
        write_space(folder, parts, dataset, settings, private=not args.public)
        push_space(folder, args.push_to_space, private=not args.public, dry_run=args.dry_run)


if __name__ == "__main__":
    run(main)
