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
    --mode free ranked         several, one after the other; --output must say {mode}: outputs/x/sft-{mode}.parquet
    --adapter FOLDER_OR_ID     trained adapter; without it the base model answers
    --split NAME               split to answer (default test)
    --output FILE.parquet      predictions; the file's stem is the model's name in tables, and {mode} in it the mode
    --max_batch_tokens N       padded tokens of the prompts in one batch (default 16384)
"""

from dataclasses import asdict, dataclass, field

from accelerate import PartialState
from transformers import set_seed
from trl import ModelConfig, SFTConfig

from tastetune.artifacts.list_predictions import write_lists
from tastetune.artifacts.predictions import Meta
from tastetune.config.recipe import GenerationArguments, SftArguments, parse_recipe
from tastetune.errors import run
from tastetune.language_models.chat import prompt_ids
from tastetune.language_models.language_model import Recipe, predictions_file
from tastetune.language_models.top_n import Recommender, mode_files, read_films
from tastetune.tasks.list_rows import read_list_rows
from tastetune.tasks.top_n import TopN


@dataclass
class RecommendArguments:
    mode: list[str] = field(metadata={"help": "How lists are made: free, constrained, ranked, or several of them."})
    output: str = field(metadata={"help": "Predictions file to write, .parquet; {mode} in it stands for the mode."})
    adapter: str | None = None
    split: str = "test"
    max_batch_tokens: int = 16384


def main() -> None:
    args, data_args, how, training_args, model_args = parse_recipe(
        __doc__, (RecommendArguments, SftArguments, GenerationArguments, SFTConfig, ModelConfig)
    )
    recipe = Recipe(data_args, training_args, model_args)
    outputs = mode_files(args.mode, predictions_file(args.output, args.adapter, args.split))

    # 1. The rows and the catalogue
    dataset = recipe.dataset()
    rows = read_list_rows(dataset, args.split)
    films = read_films(dataset.read("items", "train", ["item_id", "title"]), dataset.item_counts())
    task = TopN(**dataset.wording)
    own = [films.places(liked) for liked in rows.liked]

    # 2. The model and its lists, one table a mode
    with recipe.load().behind(args.adapter) as model:
        prompts = prompt_ids(model.tokenizer, rows.prompts)
        recommender = Recommender(model.model, model.tokenizer, films, task, how, args.max_batch_tokens)
        for mode, output in outputs.items():
            set_seed(training_args.seed)
            lists = recommender.free(prompts) if mode == "free" else getattr(recommender, mode)(prompts, own)
            if PartialState().is_main_process:
                origin = recipe.origin(dataset, args.adapter, **asdict(how), mode=mode, stand_in=model.stand_in)
                meta = Meta(model=output.stem, config=rows.config, split=args.split, **origin)
                write_lists(output, meta, dict(zip(rows.example_ids, lists, strict=True)))
                empty = sum(not lines for lines in lists)
                off = sum(line.item_id is None for lines in lists for line in lines)
                print(f"predictions: {output} ({len(lists)} lists, {empty} empty, {off} lines off the catalogue)")


if __name__ == "__main__":
    run(main)
