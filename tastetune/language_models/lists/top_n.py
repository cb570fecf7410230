"""Lists from a language model: written freely, written within the catalogue, or ranked over all of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedModel, PreTrainedTokenizerBase, set_seed

from tastetune.artifacts.list_table import ListLine, list_table
from tastetune.config.arguments import GenerationArguments
from tastetune.errors import InputError
from tastetune.language_models.answerer import Answered, Asking, check_mode
from tastetune.language_models.batching import in_batches, left_padded, refuse_beyond_context
from tastetune.language_models.chat import prompt_ids, turn_end
from tastetune.language_models.generation import generate
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.lists.catalogue_ranking import title_log_probabilities
from tastetune.language_models.lists.constrained import ListConstraint, Spelling, refuse_other_lines, spell
from tastetune.metrics.recommended import DEPTH
from tastetune.tasks import Rows
from tastetune.tasks.catalogue import Catalogue
from tastetune.tasks.titles import as_data
from tastetune.tasks.top_n import TopN


@dataclass(frozen=True)
class Films:
    """The catalogue as prompts and answers write it.

    Attributes:
        titles: each text once.
        items: the item that each text stands for: of several films of one title the one with the most ratings.
        of: the places in `titles` of each item, by its id.
    """

    titles: list[str]
    items: list[str]
    of: dict[str, int]
    catalogue: Catalogue

    def places(self, item_ids: Sequence[str]) -> set[int]:
        """Where the titles of these items stand."""
        return {self.of[item] for item in item_ids}


def read_films(items: pa.Table, ratings: Mapping[str, int]) -> Films:
    """The films of the `items` table.

    Args:
        items: `item_id`, `title`.
        ratings: how many ratings each item has.
    """
    ids, titles = items["item_id"].to_pylist(), [as_data(title) for title in items["title"].to_pylist()]
    chosen: dict[str, str] = {}
    for item, title in sorted(zip(ids, titles, strict=True), key=lambda pair: (-ratings.get(pair[0], 0), pair[0])):
        chosen.setdefault(title, item)
    place = {title: number for number, title in enumerate(chosen)}
    of = {item: place[title] for item, title in zip(ids, titles, strict=True)}
    return Films(list(chosen), list(chosen.values()), of, Catalogue(ids, titles, ratings))


class TopNAnswerer:
    """Asks for a list. See `tastetune.language_models.answerer.Answerer`."""

    modes: tuple[str, ...] = ("free", "constrained", "ranked")
    plain: str | None = None
    in_training: str | None = None

    def check(self, asking: Asking) -> None:
        """Raise InputError at an unknown mode, or at worked examples, which this question has none of."""
        check_mode(self, asking)
        if asking.shots:
            raise InputError("lists are asked for without worked examples; leave --shots away")

    def origin(self, rows: Rows, asking: Asking) -> dict:
        """Lists are written as the recipe says."""
        return {"settings": asking.settings}

    def answer(self, model: LanguageModel, rows: Rows, asking: Asking) -> Answered:
        """Each user's list."""
        set_seed(asking.seed)
        films = read_films(rows.dataset.read("items", "train", ["item_id", "title"]), rows.dataset.item_counts())
        wording = rows.dataset.worded(TopN)
        recommender = Recommender(
            model.model, model.tokenizer, films, wording, asking.generation, asking.max_batch_tokens
        )
        prompts = prompt_ids(model.tokenizer, rows.task.prompts(rows))
        own = [films.places(seen) for seen in rows.table[rows.dataset.seen].to_pylist()]
        lists = recommender.free(prompts) if asking.mode == "free" else getattr(recommender, asking.mode)(prompts, own)
        return Answered(list_table(dict(zip(rows.example_ids, lists, strict=True))), {})


@dataclass(frozen=True)
class Recommender:
    """A language model that recommends: the same prompts answered in three ways.

    Attributes:
        how: how tokens are chosen in `free` and `constrained`.
        max_batch_tokens: padded tokens of the prompts in one batch.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    films: Films
    task: TopN
    how: GenerationArguments
    max_batch_tokens: int = 16384

    @torch.inference_mode()
    def free(self, prompts: Sequence[list[int]]) -> list[list[ListLine]]:
        """What the model writes, its titles matched to the catalogue; a list is empty where no title was written.

        Args:
            prompts: token ids, see `tastetune.language_models.chat.prompt_ids`.
        """
        settings = self._settings(turn_end(self.tokenizer), self.how.max_new_tokens)
        refuse_beyond_context(self.model.config, prompts, self.how.max_new_tokens)

        def write(rows: list[int]) -> list[str]:
            inputs = self._padded(prompts, rows)
            written = generate(self.model, inputs, settings)[:, inputs["input_ids"].shape[1] :]
            return self.tokenizer.batch_decode(written, skip_special_tokens=True)

        texts = in_batches(write, list(map(len, prompts)), self.max_batch_tokens, "writing freely")
        return [
            [ListLine(self.films.catalogue.match(title), None, title) for title in self.task.parse(text)]
            for text in texts
        ]

    @torch.inference_mode()
    def constrained(self, prompts: Sequence[list[int]], excluded: Sequence[Collection[int]]) -> list[list[ListLine]]:
        """What the model writes when it can write nothing but titles of the catalogue, each once.

        Args:
            prompts: as `free`.
            excluded: for each prompt the places in `films.titles` that it must not name.

        Raises:
            InputError: the tokenizer cannot spell a title, or a row excludes every title.
        """
        spelling = self.spelling()
        line = max(spelling.inner.depth.max(), spelling.last.depth.max())
        room = sum(map(len, spelling.numbers)) + self.task.n * int(line) + 1
        settings = self._settings(spelling.end, room)
        refuse_beyond_context(self.model.config, prompts, room)

        def write(rows: list[int]) -> list[list[int]]:
            inputs = self._padded(prompts, rows)
            width = inputs["input_ids"].shape[1]
            constraint = ListConstraint(spelling, [excluded[row] for row in rows], width)
            written = generate(self.model, inputs, settings, LogitsProcessorList([constraint]))
            places = constraint.read(written)
            texts = self.tokenizer.batch_decode(written[:, width:], skip_special_tokens=True)
            refuse_other_lines(self.task, texts, [[self.films.titles[place] for place in row] for row in places])
            return places

        lists = in_batches(write, list(map(len, prompts)), self.max_batch_tokens, "writing within the catalogue")
        return [[self._line(place) for place in places] for places in lists]

    def ranked(self, prompts: Sequence[list[int]], excluded: Sequence[Collection[int]]) -> list[list[ListLine]]:
        """The `DEPTH` titles most probable as the first line of the answer, with log-probabilities; ties by item id.

        Args:
            prompts, excluded: as `constrained`.

        Raises:
            InputError: the tokenizer cannot spell a title.
        """
        spelling = self.spelling()
        begun = [[*prompt, *spelling.numbers[0]] for prompt in prompts]
        refuse_beyond_context(self.model.config, begun, int(spelling.inner.depth.max()))
        by_id, found = np.argsort(np.array(self.films.items)), []
        for row, taken in zip(title_log_probabilities(self.model, begun, spelling.inner), excluded, strict=True):
            order = by_id[np.argsort(-row[by_id], kind="stable")]
            best = [place for place in order.tolist() if place not in taken][:DEPTH]
            found.append([self._line(place, float(row[place])) for place in best])
        return found

    def spelling(self) -> Spelling:
        """The catalogue's titles in the model's tokens.

        Raises:
            InputError: the tokenizer cannot spell a title.
        """
        return spell(self.tokenizer, self.films.titles, self.task.n, turn_end(self.tokenizer))

    def _line(self, place: int, score: float | None = None) -> ListLine:
        return ListLine(self.films.items[place], score, self.films.titles[place])

    def _padded(self, prompts: Sequence[list[int]], rows: list[int]) -> dict[str, torch.Tensor]:
        return left_padded([prompts[row] for row in rows], 0, self.tokenizer.pad_token_id, self.model.device)

    def _settings(self, end: int, max_new_tokens: int) -> GenerationConfig:
        drawing = {name: getattr(self.how, name) for name in ("temperature", "top_p", "top_k")}
        return GenerationConfig(
            do_sample=self.how.do_sample,
            **(drawing if self.how.do_sample else {}),
            max_new_tokens=max_new_tokens,
            eos_token_id=sorted({end, self.tokenizer.eos_token_id}),
            pad_token_id=self.tokenizer.pad_token_id,
        )
