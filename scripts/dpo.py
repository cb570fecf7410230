"""Go on from a fine-tuned adapter with direct preference optimisation: likes preferred to real dislikes.

    accelerate launch scripts/dpo.py recipes/dpo_ml1m.yaml
    python scripts/predict.py recipes/ml1m.yaml --adapter outputs/ml1m/dpo --output outputs/ml1m/predictions/dpo.parquet

Every key of the recipe is a flag as well, and a flag wins. The keys are the fields of trl.DPOConfig, trl.ModelConfig
and of DpoArguments below. The reference that the model is held to is the fine-tuned adapter itself. The result is an
adapter like scripts/sft.py's, answered and scored in the same way.
"""

from dataclasses import dataclass, field

from trl import DPOConfig, DPOTrainer, ModelConfig

from tastetune.dataset import open_dataset
from tastetune.errors import InputError, run
from tastetune.models import load_adapter, load_model, load_tokenizer
from tastetune.preferences import read_pairs
from tastetune.recipe import SftArguments, parse_recipe
from tastetune.trainer import start_at_reference
from tastetune.training import CostRecorder, resume_point, run_settings, set_total_batch_size


@dataclass
class DpoArguments(SftArguments):
    sft_adapter: str | None = field(default=None, metadata={"help": "Adapter to start from: a folder or a Hub id."})


def main() -> None:
    data_args, training_args, model_args = parse_recipe(__doc__, (DpoArguments, DPOConfig, ModelConfig))
    set_total_batch_size(training_args, data_args.total_train_batch_size)
    if not data_args.sft_adapter:
        raise InputError("sft_adapter is missing; name the adapter to start from, which scripts/sft.py wrote")

    # 1. Pairs
    dataset = open_dataset(data_args.dataset_name, data_args.dataset_revision)
    pairs, counts = read_pairs(dataset, data_args.dataset_config, data_args.dataset_train_split)

    # 2. A place to go on from
    settings = run_settings(dataset, data_args, training_args, model_args)
    settings |= {"beta": training_args.beta, "sft_adapter": data_args.sft_adapter}
    with training_args.main_process_first(local=False):
        checkpoint = resume_point(training_args.output_dir, settings)

    # 3. The fine-tuned adapter, once to train and, copied by the trainer, once to be held to
    tokenizer = load_tokenizer(model_args)
    trainer = DPOTrainer(
        model=load_adapter(load_model(model_args), data_args.sft_adapter, trainable=True),
        args=training_args,
        train_dataset=pairs,
        processing_class=tokenizer,
        callbacks=[CostRecorder(checkpoint)],
    )
    start_at_reference(trainer.model)
    say = trainer.accelerator.print
    say(f"training on {counts['pairs']} pairs of {dataset.name} ({counts['left_out']} rows in none)")
    say(f"resuming from {checkpoint}" if checkpoint else f"starting from {data_args.sft_adapter}")

    # 4. Training
    trainer.train(resume_from_checkpoint=checkpoint)
    trainer.accelerator.unwrap_model(trainer.model).delete_adapter("ref")
    trainer.save_model(training_args.output_dir)
    say(f"adapter: {training_args.output_dir} after {trainer.state.global_step} steps")


if __name__ == "__main__":
    run(main)
