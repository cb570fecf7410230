"""What a written list earns when it is checked against the user's gold list, and the trainer that is told so.

For group relative policy optimisation (Shao et al., DeepSeekMath, 2024, section 4.1, https://arxiv.org/abs/2402.03300).
"""

from collections.abc import Collection, Iterator, Sequence

from datasets import Dataset
from torch.utils.data import Sampler
from trl import GRPOTrainer

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.errors import InputError
from tastetune.language_models.chat import Messages, plain_text
from tastetune.language_models.lists.top_n import Films, read_films
from tastetune.tasks import task_of
from tastetune.tasks.lists import ListTask
from tastetune.tasks.top_n import TopN


def gold_share(items: Sequence[str | None], gold: Collection[str], liked: Collection[str], n: int) -> float:
    """The share of the `n` lines asked for that name a film of the gold list, between 0 and 1: the list's P@n.

    A line off the catalogue (None), a film named before, one of the user's own and a missing line earn nothing; what
    stands behind the n-th line is not read. A gold list shorter than `n` cannot earn 1.
    """
    return len((set(items[:n]) & set(gold)) - set(liked)) / n


class GoldShare:
    """`gold_share` of what a model wrote, in the form that TRL's `GRPOTrainer` asks a reward in.

    Attributes:
        earned: the sum of all rewards so far.
    """

    __name__ = "gold_share"  # the trainer logs its mean and deviation by this name

    def __init__(self, films: Films, task: TopN):
        self.films, self.task, self.earned = films, task, 0.0

    def __call__(
        self, completions: Sequence[str | Messages], gold: Sequence[list[str]], liked: Sequence[list[str]], **_
    ) -> list[float]:
        """Rewards, one a completion.

        Args:
            completions: texts, or chats of the assistant's message alone.
            gold, liked: item ids, one list a completion.
        """
        written = [self.task.parse(plain_text(completion)) for completion in completions]
        items = [[self.films.catalogue.match(title) for title in titles] for titles in written]
        rewards = [gold_share(*row, self.task.n) for row in zip(items, gold, liked, strict=True)]
        self.earned += sum(rewards)
        return rewards


def read_rewarded_rows(
    dataset: BuiltDataset, config: str | None, split: str, at_once: int = 1
) -> tuple[Dataset, GoldShare]:
    """Rows of `prompt`, `liked` and `gold` to write lists for, and the reward of what is written.

    Args:
        at_once: how many prompts one optimizer step asks.

    Raises:
        InputError: a config of other rows than lists, no such split, or one of fewer rows than a step asks.
    """
    task = task_of(dataset, config)
    if not isinstance(task, ListTask):
        raise InputError(f"dataset_config {task.config!r}: the reward is a list's share of gold, so rows are top_n's")
    rows = Dataset(dataset.read(task.rows_config, split, ["prompt", "liked", "gold"]))
    if len(rows) < at_once:
        raise InputError(
            f"{dataset.source}: split {split!r} has {len(rows)} lists, and a step asks for {at_once} "
            "(total_train_batch_size / num_generations); lower the former"
        )
    films = read_films(dataset.read("items", "train", ["item_id", "title"]), dataset.item_counts("train"))
    return rows, GoldShare(films, dataset.worded(TopN))


class PassesGRPOTrainer(GRPOTrainer):
    """`GRPOTrainer` whose every pass over the prompts has an order of its own, drawn by seed and the pass's number.

    TRL draws the orders one after the other from one generator. A run that is resumed begins it anew, so its second
    pass would go on in the order of the first.
    """

    def _get_train_sampler(self, dataset: Dataset | None = None) -> Sampler:
        return _ByPass(super()._get_train_sampler(dataset), self)


class _ByPass(Sampler):
    """The trainer's own sampler, its generator set to the pass that the trainer's steps have come to."""

    def __init__(self, sampler: Sampler, trainer: GRPOTrainer):
        self.sampler, self.trainer = sampler, trainer

    def __iter__(self) -> Iterator[int]:
        args = self.trainer.args
        steps = len(self.sampler) // (args.generation_batch_size * args.gradient_accumulation_steps)  # of a pass
        if self.trainer.shuffle_dataset:
            self.sampler.generator.manual_seed(args.seed + self.trainer.state.global_step // steps)
        return iter(self.sampler)

    def __len__(self) -> int:
        return len(self.sampler)
