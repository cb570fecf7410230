"""Let a language model, with or without an adapter, answer every row of a split.

    python scripts/predict.py recipes/ml1m.yaml --split test --output outputs/ml1m/predictions/zero-shot.parquet
    python scripts/predict.py recipes/ml1m.yaml --shots 3 --output outputs/ml1m/predictions/3-shot.parquet
    python scripts/predict.py recipes/ml1m.yaml --adapter outputs/ml1m/adapter/checkpoint-100 \\
        --output outputs/ml1m/predictions/sft-100.parquet

The recipe is the one the model is trained with: it names the dataset and the base model. `accelerate launch` in place
of `python` spreads the rows over several GPUs. One forward pass a prompt gives P(Yes); --generate writes the answer
out and parses it instead, as published studies do.

    --adapter FOLDER_OR_ID     trained adapter; without it the base model answers
    --shots 0|3                worked examples before each prompt (default 0)
    --split NAME               split to answer (default test)
    --output FILE.parquet      predictions; the file's stem is the model's name in tables
    --generate                 score generated text instead of probabilities
    --max_batch_tokens N       padded tokens in one batch (default 16384)

With dataset_config: rating, in the recipe or as a flag, the same rows are asked for 1 to 5 stars, and the score is the
expected rating under the five answers' probabilities: scripts/score.py shows its RMSE and MAE beside the others'.
"""

from dataclasses import dataclass, field

from accelerate import PartialState
from trl import ModelConfig, SFTConfig

from tastetune.artifacts.predictions import Meta, write_predictions
from tastetune.config.recipe import SftArguments, parse_recipe
from tastetune.errors import InputError, run
from tastetune.language_models.language_model import Recipe, predictions_file
from tastetune.language_models.like_dislike import read_questions, respond
from tastetune.tasks.rating import CONFIG as RATING


@dataclass
class PredictArguments:
    output: str = field(metadata={"help": "Predictions file to write, .parquet."})
    adapter: str | None = None
    split: str = "test"
    shots: int = 0
    generate: bool = False
    max_batch_tokens: int = 16384


def main() -> None:
    args, data_args, training_args, model_args = parse_recipe(
        __doc__, (PredictArguments, SftArguments, SFTConfig, ModelConfig)
    )
    recipe = Recipe(data_args, training_args, model_args)
    output = predictions_file(args.output, args.adapter, args.split)
    if args.shots < 0:
        raise InputError(f"--shots is {args.shots}; give 0 or more, 3 by custom")
    if data_args.dataset_config == RATING and (args.shots or args.generate):
        raise InputError("--shots and --generate: stars are read off probabilities, without examples; leave both away")

    # 1. The rows, and the worked examples before them
    dataset = recipe.dataset()
    questions = read_questions(dataset, data_args.dataset_config, args.split, args.shots, training_args.seed)

    # 2. The model and its answers
    with recipe.load().behind(args.adapter) as model:
        scores, answers = respond(model, questions, args.max_batch_tokens, generate=args.generate)
        origin = recipe.origin(dataset, args.adapter, stand_in=model.stand_in)

    # 3. One table
    if PartialState().is_main_process:
        meta = Meta(model=output.stem, **questions.asked, **origin)
        write_predictions(output, meta, questions.example_ids, scores, answers)
        unparsed = "" if answers is None else f", {scores.count(0.5)} unparsable"
        print(f"predictions: {output} ({len(scores)} rows{unparsed})")


if __name__ == "__main__":
    run(main)
