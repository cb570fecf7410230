"""Let a language model answer every row of a split: as it comes, and after each step that the recipe asks to look at.

    python scripts/predict.py recipes/ml1m.yaml
    python scripts/predict.py recipes/ml1m.yaml --only 3-shot sft-100
    python scripts/predict.py recipes/netflix50.yaml --modes free ranked
    python scripts/predict.py recipes/ml1m.yaml --adapter outputs/ml1m/dpo
    python scripts/predict.py recipes/ml1m.yaml --shots 3 --output outputs/ml1m/predictions/3-shot.parquet

The recipe is the one the model is trained with: it names the dataset, the base model and, in `checkpoints`, `shots` and
`modes`, what is looked at. `accelerate launch` in place of `python` spreads the rows over several GPUs. Predictions go
into the run's folder, `predictions/NAME.parquet`, those of another split than test into a folder of its name. What is
there already, of the same model, rows and settings, is kept.

    --only NAME ...            of the recipe's models these alone
    --adapter FOLDER_OR_ID     this adapter alone, in place of the run's own
    --output FILE.parquet      one model's file; its stem is the model's name in tables, and {mode} in it the mode
    --split NAME               split to answer (default test)
    --shots N ...              worked examples before the base model's prompts, one model each
    --checkpoints STEP ...     checkpoints of the run that answer as well
    --modes MODE ...           likes: probability (one pass a prompt gives P(Yes)) or generate (the answer is written
                               out and parsed, as published studies do); lists: free (titles as the model writes them),
                               constrained (nothing but titles of the catalogue, not the user's own, none twice) or
                               ranked (the whole catalogue by the probability of each title as the first line)
    --stream_history train     of streams: ask each row behind what stood before its split alone
    --max_batch_tokens N       padded tokens in one batch at most (default 16384); probabilities on a CPU take 2048
    --force                    answer anew what is there already

With dataset_config: rating, in the recipe or as a flag, rows of likes are asked for 1 to 5 stars, and the score is the
expected rating under the five answers' probabilities: scripts/score.py shows its RMSE and MAE beside the others'. With
stream or stream_rating each row is asked behind its user's earlier ratings, all of a user's rows in one pass.
"""

from dataclasses import dataclass, field, replace

from trl import ModelConfig, SFTConfig

from tastetune.config.arguments import AnswerArguments, GenerationArguments, SftArguments
from tastetune.config.recipe import parse_recipe
from tastetune.errors import run
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import answer, candidates, in_file, in_folder
from tastetune.language_models.language_model import ModelRecipe
from tastetune.tasks import task_of


@dataclass
class PredictArguments:
    only: list[str] = field(default_factory=list, metadata={"help": "Of the recipe's models these alone."})
    adapter: str | None = field(default=None, metadata={"help": "This adapter alone, in place of the run's own."})
    output: str | None = field(default=None, metadata={"help": "One model's predictions file, .parquet."})


def main() -> None:
    args, answers, generation, data, training, model = parse_recipe(
        __doc__, (PredictArguments, AnswerArguments, GenerationArguments, SftArguments, SFTConfig, ModelConfig)
    )
    recipe = ModelRecipe(data, training, model)

    # 1. The rows
    dataset = recipe.dataset()
    task = task_of(dataset, data.dataset_config)
    rows = task.rows(dataset, answers.split)

    # 2. The models, and where their answers go
    shared = Asking.of(answers, generation, training.seed)
    if args.adapter:
        chosen = candidates(task, replace(answers, checkpoints=[]), shared, adapter=args.adapter, base=False)
    else:
        fine_tuned = model.model_name_or_path if recipe.base_record.is_fine_tuned else None
        adapter = None if args.output else recipe.trained()
        if args.output:
            answers = replace(answers, shots=answers.shots[:1])
        chosen = candidates(task, answers, shared, adapter=adapter, fine_tuned=fine_tuned)
    if args.output:
        files = in_file(chosen, args.output)
    else:
        folder = data.folder.predictions
        files = in_folder(chosen, folder if answers.split == "test" else folder / answers.split, args.only)

    # 3. Their answers
    answer(recipe, rows, files, force=data.force)


if __name__ == "__main__":
    run(main)
