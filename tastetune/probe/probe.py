"""What a language model knows of a catalogue: lines of it are cut short, and the model completes them.

The answers are the likeliest continuations, so what is recalled is a lower bound: another prompt may bring out more.

Source: Di Palma et al., Do LLMs Memorize Recommendation Datasets? A Preliminary Study on MovieLens-1M (SIGIR 2025),
which asks for the title of an id behind three others; Carlini et al., Quantifying Memorization Across Neural Language
Models (ICLR 2023), for continuing the text as it stood.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tastetune.artifacts.beside_models_schema import Probe
from tastetune.artifacts.dataset import BuiltDataset
from tastetune.artifacts.json_files import faults, read_json
from tastetune.errors import InputError
from tastetune.evaluation.bootstrap import LEVEL
from tastetune.probe.forms import FORMS, CatalogueLine, Form, title_key
from tastetune.probe.shares import Answered, fifths_by, shares
from tastetune.tasks.titles import neutral_title

ITEMS = 500
"""How many items are asked for, unless the catalogue is smaller."""

Writer = Callable[[Sequence[str], Sequence[str]], Sequence[str]]
"""From n prompts, and the answers that would be right, to the n texts that a model writes."""


def read_lines(dataset: BuiltDataset) -> list[CatalogueLine]:
    """The catalogue as lines, numeric ids in numeric order, others in the dataset's; ratings of train+validation.

    Raises:
        InputError: no items, a column missing, or titles that are neutral names.
    """
    if dataset.has_neutral_titles:
        raise InputError(
            f"{dataset.source}: its titles are neutral names made of the ids, which a model reads off the id without "
            "knowing anything; probe a dataset that was built without --neutral_titles"
        )
    table = dataset.read("items", "train", ["item_id", "title", "genres"])
    if not len(table):
        raise InputError(f"{dataset.path('items', 'train')}: no items, so there is nothing to ask for; rebuild it")
    ids, ratings = table["item_id"].to_pylist(), dataset.item_counts()
    lines = [
        CatalogueLine(item, title, tuple(genres or ()), ratings.get(item, 0))
        for item, title, genres in zip(ids, table["title"].to_pylist(), table["genres"].to_pylist(), strict=True)
    ]
    return sorted(lines, key=lambda line: int(line.item_id)) if all(map(str.isdecimal, ids)) else lines


def check_counts(lines: Sequence[CatalogueLine], items: int | None, shots: int) -> int:
    """How many items are asked for: `items`, or if None `ITEMS`, or all beside those shown where there are fewer.

    Raises:
        InputError: fewer than one line to show, or more items than the catalogue has beside those shown.
    """
    if shots < 1:
        raise InputError(f"--lines is {shots}; show one line at least, or the form of an answer cannot be known")
    left = len(lines) - shots
    if left < 1:
        raise InputError(f"--lines is {shots}, the catalogue has {len(lines)} items; show fewer, so that some are left")
    if items is not None and not 1 <= items <= left:
        raise InputError(
            f"--items is {items}; of the catalogue's {len(lines)} items {shots} are shown, so give from 1 to {left}"
        )
    return min(ITEMS, left) if items is None else items


def probe(
    lines: Sequence[CatalogueLine], write: Writer, *, items: int, shots: int, seed: int, word: str = "movie"
) -> dict:
    """Ask for `items` drawn by seed, in every form, and once more with neutral titles for a control.

    In the control each title is a neutral name (`Movie 817`, its number dealt by seed) before the same year: nothing
    can be known of it, so what is recalled there is what can be had by guessing.

    Args:
        lines: the catalogue, see `read_lines`.
        write: the model.
        items, shots: items asked for, and lines shown before each; see `check_counts`. Lines that are drawn to be
            shown are not asked for.
        word: the domain's word for an item, for the neutral names.

    Returns:
        `settings`; `titles_shared`: items asked for whose title another has too (either is right); `forms`: see
        `tastetune.probe.shares.shares`; `answers`: every answer, which tells rows of the catalogue.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lines)).tolist()
    examples, targets = sorted(order[:shots]), sorted(order[shots : shots + items])
    neutral = _neutral(lines, rng.permutation(len(lines)), word)
    fifths = fifths_by([line.ratings for line in lines])
    forms, answers = [], []
    for form in FORMS:
        answered = _ask(form, (lines, neutral), examples, targets, write)
        forms.append(shares(form, answered, fifths=fifths, rng=rng))
        answers += _recorded(form, lines, answered)
    alike = Counter(title_key(line.title) for line in lines)
    return {
        "settings": {"items": items, "shots": shots, "seed": seed, "level": LEVEL},
        "titles_shared": sum(alike[title_key(lines[place].title)] > 1 for place in targets),
        "forms": forms,
        "answers": answers,
    }


def read_probes(paths: Sequence[str | Path], scores: dict) -> list[dict]:
    """The content of probe files, without the answers, if they are of the dataset of `scores`.

    Raises:
        InputError: no such file, not what scripts/probe.py wrote, another dataset's, or two of one name.
    """
    probes: dict[str, dict] = {}
    for path in map(Path, paths):
        content = read_json(path, "probe anew")
        for fault in faults(Probe, content):
            raise InputError(f"{path}: scripts/probe.py did not write it: {fault}; probe anew")
        fingerprint, name = content["dataset"]["fingerprint"], content["model"]["model"]
        if fingerprint != scores["dataset"]["fingerprint"]:
            raise InputError(
                f"{path}: a probe of the dataset with fingerprint {fingerprint}, the one scored has "
                f"{scores['dataset']['fingerprint']}; probe the dataset that is scored"
            )
        if name in probes:
            raise InputError(f"{path}: model {name!r} stands in two probes; rename one of the files and probe anew")
        probes[name] = {key: value for key, value in content.items() if key != "answers"}
    return list(probes.values())


def _neutral(lines: Sequence[CatalogueLine], numbers: np.ndarray, word: str) -> list[CatalogueLine]:
    """The same catalogue with neutral names for titles."""
    names = [neutral_title(str(number + 1), word) for number in numbers]
    return [replace(line, title=line.renamed(name)) for line, name in zip(lines, names, strict=True)]


def _ask(
    form: Form,
    catalogues: tuple[Sequence[CatalogueLine], Sequence[CatalogueLine]],
    examples: Sequence[int],
    targets: Sequence[int],
    write: Writer,
) -> Answered:
    """Ask for the targets in both catalogues, the real one and the neutral one, in one go."""
    questions, control = (form.questions(lines, examples, targets) for lines in catalogues)
    both = [*questions, *control]
    texts = write([question.prompt for question in both], [question.answer for question in both]) if both else []
    answers = [form.read(text) for text in texts]
    return Answered(questions, answers[: len(questions)], control, answers[len(questions) :])


def _recorded(form: Form, lines: Sequence[CatalogueLine], answered: Answered) -> list[dict]:
    """Every question and answer, as the file has them."""
    return [
        {
            "form": form.name,
            "item_id": lines[question.place].item_id,
            "expected": question.answer,
            "answer": answer,
            "recalled": form.judge(question.answer)(answer),
            "neutral_expected": neutral.answer,
            "neutral_answer": neutral_answer,
        }
        for question, answer, neutral, neutral_answer in zip(
            answered.questions, answered.answers, answered.control, answered.control_answers, strict=True
        )
    ]
