"""Let a language model, with or without an adapter, recommend ten items to every user of a split.

    python scripts/recommend.py recipes/netflix50.yaml --mode constrained \\
        --output outputs/netflix50/predictions/zero-shot-constrained.parquet
    python scripts/recommend.py recipes/netflix50.yaml --mode free --adapter outputs/netflix50/adapter \\
        --output outputs/netflix50/predictions/sft-free.parquet
    python scripts/recommend.py recipes/netflix50.yaml --mode ranked --adapter outputs/netflix50/adapter \\
        --output outputs/netflix50/predictions/sft-ranked.parquet

The recipe is the one the model is trained with: it names the dataset, the base model, and whether tokens are drawn or
the likeliest is taken. `accelerate launch` in place of `python` spreads the users over several GPUs.

    --mode free                titles as the model writes them, matched to the catalogue
    --mode constrained         nothing can be written but titles of the catalogue, not the user's own, none twice
    --mode ranked              the whole catalogue by the probability of each title as the first line
    --adapter FOLDER_OR_ID     trained adapter; without it the base model answers
    --split NAME               split to answer (default test)
    --output FILE.parquet      predictions; the file's stem is the model's name in tables
    --max_batch_tokens N       padded tokens of the prompts in one batch (default 16384)
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from accelerate import PartialState
from transformers import set_seed
from trl import ModelConfig, SFTConfig

from tastetune.chat import prompt_ids
from tastetune.dataset import open_dataset
from tastetune.errors import InputError, run
from tastetune.list_predictions import write_lists
from tastetune.list_rows import item_counts, read_list_rows
from tastetune.models import load_adapter, load_model, load_tokenizer
from tastetune.predictions import Meta
from tastetune.recipe import GenerationArguments, SftArguments, parse_recipe
from tastetune.recommend import Recommender, read_films
from tastetune.tasks.top_n import TopN
from tastetune.training import read_cost, read_settings, refuse_seen, run_settings


@dataclass
class RecommendArguments:
    mode: Literal["free", "constrained", "ranked"] = field(metadata={"help": "How lists are made."})
    output: str = field(metadata={"help": "Predictions file to write, .parquet."})
    adapter: str | None = None
    split: str = "test"
    max_batch_tokens: int = 16384


def main() -> None:
    args, data_args, how, training_args, model_args = parse_recipe(
        __doc__, (RecommendArguments, SftArguments, GenerationArguments, SFTConfig, ModelConfig)
    )
    output = Path(args.output)
    if output.suffix != ".parquet":
        raise InputError(f"--output is {args.output!r}; name a .parquet file")
    if args.adapter:
        refuse_seen(args.adapter, args.split)

    # 1. The rows and the catalogue
    dataset = open_dataset(data_args.dataset_name, data_args.dataset_revision)
    rows = read_list_rows(dataset, args.split)
    films = read_films(dataset.read("items", "train", ["item_id", "title"]), item_counts(dataset))
    task = TopN(**dataset.info["settings"]["task"])
    own = [films.places(liked) for liked in rows.liked]

    # 2. The model
    tokenizer = load_tokenizer(model_args)
    prompts = prompt_ids(tokenizer, rows.prompts)
    model = load_model(model_args).to(PartialState().device).eval()
    stand_in = getattr(model.config, "stand_in", False)
    if args.adapter:
        model = load_adapter(model, args.adapter).eval()

    # 3. The lists
    set_seed(training_args.seed)
    recommender = Recommender(model, tokenizer, films, task, how, args.max_batch_tokens)
    lists = recommender.free(prompts) if args.mode == "free" else getattr(recommender, args.mode)(prompts, own)

    # 4. One table; an adapter is described by the run that made it, not by the recipe of today
    settings = read_settings(args.adapter) or run_settings(dataset, data_args, training_args, model_args)
    if PartialState().is_main_process:
        meta = Meta(
            model=output.stem,
            kind="adapter" if args.adapter else "base",
            dataset=dataset.name,
            config=rows.config,
            split=args.split,
            fingerprint=dataset.fingerprint,
            base_model=model_args.model_name_or_path,
            adapter=args.adapter,
            seed=training_args.seed,
            settings={**settings, **asdict(how), "mode": args.mode, "stand_in": stand_in},
            training=read_cost(args.adapter),
        )
        write_lists(output, meta, dict(zip(rows.example_ids, lists, strict=True)))
        empty = sum(not lines for lines in lists)
        off = sum(line.item_id is None for lines in lists for line in lines)
        print(f"predictions: {output} ({len(lists)} lists, {empty} empty, {off} lines off the catalogue)")


if __name__ == "__main__":
    run(main)
