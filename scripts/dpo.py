"""Go on from a fine-tuned adapter with direct preference optimisation: likes preferred to real dislikes.

    accelerate launch scripts/dpo.py recipes/dpo_ml1m.yaml
    python scripts/predict.py recipes/ml1m.yaml --adapter outputs/ml1m/dpo --output outputs/ml1m/predictions/dpo.parquet

Every key of the recipe is a flag as well, and a flag wins. The keys are the fields of trl.DPOConfig, trl.ModelConfig,
tastetune.config.recipe.SftArguments and AdapterArguments. The reference that the model is held to is the fine-tuned
adapter itself. The result is an adapter like scripts/sft.py's, answered and scored in the same way. A run that was
interrupted goes on from its last checkpoint when it is started again.
"""

from trl import DPOConfig, DPOTrainer, ModelConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import run_settings
from tastetune.config.recipe import AdapterArguments, SftArguments, parse_recipe
from tastetune.errors import run
from tastetune.language_models.loading import load_adapter, load_model, load_tokenizer
from tastetune.training.data import check_lengths, drawn, set_total_batch_size
from tastetune.training.preferences import read_pairs
from tastetune.training.runs import CostRecorder, refuse_push, resume_point, starting_point
from tastetune.training.trainers import adapter_kept


def main() -> None:
    data_args, start, training_args, model_args = parse_recipe(
        __doc__, (SftArguments, AdapterArguments, DPOConfig, ModelConfig)
    )
    set_total_batch_size(training_args, data_args.total_train_batch_size)
    refuse_push(training_args)
    started = starting_point(start.sft_adapter)

    # 1. Pairs: as many as the steps will see, refused here if the trainer would cut one
    dataset = open_dataset(data_args.dataset_name, data_args.dataset_revision)
    pairs, counts = read_pairs(dataset, data_args.dataset_config, data_args.dataset_train_split)
    pairs = drawn(pairs, training_args)
    tokenizer = load_tokenizer(model_args)
    for answer in ("chosen", "rejected"):
        check_lengths(pairs, tokenizer, training_args.max_length, answer)

    # 2. A place to go on from
    settings = run_settings(dataset, data_args, training_args, model_args) | started | {"beta": training_args.beta}
    with training_args.main_process_first(local=False):
        checkpoint = resume_point(training_args.output_dir, settings)

    # 3. The fine-tuned adapter, once to train and, copied by the trainer, once to be held to
    model = load_adapter(load_model(model_args), start.sft_adapter, trainable=True)
    with adapter_kept(model):
        trainer = DPOTrainer(
            model=model,
            args=training_args,
            train_dataset=pairs,
            processing_class=tokenizer,
            callbacks=[CostRecorder(checkpoint)],
        )
    say = trainer.accelerator.print
    say(f"{counts['pairs']} pairs of {dataset.name} ({counts['left_out']} rows in none), training on {len(pairs)}")
    say(f"resuming from {checkpoint}" if checkpoint else f"starting from {start.sft_adapter}")

    # 4. Training
    trainer.train(resume_from_checkpoint=checkpoint)
    trainer.accelerator.unwrap_model(trainer.model).delete_adapter("ref")
    trainer.save_model(training_args.output_dir)
    say(f"adapter: {training_args.output_dir} after {trainer.state.global_step} steps")


if __name__ == "__main__":
    run(main)
