"""Go on from a fine-tuned adapter with direct preference optimisation: likes preferred to real dislikes.

    accelerate launch scripts/dpo.py recipes/dpo_ml1m.yaml

The reference that the model is held to is the fine-tuned adapter itself. The result, the run's dpo/ unless output_dir
says otherwise, is an adapter like scripts/sft.py's, answered and scored in the same way. A run that was interrupted
goes on from its last checkpoint when it is started again; one that is done is not done again, unless --force is given.
"""

from tastetune.config.arguments import AdapterArguments, BatchArguments
from tastetune.config.recipe import key_places, parse_recipe, refuse_unbuilt
from tastetune.errors import run


def main() -> None:
    refuse_unbuilt()  # before the libraries are loaded, which takes longer than to say so

    from trl import DPOConfig, DPOTrainer, ModelConfig

    from tastetune.artifacts.run import run_settings
    from tastetune.language_models.adapters import load_adapter
    from tastetune.language_models.loading import load_model
    from tastetune.training.checks import refuse_faults
    from tastetune.training.costs import CostRecorder
    from tastetune.training.failures import FailureWatch, explained_disk_errors
    from tastetune.training.preparation import Preferences
    from tastetune.training.runs import held_run, is_done, trained_rows
    from tastetune.training.trainers import adapter_kept

    data_args, adapter_args, training_args, model_args = parse_recipe(
        __doc__, (BatchArguments, AdapterArguments, DPOConfig, ModelConfig), output="dpo"
    )
    output, say = training_args.output_dir, training_args.distributed_state.print

    # 1. All that scripts/doctor.py checks: refused here, before the model is loaded, if it cannot be trained
    prepared = Preferences(data_args, adapter_args, training_args, model_args, key_places())
    refuse_faults(prepared, say)
    dataset, (_, counts), pairs = prepared.dataset, prepared.pairs, prepared.rows

    # 2. A place to go on from
    settings = run_settings(dataset, data_args, training_args, model_args) | prepared.origin
    if not data_args.force and is_done(output, settings):
        return training_args.distributed_state.print(
            f"done already: {output} holds this very run; --force trains it anew"
        )
    trained = trained_rows(dataset, data_args.dataset_train_split, before=adapter_args.sft_adapter)
    with held_run(training_args, settings, rows=trained, force=data_args.force) as checkpoint:
        # 3. The fine-tuned adapter, once to train and, copied by the trainer, once to be held to
        model = load_model(model_args)
        model = load_adapter(model, adapter_args.sft_adapter, trainable=True)
        with adapter_kept(model):
            trainer = DPOTrainer(
                model=model,
                args=training_args,
                train_dataset=pairs,
                processing_class=prepared.tokenizer,
                callbacks=[CostRecorder(checkpoint), FailureWatch()],
            )
        say(f"{counts['pairs']} pairs of {dataset.name} ({counts['left_out']} rows in none), training on {len(pairs)}")
        say(f"resuming from {checkpoint}" if checkpoint else f"starting from {adapter_args.sft_adapter}")

        # 4. Training
        with explained_disk_errors(output):
            trainer.train(resume_from_checkpoint=checkpoint)
            trainer.accelerator.unwrap_model(trainer.model).delete_adapter("ref")
            trainer.save_model(output)
        say(f"adapter: {output} after {trainer.state.global_step} steps")


if __name__ == "__main__":
    run(main)
