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
from pathlib import Path

from accelerate import PartialState
from trl import ModelConfig, SFTConfig

from tastetune.answers import like_from
from tastetune.dataset import open_dataset
from tastetune.errors import InputError, run
from tastetune.few_shot import FewShot
from tastetune.models import load_adapter, load_model, load_tokenizer
from tastetune.predictions import Meta, write_predictions
from tastetune.ratings import expected_ratings
from tastetune.recipe import SftArguments, parse_recipe
from tastetune.scoring import generated_answers, yes_probabilities
from tastetune.tasks.like_dislike import LikeDislike
from tastetune.tasks.rating import CONFIG as RATING
from tastetune.tasks.rating import read_rating_rows
from tastetune.training import read_cost, read_settings, refuse_seen, run_settings


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
    output = Path(args.output)
    if args.shots < 0:
        raise InputError(f"--shots is {args.shots}; give 0 or more, 3 by custom")
    if output.suffix != ".parquet":
        raise InputError(f"--output is {args.output!r}; name a .parquet file")

    if args.adapter:
        refuse_seen(args.adapter, args.split)

    # 1. The rows, and the worked examples before them
    dataset = open_dataset(data_args.dataset_name, data_args.dataset_revision)
    stars = data_args.dataset_config == RATING
    if stars and (args.shots or args.generate):
        raise InputError("--shots and --generate: stars are read off probabilities, without examples; leave both away")
    config = "like_dislike" if stars else data_args.dataset_config
    columns = ["example_id", "user_id", "prompt"]
    table = read_rating_rows(dataset, args.split) if stars else dataset.read(config, args.split, columns)
    rows = table.to_pydict()
    prompts = rows["prompt"]
    if not prompts:
        raise InputError(f"{dataset.source}: split {args.split!r} of {config!r} is empty; there is nothing to predict")
    if args.shots:
        task = LikeDislike(**dataset.info["settings"]["task"])
        columns = ["user_id", "label", "history", "prompt", "completion"]
        few = FewShot(dataset.read(config, "train", columns), args.shots, training_args.seed)
        prompts = [task.few_shot(p, few.examples(user)) for user, p in zip(rows["user_id"], prompts, strict=True)]

    # 2. The model
    tokenizer = load_tokenizer(model_args)
    model = load_model(model_args).to(PartialState().device).eval()
    stand_in = getattr(model.config, "stand_in", False)
    if args.adapter:
        model = load_adapter(model, args.adapter).eval()

    # 3. The answers
    answers = None
    if stars:
        scores = expected_ratings(model, tokenizer, prompts, args.max_batch_tokens)
    elif args.generate:
        answers = generated_answers(model, tokenizer, prompts, args.max_batch_tokens)
        scores = [{1: 1.0, 0: 0.0, None: 0.5}[LikeDislike.parse(answer)] for answer in answers]
    else:
        scores = yes_probabilities(model, tokenizer, prompts, args.max_batch_tokens)

    # 4. One table; an adapter is described by the run that made it, not by the recipe of today
    settings = read_settings(args.adapter) or run_settings(dataset, data_args, training_args, model_args)
    if PartialState().is_main_process:
        meta = Meta(
            model=output.stem,
            kind="adapter" if args.adapter else "base",
            dataset=dataset.name,
            config=config,
            split=args.split,
            fingerprint=dataset.fingerprint,
            threshold=like_from(dataset) if stars else 0.5,
            base_model=model_args.model_name_or_path,
            adapter=args.adapter,
            shots=args.shots,
            seed=training_args.seed,
            settings={**settings, "stand_in": stand_in},
            training=read_cost(args.adapter),
        )
        write_predictions(output, meta, rows["example_id"], scores, answers)
        unparsed = "" if answers is None else f", {scores.count(0.5)} unparsable"
        print(f"predictions: {output} ({len(prompts)} rows{unparsed})")


if __name__ == "__main__":
    run(main)
