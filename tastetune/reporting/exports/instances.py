"""One model's answers as instance-level records: what each row asked, what was answered, and what that is worth."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from tastetune.metrics import lines, ranking
from tastetune.metrics.labelled import STARS
from tastetune.metrics.recommended import DEPTH, LINES
from tastetune.reporting.exports.identifiers import WITHHELD, Identifiers
from tastetune.tasks import Rows
from tastetune.tasks.labels import Answers
from tastetune.tasks.like_dislike import NO, YES, LikeDislike
from tastetune.tasks.lists import Lists

OFF_CATALOGUE = "off the catalogue"

ROWS_READ = (
    "input.raw is the prompt that a language model is given for the row; a recommender answers the row without it. "
    "Where the licence of the ratings forbids passing rows on, it is withheld, and ids are keyed hashes."
)
LABELS_READ = (
    "evaluation.score is the model's score of the row, higher is more liked; of an answer that could not be read, the "
    "worst score there is. Every figure follows from it, is_correct, input.reference and metadata.user."
)
LISTS_READ = (
    "evaluation.score is the user's NDCG@10, is_correct whether a gold item is in the list. Every figure of hits and "
    "lines follows from input.reference, which is the gold list, and metadata: lines, the items of the lines (null is "
    "off the catalogue), of which a list is the first ten; favourites; seen, the user's whole past, where rows have "
    "one; and popularity, the share of people who rated each recommended item."
)
"""How the records are to be read."""


def instances(rows: Rows, answers: Any) -> Iterator[dict]:
    """The records of one model, without what all of them share; see `instance_level_eval.schema.json`.

    They come in the rows' order, and in that of their ids where these are hashed: the place of a row, too, tells whose
    it is.

    Args:
        answers: what the rows' task made of the model's predictions, see `tastetune.tasks.Task.answers`.
    """
    ids = Identifiers(rows)
    names = [ids("row", name) for name in rows.example_ids]
    users = [ids("user", name) for name in rows.table["user_id"].to_pylist()]
    prompts = [WITHHELD] * len(names) if ids.withheld else [_text(prompt) for prompt in rows.task.prompts(rows)]
    of_row = _label if isinstance(answers, Answers) else _ListRecords(rows, answers)
    for place in sorted(range(len(names)), key=names.__getitem__) if ids.withheld else range(len(names)):
        record = of_row(answers, place, ids)
        record["input"] = {"raw": prompts[place], **record["input"]}
        record["metadata"] = {"user": users[place], **record["metadata"]}
        yield {"sample_id": names[place], "interaction_type": "single_turn", **record}


def _text(prompt: str | list[dict[str, str]]) -> str:
    """A prompt as one text, chat messages one behind the other."""
    return prompt if isinstance(prompt, str) else "\n\n".join(message["content"] for message in prompt)


def _label(answers: Answers, place: int, ids: Identifiers) -> dict:
    rows, text = answers.rows, answers.texts[place]
    label, yes = int(rows.labels[place]), int(rows.yes[place])
    answer, method = (NO, YES)[yes].strip(), "threshold of the score"
    if text is not None:
        is_read = LikeDislike.parse(text) is not None
        answer, method = (answer, "generated text") if is_read else ("", "generated text, which could not be read")
    return {
        "input": {"reference": [(NO, YES)[label].strip()], "choices": [YES.strip(), NO.strip()]},
        "output": {"raw": [answer if text is None or ids.withheld else text]},
        "answer_attribution": [_attribution(answer, method)],
        "evaluation": {"score": float(rows.scores[place]), "is_correct": label == yes},
        "metadata": {"stars": repr(float(rows.ratings[place]))} if rows.scale == STARS else {},
    }


class _ListRecords:
    """Records of lists: what is computed of all users at once, and what is read of the dataset once."""

    def __init__(self, rows: Rows, answers: Lists):
        by = answers.rows.measured_by
        gold = np.bincount(by.gold[0], minlength=len(answers.grid))
        hits = lines.hits(answers.grid[:, :LINES], by.gold)
        self.hit, self.ndcg = np.any(hits, axis=1), ranking.ndcg(hits, gold, 10)
        columns = ("gold", "liked", rows.dataset.seen)
        self.gold, self.liked, self.seen = (rows.table[name].to_pylist() for name in columns)
        self.watched, self.has_past = by.watched, rows.dataset.seen != "liked"

    def __call__(self, answers: Lists, place: int, ids: Identifiers) -> dict:
        written, codes = answers.lists[place][:DEPTH], answers.grid[place, :LINES]
        items = ids.of_items(line.item_id for line in written)
        texts = [None if ids.withheld else line.answer for line in written]
        more = {
            "favourites": ids.of_items(self.liked[place]),
            "lines": items,
            "popularity": self.watched[codes[codes >= 0]].tolist(),
        }
        if self.has_past:
            more["seen"] = ids.of_items(self.seen[place])
        return {
            "input": {"reference": ids.of_items(self.gold[place])},
            "output": {"raw": [t or item or OFF_CATALOGUE for t, item in zip(texts, items, strict=True)][:LINES]},
            "answer_attribution": [_attribution(json.dumps(items[:LINES]), "items of the catalogue, by title or id")],
            "evaluation": {"score": float(self.ndcg[place]), "is_correct": bool(self.hit[place])},
            "metadata": {name: json.dumps(values) for name, values in more.items()},
        }


def _attribution(answer: str, method: str) -> dict:
    named = {"turn_idx": 0, "source": "output.raw", "extracted_value": answer}
    return named | {"extraction_method": method, "is_terminal": True}
