"""What training costs."""

import json
import shutil
import time
from pathlib import Path

from transformers import TrainerCallback

from tastetune.artifacts.redaction import shareable
from tastetune.artifacts.run import CHECKPOINT, COST, RUN, read_cost, total_batch_size
from tastetune.artifacts.trained_rows import ROWS
from tastetune.files import command_line, write_text


class CostRecorder(TrainerCallback):
    """Writes into each checkpoint how many examples, tokens, seconds and operations it took, by what command.

    An example is a label learnt from, in prompts and streams alike: of packed rows, and of streams, each counts as so
    many as it holds on average. Tokens are all that the model read but padding. Seconds count training alone and add up
    over resumed runs; floating-point operations are the trainer's own estimate.

    Args:
        examples: how many its rows hold, see `tastetune.training.data.count_examples`; None where each is one.
    """

    def __init__(self, resumed_from: str | None, examples: int | None = None):
        self.before = read_cost(resumed_from).get("seconds", 0.0) if resumed_from else 0.0
        self.examples, self.in_a_row = examples, 1.0

    def on_train_begin(self, args, state, control, *, train_dataloader, **kwargs):
        self.start = time.perf_counter()
        if self.examples:
            self.in_a_row = self.examples / len(train_dataloader.dataset)

    def on_save(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / f"{CHECKPOINT}-{state.global_step}"
            self.write(args, state, folder)
            for name in (RUN, ROWS):  # a checkpoint that is pushed by itself takes them along
                if (Path(args.output_dir) / name).is_file():
                    shutil.copyfile(Path(args.output_dir) / name, folder / name)

    def on_train_end(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            self.write(args, state, Path(args.output_dir))

    def write(self, args, state, folder: Path) -> None:
        cost = {
            "steps": state.global_step,
            "examples": round(state.global_step * total_batch_size(args) * self.in_a_row),
            "tokens": state.num_input_tokens_seen or None,  # counted where the trainer is told to, or writes answers
            "seconds": round(self.before + time.perf_counter() - self.start, 1),
            "flops": state.total_flos or None,  # the trainer estimates none where it writes answers itself
            "command": shareable(command_line("accelerate launch")),
        }
        write_text(folder / COST, json.dumps(cost) + "\n")
