"""Go on from a fine-tuned adapter with group relative policy optimisation: its own lists, rewarded by the gold list.

    accelerate launch scripts/grpo.py recipes/grpo_netflix50.yaml

To each prompt the model writes num_generations lists. A list's reward is the share of its ten lines that name a film
of the user's gold list (see tastetune.training.rewards): what is off the catalogue, repeated or the user's own earns
nothing.
Lists better than their group become likelier, worse ones less likely.

With beta above 0 the model is held to the fine-tuned adapter itself. total_train_batch_size counts the lists of a step.
The result, the run's grpo/ unless output_dir says otherwise, is an adapter like scripts/sft.py's. A run that was
interrupted goes on from its last checkpoint when it is started again; one that is done is not done again, unless
--force is given.
"""

from tastetune.config.arguments import AdapterArguments, DataArguments
from tastetune.config.recipe import key_places, parse_recipe, refuse_unbuilt
from tastetune.errors import run


def main() -> None:
    refuse_unbuilt()  # before the libraries are loaded, which takes longer than to say so

    from transformers import GenerationConfig
    from trl import ModelConfig

    from tastetune.artifacts.run import run_settings
    from tastetune.language_models.adapters import load_adapter
    from tastetune.language_models.chat import TEMPLATE_VALUES, turn_end
    from tastetune.language_models.loading import load_model
    from tastetune.training.checks import refuse_faults
    from tastetune.training.configs import TotalBatchGRPOConfig
    from tastetune.training.costs import CostRecorder
    from tastetune.training.failures import FailureWatch, explained_disk_errors, warn_if_unrewarded
    from tastetune.training.preparation import Rewards
    from tastetune.training.rewards import PassesGRPOTrainer
    from tastetune.training.runs import held_run, is_done, trained_rows
    from tastetune.training.trainers import adapter_kept

    data_args, adapter_args, training_args, model_args = parse_recipe(
        __doc__, (DataArguments, AdapterArguments, TotalBatchGRPOConfig, ModelConfig), output="grpo"
    )
    output, say = training_args.output_dir, training_args.distributed_state.print

    # 1. All that scripts/doctor.py checks: refused here, before the model is loaded, if it cannot be trained
    prepared = Rewards(data_args, adapter_args, training_args, model_args, key_places())
    refuse_faults(prepared, say)
    dataset, (rows, reward), tokenizer = prepared.dataset, prepared.rewarded, prepared.tokenizer

    # 2. A place to go on from
    settings = run_settings(dataset, data_args, training_args, model_args) | prepared.origin
    if not data_args.force and is_done(output, settings):
        return training_args.distributed_state.print(
            f"done already: {output} holds this very run; --force trains it anew"
        )
    trained = trained_rows(dataset, data_args.dataset_train_split, before=adapter_args.sft_adapter)
    with held_run(training_args, settings, rows=trained, force=data_args.force) as checkpoint:
        # 3. The fine-tuned adapter; lists are drawn as the recipe says, not by defaults that the model brings along
        model = load_model(model_args)
        ends = sorted({turn_end(tokenizer), tokenizer.eos_token_id})
        model.generation_config = GenerationConfig(eos_token_id=ends)
        model = load_adapter(model, adapter_args.sft_adapter, trainable=True)
        training_args.chat_template_kwargs = TEMPLATE_VALUES
        with adapter_kept(model):
            trainer = PassesGRPOTrainer(
                model=model,
                reward_funcs=reward,
                args=training_args,
                train_dataset=rows,
                processing_class=tokenizer,
                callbacks=[CostRecorder(checkpoint), FailureWatch(must_move=False)],
            )
        each = training_args.num_generations
        say(
            f"writing for {len(rows)} users of {dataset.name}: {each} lists for each of {prepared.at_once} users a step"
        )
        say(f"resuming from {checkpoint}" if checkpoint else f"starting from {adapter_args.sft_adapter}")

        # 4. Training
        with explained_disk_errors(output):
            trainer.train(resume_from_checkpoint=checkpoint)
            if training_args.beta:
                trainer.accelerator.unwrap_model(trainer.model).delete_adapter("ref")
            trainer.save_model(output)
        warn_if_unrewarded(reward, trainer)
        say(f"adapter: {output} after {trainer.state.global_step} steps")


if __name__ == "__main__":
    run(main)
