"""Lists from streams: the whole catalogue by P(Yes) behind a user's past, which passes through the model once."""

from itertools import pairwise

import numpy as np

from tastetune.artifacts.list_table import ListLine, list_table
from tastetune.language_models.answerer import Answered, Asking, mass_notes, past_notes
from tastetune.language_models.batching import context_length
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.lists.catalogue_ranking import last_log_probabilities
from tastetune.language_models.lists.title_trie import TitleTrie
from tastetune.language_models.streams.answerer import StreamAnswerer
from tastetune.language_models.streams.tokens import SpeltStreams
from tastetune.metrics.recommended import DEPTH
from tastetune.tasks import Rows
from tastetune.tasks.streams.lists import StreamListTask
from tastetune.tasks.streams.windows import past


class StreamListAnswerer(StreamAnswerer):
    """Asks behind a user's past for every item. See `tastetune.language_models.answerer.Answerer`."""

    modes: tuple[str, ...] = ("stream_ranked",)
    in_training: str | None = None

    def origin(self, rows: Rows, asking: Asking) -> dict:
        """How long the windows are; lists have neither a threshold nor worked examples."""
        return {"settings": super().origin(rows, asking)["settings"]}

    def answer(self, model: LanguageModel, rows: Rows, asking: Asking) -> Answered:
        """Each user's `DEPTH` likeliest items that the past does not hold; ties by item id."""
        assert isinstance(rows.task, StreamListTask)
        streams, items = rows.task.pasts(rows)
        spelt = SpeltStreams.of(model.tokenizer, streams)
        prompts, shown = shown_pasts(spelt, asking, context_length(model.model.config))
        # Items of one title are one question, and get one score
        questions = [tuple(spelt.questions[line]) for line in streams.asked]
        unlike = {question: place for place, question in enumerate(dict.fromkeys(questions))}
        trie = TitleTrie([[*question, answer] for question in unlike for answer in spelt.answers])
        logs = last_log_probabilities(model.model, prompts, trie).reshape(len(prompts), len(unlike), -1)
        total = np.logaddexp.reduce(logs, axis=2)
        likely = np.exp(logs[..., 1] - total)[:, [unlike[question] for question in questions]]
        by_id = np.argsort(np.array(items))
        lists = [
            _best(scores, np.array(items), by_id, set(seen))
            for scores, seen in zip(likely, rows.table["past"].to_pylist(), strict=True)
        ]
        notes = mass_notes(np.exp(total).ravel()) | past_notes(shown)
        return Answered(list_table(dict(zip(rows.example_ids, lists, strict=True))), notes)


def shown_pasts(spelt: SpeltStreams, asking: Asking, context: int | None) -> tuple[list[list[int]], np.ndarray]:
    """The tokens of each user's past, as much as a window holds beside the longest question; and how many ratings."""
    streams, lengths, room = spelt.streams, spelt.lengths, spelt.room(asking.windows, context)
    longest, bounds = int(lengths[streams.asked].max()), streams.bounds.tolist()
    prompts, shown = [], []
    for start, stop in pairwise(bounds):
        shown.append(past(lengths[start:stop], longest, room))
        prompts.append(spelt.told(range(stop - shown[-1], stop))[0])
    return prompts, np.array(shown)


def _best(scores: np.ndarray, items: np.ndarray, by_id: np.ndarray, seen: set[str]) -> list[ListLine]:
    order = by_id[np.argsort(-scores[by_id], kind="stable")]
    best = [place for place in order.tolist() if items[place] not in seen][:DEPTH]
    return [ListLine(str(items[place]), float(scores[place])) for place in best]
