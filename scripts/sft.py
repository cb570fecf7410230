"""Fine-tune a language model on a built dataset with QLoRA, as a recipe says.

    accelerate launch scripts/sft.py recipes/ml1m.yaml
    accelerate launch scripts/sft.py recipes/ml1m.yaml --max_steps 5 --model_name_or_path path/to/llama

Every key of the recipe is a flag as well, and a flag wins. The keys are the fields of trl.SFTConfig, trl.ModelConfig,
tastetune.config.recipe.SftArguments and, for what answers lists later, GenerationArguments. A run that was interrupted
goes on from its last checkpoint when it is started again.

Writes into output_dir: the adapter and its tokenizer, checkpoints, the settings of the run and what it cost.
"""

from trl import ModelConfig, SFTConfig, get_peft_config

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import run_settings
from tastetune.config.recipe import GenerationArguments, SftArguments, parse_recipe
from tastetune.errors import run
from tastetune.language_models.loading import load_model, load_tokenizer
from tastetune.training.data import check_lengths, set_total_batch_size, training_rows
from tastetune.training.runs import CostRecorder, resume_point
from tastetune.training.trainers import CompactSFTTrainer, keep_adapter_in_float32


def main() -> None:
    data_args, training_args, model_args, _ = parse_recipe(
        __doc__, (SftArguments, SFTConfig, ModelConfig, GenerationArguments)
    )
    set_total_batch_size(training_args, data_args.total_train_batch_size)

    # 1. The rows: refused here, before the model is loaded, if they cannot be trained on
    dataset = open_dataset(data_args.dataset_name, data_args.dataset_revision)
    rows = training_rows(dataset, data_args.dataset_config, data_args.dataset_train_split, training_args)
    tokenizer = load_tokenizer(model_args)
    check_lengths(rows, tokenizer, training_args.max_length)

    # 2. A place to go on from
    settings = run_settings(dataset, data_args, training_args, model_args)
    with training_args.main_process_first(local=False):
        checkpoint = resume_point(training_args.output_dir, settings)

    # 3. The model behind a fresh adapter
    pushing, training_args.push_to_hub = training_args.push_to_hub, False  # pushed once, at the end
    trainer = CompactSFTTrainer(
        model=load_model(model_args),
        args=training_args,
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=get_peft_config(model_args),
        callbacks=[CostRecorder(checkpoint)],
    )
    keep_adapter_in_float32(trainer.model)
    say = trainer.accelerator.print
    say(f"training on {len(rows)} rows of {dataset.name} ({data_args.dataset_train_split}) in {trainer.args.device}")
    say(f"resuming from {checkpoint}" if checkpoint else "starting from the base model")

    # 4. Training
    trainer.train(resume_from_checkpoint=checkpoint)
    trainer.save_model(training_args.output_dir)
    say(f"adapter: {training_args.output_dir} after {trainer.state.global_step} steps")
    if pushing and trainer.is_world_process_zero():
        from tastetune.hub.push import push_folder

        repo = training_args.hub_model_id or training_args.output_dir.rstrip("/").rpartition("/")[2]
        url = push_folder(training_args.output_dir, repo, private=training_args.hub_private_repo is not False)
        say(f"pushed: {url}")


if __name__ == "__main__":
    run(main)
