"""Make the quickstart's stand-in language model: a tokenizer and a tiny Llama, pre-trained on rating streams.

    accelerate launch scripts/pretrain.py recipes/quickstart/pretrain.yaml

Writes an ordinary Hugging Face model folder, the run's model/ unless output_dir says otherwise. It is a stand-in that
lets the pipeline run without a download, not a model to use. One that is done is not done again, unless --force is
given.
"""

from tastetune.config.arguments import DataArguments, StandInArguments
from tastetune.config.recipe import key_places, parse_recipe, refuse_unbuilt
from tastetune.errors import run


def main() -> None:
    refuse_unbuilt()  # before the libraries are loaded, which takes longer than to say so

    from transformers import set_seed
    from trl import SFTConfig

    from tastetune.artifacts.dataset import open_titled
    from tastetune.artifacts.run import run_settings
    from tastetune.language_models.chat import plain_text
    from tastetune.training.constructions import check_arguments
    from tastetune.training.costs import CostRecorder
    from tastetune.training.failures import FailureWatch, explained_disk_errors
    from tastetune.training.runs import held_run, is_done, refuse_push_and_evaluation, trained_rows
    from tastetune.training.stand_in import make_model, rating_streams, train_tokenizer
    from tastetune.training.trainers import CompactSFTTrainer

    data_args, stand_in, training_args = parse_recipe(
        __doc__, (DataArguments, StandInArguments, SFTConfig), output="model"
    )
    output = training_args.output_dir
    refuse_push_and_evaluation(training_args)
    check_arguments(training_args, key_places())
    dataset = open_titled(data_args.dataset, data_args.dataset_revision)
    settings = run_settings(dataset, data_args, training_args, stand_in)
    if not data_args.force and is_done(output, settings):
        return print(f"done already: {output} holds this very model; --force makes it anew")
    trained = trained_rows(dataset, data_args.dataset_train_split, config="interactions")
    with held_run(training_args, settings, rows=trained, force=data_args.force) as checkpoint:
        # 1. A tokenizer from the training titles and prompts
        items = dataset.read("items", "train", ["item_id", "title"]).to_pydict()
        prompts = dataset.read(dataset.task, data_args.dataset_train_split, ["prompt"])
        prompts = prompts["prompt"].to_pylist()
        texts = map(plain_text, prompts[:: max(1, len(prompts) // 5000)])
        tokenizer = train_tokenizer([*items["title"], *texts], stand_in.vocab_size)

        # 2. A Llama with random weights, and the streams it learns from
        set_seed(training_args.seed)
        model = make_model(tokenizer, stand_in.width, stand_in.layers, stand_in.heads)
        order = [("user_id", "ascending"), ("timestamp", "ascending"), ("item_id", "ascending")]
        interactions = dataset.read("interactions", data_args.dataset_train_split).sort_by(order)
        titles = dict(zip(items["item_id"], items["title"], strict=True))
        streams = rating_streams(interactions, titles, tokenizer, stand_in.ratings_each, dataset.like_from)

        # 3. Training, and an ordinary model folder
        trainer = CompactSFTTrainer(
            model=model,
            args=training_args,
            train_dataset=streams,
            processing_class=tokenizer,
            callbacks=[CostRecorder(checkpoint, len(streams)), FailureWatch()],
        )
        say = trainer.accelerator.print
        size = f"{len(interactions)} ratings in {len(streams)} streams"
        say(f"pre-training {model.num_parameters():,} parameters on {size}")
        with explained_disk_errors(output):
            trainer.train(resume_from_checkpoint=checkpoint)
            trainer.save_model(output)
        say(f"stand-in model: {output}")


if __name__ == "__main__":
    run(main)
