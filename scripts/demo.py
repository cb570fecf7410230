"""Try a run's models on a page: mark a few titles, and see your top ten, beside what recommenders say.

    python scripts/demo.py recipes/quickstart/stream.yaml
    python scripts/demo.py recipes/ml1m.yaml --port 7861 --adapter outputs/ml1m/adapter/checkpoint-400

Needs the extra `demo`. The recipe names the dataset, whose catalogue is ranked, and the run, whose adapter answers.
Beside it stand two means and the recipe's SVD, which is fitted while the page is open and kept in the run's folder.
The page opens on this machine alone, and nothing leaves it.

    --port N              of this machine (default 7860)
    --adapter FOLDER      this adapter in place of the run's own
"""

from dataclasses import dataclass, field

from tastetune.baselines import wait_passively
from tastetune.config.arguments import AnswerArguments, DataArguments, GenerationArguments, SftArguments
from tastetune.config.recipe import parse_recipe, read_recipe
from tastetune.demo.catalogue import find_catalogue
from tastetune.demo.serve import refuse_used_port, refuse_without_gradio, serve
from tastetune.errors import run


@dataclass
class DemoArguments:
    port: int = field(default=7860, metadata={"help": "The port of this machine that the page is shown on."})
    adapter: str | None = field(default=None, metadata={"help": "This adapter in place of the run's own."})


def main() -> None:
    # 1. What can be refused at once
    args, data = read_recipe(__doc__, (DemoArguments, DataArguments), other_flags=True)
    refuse_without_gradio()
    refuse_used_port(args.port)
    find_catalogue(data)
    wait_passively()

    # 2. The models, loaded once
    from trl import ModelConfig, SFTConfig

    from tastetune.demo.models import load_models
    from tastetune.language_models.language_model import ModelRecipe

    _, asking, _, data, training, model = parse_recipe(
        __doc__, (DemoArguments, AnswerArguments, GenerationArguments, SftArguments, SFTConfig, ModelConfig)
    )
    models = load_models(ModelRecipe(data, training, model), asking, args.adapter)

    # 3. The page, until it is interrupted
    serve(models, args.port)


if __name__ == "__main__":
    run(main)
