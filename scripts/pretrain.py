"""Make the quickstart's stand-in language model: a tokenizer and a tiny Llama, pre-trained on rating streams.

    accelerate launch scripts/pretrain.py recipes/quickstart/pretrain.yaml

The keys of the recipe are the fields of trl.SFTConfig and of PretrainArguments below. Writes an ordinary Hugging Face
model folder into output_dir. It is a stand-in that lets the pipeline run without a download, not a model to use.
"""

from dataclasses import dataclass

from transformers import set_seed
from trl import SFTConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.config.recipe import DataArguments, parse_recipe
from tastetune.errors import run
from tastetune.language_models.chat import plain_text
from tastetune.training.stand_in import make_model, rating_streams, train_tokenizer
from tastetune.training.trainers import CompactSFTTrainer


@dataclass
class PretrainArguments(DataArguments):
    """What the model is made of."""

    vocab_size: int = 4000
    width: int = 128
    layers: int = 4
    heads: int = 4
    ratings_each: int = 40


def main() -> None:
    made, training_args = parse_recipe(__doc__, (PretrainArguments, SFTConfig))

    # 1. A tokenizer from the training titles and prompts
    dataset = open_dataset(made.dataset_name, made.dataset_revision)
    items = dataset.read("items", "train", ["item_id", "title"]).to_pydict()
    prompts = dataset.read(made.dataset_config, made.dataset_train_split, ["prompt"])["prompt"].to_pylist()
    texts = map(plain_text, prompts[:: max(1, len(prompts) // 5000)])
    tokenizer = train_tokenizer([*items["title"], *texts], made.vocab_size)

    # 2. A Llama with random weights, and the streams it learns from
    set_seed(training_args.seed)
    model = make_model(tokenizer, made.width, made.layers, made.heads)
    interactions = dataset.read("interactions", made.dataset_train_split)
    interactions = interactions.sort_by(
        [("user_id", "ascending"), ("timestamp", "ascending"), ("item_id", "ascending")]
    )
    titles = dict(zip(items["item_id"], items["title"], strict=True))
    streams = rating_streams(interactions, titles, tokenizer, made.ratings_each, dataset.like_from)

    # 3. Training, and an ordinary model folder
    trainer = CompactSFTTrainer(model=model, args=training_args, train_dataset=streams, processing_class=tokenizer)
    say = trainer.accelerator.print
    say(f"pre-training {model.num_parameters():,} parameters on {len(interactions)} ratings in {len(streams)} streams")
    trainer.train()
    trainer.save_model(training_args.output_dir)
    say(f"stand-in model: {training_args.output_dir}")


if __name__ == "__main__":
    run(main)
