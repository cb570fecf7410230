"""Make the quickstart's stand-in language model: a tokenizer and a tiny Llama, pre-trained on rating streams.

    accelerate launch scripts/pretrain.py recipes/quickstart/pretrain.yaml

Writes an ordinary Hugging Face model folder, the run's model/ unless output_dir says otherwise. It is a stand-in that
lets the pipeline run without a download, not a model to use. One that is done is not done again, unless --force is
given.
"""

from tastetune.config.arguments import SftArguments, StandInArguments
from tastetune.config.recipe import key_places, parse_recipe, refuse_unbuilt
from tastetune.errors import run


def main() -> None:
    refuse_unbuilt()  # before the libraries are loaded, which takes longer than to say so

    from transformers import set_seed
    from trl import SFTConfig

    from tastetune.artifacts.dataset import open_titled
    from tastetune.artifacts.run import run_settings
    from tastetune.training.constructions import check_arguments
    from tastetune.training.costs import CostRecorder
    from tastetune.training.data import set_total_batch_size
    from tastetune.training.failures import FailureWatch, explained_disk_errors
    from tastetune.training.preparation.dropout import drop_while_trained
    from tastetune.training.pretraining import pretraining_rows, pretraining_tokenizer, refuse_item_tokens
    from tastetune.training.runs import held_run, is_done, refuse_push_and_evaluation, trained_rows
    from tastetune.training.stand_in import make_model
    from tastetune.training.trainers import CompactSFTTrainer

    data_args, stand_in, training_args = parse_recipe(
        __doc__, (SftArguments, StandInArguments, SFTConfig), output="model"
    )
    output, say = training_args.output_dir, training_args.distributed_state.print
    refuse_push_and_evaluation(training_args)
    check_arguments(training_args, key_places())
    refuse_item_tokens(data_args)
    set_total_batch_size(training_args, data_args.total_train_batch_size)
    dataset = open_titled(data_args.dataset, data_args.dataset_revision)
    settings = run_settings(dataset, data_args, training_args, stand_in)
    if not data_args.force and is_done(output, settings):
        return training_args.distributed_state.print(
            f"done already: {output} holds this very model; --force makes it anew"
        )
    trained = trained_rows(dataset, data_args.dataset_train_split, config="interactions")
    with held_run(training_args, settings, rows=trained, force=data_args.force) as checkpoint:
        # 1. A tokenizer, a Llama with random weights, and the streams it learns from
        tokenizer = pretraining_tokenizer(dataset, data_args, stand_in)
        set_seed(training_args.seed)
        model = make_model(tokenizer, stand_in.width, stand_in.layers, stand_in.heads)
        drop_while_trained(model, data_args)
        seed, length = training_args.seed, training_args.max_length
        streams = pretraining_rows(dataset, data_args, stand_in, tokenizer, max_length=length, seed=seed)

        # 2. Training, and an ordinary model folder
        trainer = CompactSFTTrainer(
            model=model,
            args=training_args,
            train_dataset=streams,
            processing_class=tokenizer,
            callbacks=[CostRecorder(checkpoint, len(streams)), FailureWatch()],
        )
        say(f"pre-training {model.num_parameters():,} parameters on {len(streams)} streams")
        with explained_disk_errors(output):
            trainer.train(resume_from_checkpoint=checkpoint)
            trainer.save_model(output)
        say(f"stand-in model: {output}")


if __name__ == "__main__":
    run(main)
