"""Streams: P(Yes), or the expected stars, of all of a user's rows read off one pass over the user's ratings."""

from collections.abc import Sequence

import numpy as np
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from tastetune.artifacts.score_table import score_table
from tastetune.config.windows import WindowLimits
from tastetune.errors import InputError
from tastetune.language_models.answerer import Answered, Asking, check_mode, mass_notes, past_notes
from tastetune.language_models.batching import context_length
from tastetune.language_models.item_tokens.estimates import line_levels
from tastetune.language_models.item_tokens.tokens import estimate_tokens
from tastetune.language_models.language_model import LanguageModel
from tastetune.language_models.probabilities import AnswerProbabilities
from tastetune.language_models.streams.probabilities import stream_probabilities
from tastetune.language_models.streams.tokens import SpeltStreams
from tastetune.language_models.streams.training import token_rows
from tastetune.tasks import Rows
from tastetune.tasks.rating import STARS
from tastetune.tasks.stream import StreamTask
from tastetune.tasks.streams.lines import known_before
from tastetune.tasks.streams.lists import StreamListTask
from tastetune.tasks.streams.passages import Streams


class StreamAnswerer:
    """Asks each row behind its user's earlier ratings. See `tastetune.language_models.answerer.Answerer`."""

    modes: tuple[str, ...] = ("stream",)
    plain: str | None = None
    in_training: str | None = "stream"

    def check(self, asking: Asking) -> None:
        """Raise InputError at another mode, or at worked examples, which a stream brings along itself."""
        check_mode(self, asking)
        if asking.shots:
            raise InputError("a stream holds the user's own ratings as examples; leave --shots away")

    def origin(self, rows: Rows, asking: Asking) -> dict:
        """What the scores mean, and how long the windows are."""
        windows = {"stream_window": asking.windows.ratings, "stream_min_past": asking.windows.min_past}
        settings = {"mode": asking.mode, "max_length": asking.windows.tokens, **windows}
        settings |= {} if asking.history == "built" else {"stream_history": asking.history}
        return {"shots": 0, "threshold": self.threshold(rows, asking.mode), "settings": settings}

    def answer(self, model: LanguageModel, rows: Rows, asking: Asking) -> Answered:
        """The score of each row, and how many earlier ratings the rows were shown."""
        known = None if asking.history == "built" else known_before(rows, asking.history)
        streams = self.spelt(model.tokenizer, rows, known)
        passages = streams.passages(asking.windows, context_length(model.model.config))
        pad = model.tokenizer.pad_token_id or 0  # where no token of the passage looks
        read = stream_probabilities(model.model, streams, passages, pad, asking.max_batch_tokens)
        notes = mass_notes(read.mass) | past_notes(np.concatenate([passage.before for passage in passages]))
        if streams.by_text_alone is not None:
            notes["rows_without_item_token"] = streams.by_text_alone
        return Answered(score_table(rows.example_ids, self.scores(read, rows, asking.mode)), notes)

    def training_rows(
        self,
        tokenizer: PreTrainedTokenizerBase,
        rows: Rows,
        windows: WindowLimits,
        *,
        context: int | None,
        seed: int | None = None,
    ) -> Dataset:
        """Rows of tokens to train on, see `tastetune.language_models.answerer.SpellsRows`."""
        known = None if seed is None else rows.split.split("+")
        streams = self.spelt(tokenizer, rows, known, fitted=known)
        rng = None if seed is None else np.random.default_rng(seed)
        return token_rows(streams, streams.passages(windows, context, rng))

    def spelt(
        self,
        tokenizer: PreTrainedTokenizerBase,
        rows: Rows,
        known: Sequence[str] | None,
        *,
        fitted: Sequence[str] | None = None,
    ) -> SpeltStreams:
        """The rows' lines as tokens, with an estimate in each where the tokenizer has tokens of them.

        Args:
            known: see `tastetune.tasks.streams.lines.read_streams`.
            fitted: the splits that estimates are made from; those before the rows' own if None.
        """
        streams, levels = self.streams(rows, known), None
        if estimate_tokens(tokenizer):
            levels = line_levels(streams, rows.dataset, "+".join(fitted or known_before(rows, "train")))
        return SpeltStreams.of(tokenizer, streams, levels)

    def streams(self, rows: Rows, known: Sequence[str] | None = None) -> Streams:
        """The rows' lines, see `tastetune.tasks.stream.StreamTask.streams`."""
        assert isinstance(rows.task, StreamTask | StreamListTask)
        return rows.task.streams(rows, known)

    def threshold(self, rows: Rows, mode: str) -> float:
        """The score from which on the answer is Yes."""
        return 0.5

    def scores(self, read: AnswerProbabilities, rows: Rows, mode: str) -> np.ndarray:
        """P(Yes)."""
        return read.shares[:, 1]


LIKES = "stream_rating_like"


class StreamRatingAnswerer(StreamAnswerer):
    """Asks for stars behind the user's earlier stars: for how many, or in the mode `LIKES` for enough to be a like."""

    modes = ("stream_rating", LIKES)
    in_training = LIKES

    def threshold(self, rows: Rows, mode: str) -> float:
        """Where scores are stars, Yes begins at the dataset's own threshold."""
        return 0.5 if mode == LIKES else rows.dataset.like_from

    def scores(self, read: AnswerProbabilities, rows: Rows, mode: str) -> np.ndarray:
        """The expected stars, or P(like), the probability of all stars that are one."""
        stars = np.array(STARS, np.float64)
        return read.shares @ (stars >= rows.dataset.like_from if mode == LIKES else stars)
