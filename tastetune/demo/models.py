"""A run's models, loaded once and asked again and again about the same catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from tastetune.artifacts.dataset import BuiltDataset
from tastetune.config.arguments import AnswerArguments
from tastetune.demo.catalogue import find_catalogue, run_adapter
from tastetune.demo.fitting import Recommenders
from tastetune.demo.means import Means
from tastetune.demo.search import TitleSearch
from tastetune.errors import InputError
from tastetune.explanations.explaining import explain, explainable
from tastetune.explanations.explanation import Explanation, ExplanationSettings
from tastetune.language_models.answerer import Asking
from tastetune.language_models.answering import Candidate, candidates
from tastetune.language_models.language_model import LanguageModel, ModelRecipe
from tastetune.language_models.merging.in_memory import merged_in_memory
from tastetune.person.answers import Scores, language_model_scores
from tastetune.person.dataset import TEST, with_person
from tastetune.person.matching import TitleMatcher
from tastetune.person.person import Person, marked_person, rating_levels
from tastetune.person.report import Advice
from tastetune.tasks.labels import LabelTask

KEPT = 64
"""Answers that are kept, so that taking a mark away or turning a switch back costs nothing."""


@dataclass
class Models:
    """The models that answer on the page.

    Attributes:
        dataset: whose catalogue is asked about.
        matcher: of its titles.
        search: in them.
        recommenders: those that are fitted beside the page.
    """

    dataset: BuiltDataset
    task: LabelTask
    matcher: TitleMatcher
    search: TitleSearch
    levels: list[float]
    language_model: LanguageModel
    candidate: Candidate
    means: Means
    recommenders: Recommenders
    _answers: dict[tuple, Advice] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def titles(self) -> dict[str, str]:
        """The titles of the catalogue, by item id."""
        return self.matcher.titles

    @property
    def is_stand_in(self) -> bool:
        """Whether the language model only stands in for a real one."""
        return bool(self.language_model.remarks["stand_in"])

    def ask(self, marks: Mapping[str, bool], *, neutral: bool = False) -> Advice:
        """What the models say of every item that is not marked: the language model first, the means last.

        Args:
            marks: whether the person liked an item, by its id, in the order in which it was said; one at least.
            neutral: call items by neutral names in what the language model reads.

        Raises:
            InputError: no mark, an item that the catalogue does not have, or nothing is left to ask about.
        """
        self._check(marks, marks)
        key = (*marks.items(), neutral)
        with self._lock:  # one model, and as many people as there are windows
            if key not in self._answers:
                self._answers[key] = self._ask(marks, neutral)
                if len(self._answers) > KEPT:
                    del self._answers[next(iter(self._answers))]
            return self._with_fitted(self._answers[key], marks)

    def warm_up(self) -> None:
        """Ask about one title, so that no person's first answer waits for what is loaded at its first use."""
        marked, *asked = self.search.popular(2)
        if asked:
            self._scores({marked: True}, asked, neutral=False)

    def why(self, marks: Mapping[str, bool], item: str, *, neutral: bool = False) -> Explanation:
        """Why the language model expects what it expects of an item, in its own words; see `tastetune.explanations`.

        Args:
            marks, neutral: as for `ask`; of many marks the last are read, as many as a history of the dataset holds.
            item: it is not marked.

        Raises:
            InputError: no mark, an item that the catalogue does not have, or a model that is asked for no P(like).
        """
        self._check(marks, [*marks, item])
        rows = self.task.rows(with_person(self.dataset, self._person(marks), [item], neutral=neutral), TEST)
        asking = explainable(rows, self.candidate.asking)
        with self._lock, self.language_model.behind(self.candidate.adapter) as model:
            (explanation,) = explain(model, rows, asking, ExplanationSettings())
        return explanation

    def _check(self, marks: Mapping[str, bool], items: Iterable[str]) -> None:
        """Raise InputError without marks, or at one of `items` that is not in the catalogue."""
        if not marks:
            raise InputError("no title is marked; mark one as liked or disliked")
        if unknown := [item for item in items if item not in self.titles]:
            raise InputError(f"{unknown[0]!r}: not in the catalogue; choose a title that is offered")

    def _ask(self, marks: Mapping[str, bool], neutral: bool) -> Advice:
        items = self._person(marks).targets()
        return Advice(items, [self.titles[item] for item in items], self._scores(marks, items, neutral=neutral))

    def _scores(self, marks: Mapping[str, bool], items: Sequence[str], *, neutral: bool) -> list[Scores]:
        asked = with_person(self.dataset, self._person(marks), items, neutral=neutral)
        first = language_model_scores(self.language_model, self.candidate, self.task, asked)
        return [first, *self.means.scores(marks, items)]

    def _person(self, marks: Mapping[str, bool]) -> Person:
        return marked_person(marks, self.matcher, self.levels, self.dataset.like_from)

    def _with_fitted(self, advice: Advice, marks: Mapping[str, bool]) -> Advice:
        """The answer with the recommenders that are fitted by now, between the language model and the means."""
        rated = [self._person(marks).rated[name].to_pylist() for name in ("item_id", "rating")]
        fitted = [
            Scores(name, side.estimates(*rated, advice.items), self.dataset.like_from if side.in_stars else 0.5)
            for name, side in self.recommenders.fitted().items()
        ]
        first, *means = advice.scores
        return replace(advice, scores=[first, *fitted, *means])


def load_models(recipe: ModelRecipe, args: AnswerArguments, adapter: str | None = None) -> Models:
    """The models of a recipe's run, ready to answer.

    On a CPU the adapter is merged into its base in memory, see `tastetune.language_models.merging.in_memory`.

    Args:
        adapter: in place of the run's own.

    Raises:
        InputError: see `tastetune.demo.catalogue`; no adapter, or one that does not fit.
    """
    data = recipe.data
    dataset, task, matcher = find_catalogue(data)
    adapter = adapter or run_adapter(Path(str(recipe.training.output_dir)))
    windows = recipe.windows_of(adapter)
    asking = Asking("", seed=recipe.training.seed, max_batch_tokens=args.max_batch_tokens, windows=windows)
    plain = replace(args, shots=[0], checkpoints=[], modes=[])
    candidate, *_ = candidates(task, plain, asking, adapter=adapter, base=False)
    model = recipe.load()
    if model.model.device.type == "cpu":
        model, candidate = merged_in_memory(model, adapter), replace(candidate, adapter=None)
    else:
        model.add(adapter)
    models = Models(
        dataset,
        task,
        matcher,
        TitleSearch(matcher, dataset.item_counts()),
        rating_levels(dataset),
        model,
        candidate,
        Means(dataset),
        Recommenders(args.baselines, dataset, data.folder),
    )
    models.warm_up()
    return models
