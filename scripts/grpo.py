"""Go on from a fine-tuned adapter with group relative policy optimisation: its own lists, rewarded by the gold list.

    accelerate launch scripts/grpo.py recipes/grpo_netflix50.yaml
    python scripts/recommend.py recipes/netflix50.yaml --mode free --adapter outputs/netflix50/grpo \\
        --output outputs/netflix50/predictions/grpo-free.parquet

To each prompt the model writes num_generations lists. A list's reward is the share of its ten lines that name a film
of the user's gold list (see tastetune.training.rewards): what is off the catalogue, repeated or the user's own earns
nothing.
Lists better than their group become likelier, worse ones less likely.

Every key of the recipe is a flag as well, and a flag wins. The keys are the fields of trl.GRPOConfig, trl.ModelConfig,
tastetune.config.recipe.DataArguments and AdapterArguments, and total_train_batch_size: lists a step. With beta above 0
the model is held to the fine-tuned adapter itself. The result is an adapter like scripts/sft.py's. A run that was
interrupted goes on from its last checkpoint when it is started again.
"""

from transformers import GenerationConfig
from trl import GRPOTrainer, ModelConfig

from tastetune.artifacts.dataset import open_dataset
from tastetune.artifacts.run import run_settings
from tastetune.config.recipe import AdapterArguments, DataArguments, parse_recipe
from tastetune.errors import run
from tastetune.language_models.chat import TEMPLATE_VALUES, turn_end
from tastetune.language_models.loading import load_adapter, load_model, load_tokenizer
from tastetune.training.rewards import read_asked
from tastetune.training.runs import CostRecorder, refuse_push, resume_point, starting_point
from tastetune.training.trainers import GroupConfig, adapter_kept

DECISIVE = ["beta", "num_generations", "num_iterations", "loss_type", "scale_rewards", "epsilon", "epsilon_high"]
DECISIVE += ["temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_completion_length"]


def main() -> None:
    data_args, start, training_args, model_args = parse_recipe(
        __doc__, (DataArguments, AdapterArguments, GroupConfig, ModelConfig)
    )
    refuse_push(training_args)
    started = starting_point(start.sft_adapter)

    # 1. Whom to write for, and what a list earns
    dataset = open_dataset(data_args.dataset_name, data_args.dataset_revision)
    at_once = training_args.generation_batch_size // training_args.num_generations
    rows, reward = read_asked(dataset, data_args.dataset_config, data_args.dataset_train_split, at_once)

    # 2. A place to go on from
    settings = run_settings(dataset, data_args, training_args, model_args) | started
    settings |= {key: getattr(training_args, key) for key in DECISIVE}
    with training_args.main_process_first(local=False):
        checkpoint = resume_point(training_args.output_dir, settings)

    # 3. The fine-tuned adapter; lists are drawn as the recipe says, not by defaults that the model brings along
    tokenizer, model = load_tokenizer(model_args), load_model(model_args)
    ends = sorted({turn_end(tokenizer), tokenizer.eos_token_id})
    model.generation_config = GenerationConfig(eos_token_id=ends)
    model = load_adapter(model, start.sft_adapter, trainable=True)
    training_args.chat_template_kwargs = TEMPLATE_VALUES
    with adapter_kept(model):
        trainer = GRPOTrainer(
            model=model,
            reward_funcs=reward,
            args=training_args,
            train_dataset=rows,
            processing_class=tokenizer,
            callbacks=[CostRecorder(checkpoint)],
        )
    say = trainer.accelerator.print
    each = training_args.num_generations
    say(f"writing for {len(rows)} users of {dataset.name}: {each} lists for each of {at_once} users a step")
    say(f"resuming from {checkpoint}" if checkpoint else f"starting from {start.sft_adapter}")

    # 4. Training
    trainer.train(resume_from_checkpoint=checkpoint)
    if training_args.beta:
        trainer.accelerator.unwrap_model(trainer.model).delete_adapter("ref")
    trainer.save_model(training_args.output_dir)
    say(f"adapter: {training_args.output_dir} after {trainer.state.global_step} steps")


if __name__ == "__main__":
    run(main)
