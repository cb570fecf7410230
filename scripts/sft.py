"""Fine-tune a language model on a built dataset with QLoRA, as a recipe says.

    accelerate launch scripts/sft.py recipes/ml1m.yaml
    accelerate launch scripts/sft.py recipes/ml1m.yaml --max_steps 5 --model_name_or_path path/to/llama
    accelerate launch scripts/sft.py recipes/ml1m_best.yaml --tune 20

A run that was interrupted goes on from its last checkpoint when it is started again; one that is done is not done
again, unless --force is given. With eval_strategy the model answers rows of the validation split while it is trained,
and their ROC-AUC chooses the best checkpoint and the moment to stop, see recipes/ml1m_best.yaml.

With --tune N the settings are chosen first: N trials of rank, learning rate, dropout and, of streams, the length of the
past, or of what the recipe's tune_space names, train on the training split and are judged by ROC-AUC on rows of
validation. The run is then the recipe's with the values of the best trial. What was tried is written beside output_dir,
as adapter.tuning.json; a trial that is done is not run again.

Writes into output_dir, the run's adapter/: the adapter and its tokenizer, checkpoints, the settings of the run and what
it cost.
"""

from tastetune.config.arguments import SftArguments
from tastetune.config.recipe import key_places, parse_recipe, refuse_unbuilt
from tastetune.config.validation import ValidationArguments
from tastetune.errors import run


def main() -> None:
    refuse_unbuilt()  # before the libraries are loaded, which takes longer than to say so

    from trl import ModelConfig

    from tastetune.artifacts.run import run_settings
    from tastetune.artifacts.trained_rows import refuse_trained
    from tastetune.language_models.loading import base_record
    from tastetune.training.checks import refuse_faults
    from tastetune.training.configs import FineTuningConfig
    from tastetune.training.failures import explained_disk_errors
    from tastetune.training.preparation import FineTuning
    from tastetune.training.runs import held_run, is_done, push_run, trained_rows
    from tastetune.training.trainers import fine_tuning_trainer
    from tastetune.training.tuning.trials import tuned

    data_args, validation_args, training_args, model_args = parse_recipe(
        __doc__, (SftArguments, ValidationArguments, FineTuningConfig, ModelConfig)
    )
    output, pushing = training_args.output_dir, training_args.push_to_hub
    say = training_args.distributed_state.print

    # 1. All that scripts/doctor.py checks: refused here, before the model is loaded, if it cannot be trained
    prepared = FineTuning(data_args, validation_args, training_args, model_args, key_places())
    refuse_faults(prepared, say)
    dataset, trials = prepared.dataset, validation_args.tune
    if prepared.validation or trials:
        refuse_trained([base_record(model_args)], dataset, dataset.task, "validation")

    # 2. The recipe's settings, or those that trials on validation choose
    training_args.push_to_hub = False  # pushed once, at the end
    prepared, tuning = tuned(prepared, trials) if trials else (prepared, {})

    # 3. A place to go on from
    rows, validation = prepared.rows, prepared.validation
    settings = run_settings(dataset, prepared.data, prepared.training, prepared.model) | tuning
    settings |= validation.settings if validation else {}
    if not data_args.force and is_done(output, settings):
        say(f"done already: {output} holds this very run; --force trains it anew")
        return push_run(training_args) if pushing else None
    trained = trained_rows(dataset, data_args.dataset_train_split)
    with held_run(training_args, settings, rows=trained, force=data_args.force) as checkpoint:
        # 4. The model behind a fresh adapter
        trainer = fine_tuning_trainer(prepared, validation, checkpoint)
        say(
            f"training on {len(rows)} rows of {dataset.name} ({data_args.dataset_train_split}) in {trainer.args.device}"
        )
        say(f"resuming from {checkpoint}" if checkpoint else "starting from the base model")

        # 5. Training
        with explained_disk_errors(output):
            trainer.train(resume_from_checkpoint=checkpoint)
            trainer.save_model(output)
        best = trainer.state.best_global_step if training_args.load_best_model_at_end else None
        chosen = f", as it was after {best}" if best else ""
        say(f"adapter: {output} after {trainer.state.global_step} steps{chosen}")
    return push_run(training_args) if pushing else None


if __name__ == "__main__":
    run(main)
