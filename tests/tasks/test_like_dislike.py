"""The like-or-dislike task: prompts to the letter in both styles, answers parsed, and titles that stay titles."""

import re
from itertools import product

import pytest
from fuzzing import HOSTILE_TITLES, TITLES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tastetune.errors import InputError
from tastetune.tasks.like_dislike import Item, LikeDislike, ago

GIRL = Item("Girl, Interrupted (1999)", ["Drama"])
HEAT = Item("Heat (1995)", ["Action", "Crime", "Thriller"])
BRIDE = Item("The Princess Bride (1987)", ["Action", "Comedy"])
ALIEN = Item("Alien (1979)", ["Horror"])
PUBLISHED = LikeDislike(style="published")
DAY = 86_400


def test_the_compact_prompt():
    assert (
        LikeDislike().prompt([GIRL, HEAT], [4.0, 3.0], BRIDE)
        == """\
Below is a user's history of likes and dislikes for movies, followed by a target movie. \
Predict whether the user will like the target movie or not. Only output the prediction as Yes or No.

## User's history:
- Liked "Girl, Interrupted (1999)"
- Disliked "Heat (1995)"

## Target movie:
- "The Princess Bride (1987)"

## Response:"""
    )


def test_the_prompt_with_genres():
    assert (
        LikeDislike(genres=True).prompt([GIRL, HEAT], [4.0, 3.0], BRIDE)
        == """\
Below is a user's history of likes and dislikes for movies, followed by a target movie. \
Predict whether the user will like the target movie or not. Only output the prediction as Yes or No.

## User's history:
- Liked "Girl, Interrupted (1999)" of genre "Drama"
- Disliked "Heat (1995)" of genre "Action|Crime|Thriller"

## Target movie:
- "The Princess Bride (1987)" of genre "Action|Comedy"

## Response:"""
    )


def test_the_prompt_with_ratings():
    assert (
        LikeDislike(ratings=True).prompt([GIRL, HEAT], [5.0, 2.5], BRIDE)
        == """\
Below is a user's history of ratings of movies, followed by a target movie. \
Predict whether the user will like the target movie or not. Only output the prediction as Yes or No.

## User's history:
- "Girl, Interrupted (1999)" is rated 5.0
- "Heat (1995)" is rated 2.5

## Target movie:
- "The Princess Bride (1987)"

## Response:"""
    )


def test_the_prompt_with_both():
    assert (
        LikeDislike(genres=True, ratings=True).prompt([GIRL], [5.0], BRIDE)
        == """\
Below is a user's history of ratings of movies, followed by a target movie. \
Predict whether the user will like the target movie or not. Only output the prediction as Yes or No.

## User's history:
- "Girl, Interrupted (1999)" of genre "Drama" is rated 5.0

## Target movie:
- "The Princess Bride (1987)" of genre "Action|Comedy"

## Response:"""
    )


def test_the_published_prompt():
    assert (
        PUBLISHED.prompt([GIRL, HEAT], [4.0, 3.0], BRIDE)
        == """\
## Instruction:
Below is a user's history of likes and dislikes for movies, followed by a target movie. \
Predict whether the user will like the target movie or not. Only output the prediction as Yes or No.

## User's history:
- Liked "Girl, Interrupted (1999)"
- Disliked "Heat (1995)"

## Target movie:
"The Princess Bride (1987)"

## Response:"""
    )


def test_the_published_prompt_with_genres_ratings_and_times():
    task = LikeDislike(genres=True, ratings=True, times=True, style="published")
    assert (
        task.prompt([GIRL, HEAT], [5.0, 2.5], BRIDE, [400 * DAY, 0])
        == """\
## Instruction:
Below is a user's history of ratings of movies, followed by a target movie. \
Predict whether the user will like the target movie or not. Only output the prediction as Yes or No.

## User's history:
- "Girl, Interrupted (1999)" of genre "Drama" is rated 5.0, 1 year ago
- "Heat (1995)" of genre "Action|Crime|Thriller" is rated 2.5, at the same time

## Target movie:
"The Princess Bride (1987)" of genre "Action|Comedy"

## Response:"""
    )


def test_published_examples_are_numbered_and_a_line_closes_them():
    examples = [
        (PUBLISHED.prompt([GIRL], [4.0], HEAT), " No"),
        (PUBLISHED.prompt([HEAT, BRIDE], [2.0, 5.0], GIRL), " Yes"),
        (PUBLISHED.prompt([BRIDE], [4.0], ALIEN), " No"),
    ]
    assert (
        PUBLISHED.few_shot(PUBLISHED.prompt([ALIEN], [1.0], BRIDE), examples)
        == """\
## Instruction:
Below is a user's history of likes and dislikes for movies, followed by a target movie. \
Predict whether the user will like the target movie or not. Only output the prediction as Yes or No.

## Example 1
### User's rating history
- Liked "Girl, Interrupted (1999)"

### Target movie:
"Heat (1995)"

## Response: No

## Example 2
### User's rating history
- Disliked "Heat (1995)"
- Liked "The Princess Bride (1987)"

### Target movie:
"Girl, Interrupted (1999)"

## Response: Yes

## Example 3
### User's rating history
- Liked "The Princess Bride (1987)"

### Target movie:
"Alien (1979)"

## Response: No

## Now, do the same for the following user
## User's history:
- Disliked "Alien (1979)"

## Target movie:
"The Princess Bride (1987)"

## Response:"""
    )


def test_another_domain_has_its_own_words_in_published_examples_too():
    task = LikeDislike(item="book", items="books", user="reader", style="published")
    prompt = task.prompt([], [], Item("Emma"))
    shots = task.few_shot(prompt, [(prompt, " Yes")])
    assert '## Example 1\n### Reader\'s rating history\n- (empty)\n\n### Target book:\n"Emma"\n' in shots


def test_times_stand_behind_likes_and_dislikes():
    prompt = LikeDislike(times=True).prompt([GIRL, HEAT], [4.0, 3.0], BRIDE, [3 * DAY, 3_600])
    assert '- Liked "Girl, Interrupted (1999)" 3 days ago\n- Disliked "Heat (1995)" 1 hour ago\n' in prompt
    assert prompt.endswith('## Target movie:\n- "The Princess Bride (1987)"\n\n## Response:')


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "at the same time"),
        (59, "at the same time"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (2 * 3_600, "2 hours ago"),
        (DAY - 1, "23 hours ago"),
        (DAY, "1 day ago"),
        (30 * DAY - 1, "29 days ago"),
        (30 * DAY, "1 month ago"),
        (365 * DAY - 1, "12 months ago"),  # 364 days are 12 months of 30
        (365 * DAY, "1 year ago"),
        (5 * 365 * DAY + 200 * DAY, "5 years ago"),
    ],
)
def test_time_is_told_in_the_longest_unit_that_fits(seconds, words):
    assert ago(seconds) == words


def test_an_age_is_wanted_for_each_item():
    with pytest.raises(InputError, match="history of 1 items has 0 ages"):
        LikeDislike(times=True).prompt([HEAT], [4.0], BRIDE)


def test_a_style_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="prompt style 'terse' does not exist; choose from compact, published"):
        LikeDislike(style="terse")


@pytest.mark.parametrize(("style", "target"), [("compact", ' "Heat (1995)"'), ("published", '"Heat (1995)"')])
def test_a_prompt_is_parted_before_its_target(style, target):
    task = LikeDislike(style=style)
    prompt = task.prompt([GIRL], [4.0], HEAT)
    before, rest = task.parted(prompt)
    assert before + rest == prompt
    assert rest == f"{target}\n\n## Response:"


def test_an_empty_history_says_so():
    assert "\n\n## User's history:\n- (empty)\n\n## Target movie:\n" in LikeDislike().prompt([], [], BRIDE)


def test_an_item_without_genres_names_none():
    assert '- "Heat"\n' in LikeDislike(genres=True).prompt([], [], Item("Heat"))


def test_another_domain_has_its_own_words():
    prompt = LikeDislike(item="book", items="books", user="reader", enjoy="enjoy").prompt([], [], Item("Emma"))
    assert prompt.startswith("Below is a reader's history of likes and dislikes for books, followed by a target book. ")
    assert "whether the reader will enjoy the target book or not" in prompt
    assert "\n\n## Reader's history:\n" in prompt
    assert "\n\n## Target book:\n" in prompt


def test_a_like_begins_where_the_domain_says():
    assert 'Liked "Heat' in LikeDislike().prompt([HEAT], [4.0], BRIDE)
    assert 'Disliked "Heat' in LikeDislike().prompt([HEAT], [3.9], BRIDE)
    assert 'Liked "Heat' in LikeDislike(like_from=3.5).prompt([HEAT], [3.5], BRIDE)


def test_a_rating_is_wanted_for_each_item():
    with pytest.raises(InputError, match="history of 1 items has 2 ratings"):
        LikeDislike().prompt([HEAT], [4.0, 5.0], BRIDE)


def test_few_shot_says_the_instruction_once_and_answers_each_example():
    task = LikeDislike()
    examples = [
        (task.prompt([GIRL], [4.0], HEAT), task.completion(1)),
        (task.prompt([], [], GIRL), task.completion(0)),
    ]
    assert (
        task.few_shot(task.prompt([HEAT], [1.0], BRIDE), examples)
        == """\
Below is a user's history of likes and dislikes for movies, followed by a target movie. \
Predict whether the user will like the target movie or not. Only output the prediction as Yes or No.

## User's history:
- Liked "Girl, Interrupted (1999)"

## Target movie:
- "Heat (1995)"

## Response: Yes

## User's history:
- (empty)

## Target movie:
- "Girl, Interrupted (1999)"

## Response: No

## User's history:
- Disliked "Heat (1995)"

## Target movie:
- "The Princess Bride (1987)"

## Response:"""
    )


def test_few_shot_without_examples_is_the_prompt():
    prompt = LikeDislike().prompt([HEAT], [1.0], BRIDE)
    assert LikeDislike().few_shot(prompt, []) == prompt


def test_few_shot_refuses_a_prompt_of_other_settings():
    with pytest.raises(InputError, match="use the prompt settings that the dataset was built with"):
        LikeDislike().few_shot(LikeDislike(ratings=True).prompt([], [], BRIDE), [])


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        (" Yes", 1),
        (" No", 0),
        ("yes.", 1),
        ("NO!", 0),
        ('"Yes"', 1),
        ("**No**", 0),
        ("\n\n- Yes, the user will like it", 1),
        ("No, because Yes-men bore them", 0),
        ("No\n\n## Response: Yes", 0),
        ("", None),
        ("   ", None),
        ("Not likely", None),
        ("Nobody knows", None),
        ("Yesterday", None),
        ("yes_no", None),
        ("I think Yes", None),
        ("The answer is No", None),
        ("1", None),
    ],
)
def test_an_answer_is_its_first_word_or_none(answer, label):
    assert LikeDislike.parse(answer) == label


@given(label=st.sampled_from([0, 1]), rest=st.text())
def test_a_completion_is_parsed_as_its_label_whatever_follows_on_new_lines(label, rest):
    assert LikeDislike.parse(LikeDislike().completion(label) + "\n" + rest) == label


@given(answer=st.text(alphabet="yYeEsSnNoOſ \"'.", max_size=6))
def test_whatever_is_parsed_begins_with_the_word_it_stands_for(answer):
    """A long s (ſ) is an s to a search that ignores case."""
    word = {1: "yes", 0: "no"}.get(LikeDislike.parse(answer))
    assert word is None or answer.strip(" \"'.").casefold().startswith(word)


VARIANTS = [
    LikeDislike(genres, ratings, times=times, style=style)
    for genres, ratings, times in product((False, True), repeat=3)
    for style in ("compact", "published")
]


@given(titles=st.lists(TITLES, min_size=3, max_size=3), genres=st.lists(TITLES, min_size=1, max_size=2))
@example(titles=HOSTILE_TITLES[:3], genres=HOSTILE_TITLES[3:5])
@settings(max_examples=300, deadline=None)
def test_no_title_adds_a_line_or_closes_its_quotes(titles, genres):
    """A prompt of hostile titles is that of plain ones, but for what stands between its quotes."""
    for task in VARIANTS:
        hostile, plain = (
            task.prompt([Item(a, kinds), Item(b, kinds)], [5.0, 1.0], Item(c, kinds), [DAY, 0])
            for (a, b, c), kinds in ((titles, genres), ("xyz", ["kind"] * len(genres)))
        )
        assert len(hostile.splitlines()) == len(plain.splitlines())
        assert re.sub('"[^"]*"', '""', hostile) == re.sub('"[^"]*"', '""', plain)
        assert task.few_shot(hostile, [(hostile, " Yes")]).count("\n## Response: Yes\n") == 1
        shots = [task.few_shot(prompt, [(prompt, " Yes")]) for prompt in (hostile, plain)]
        assert re.sub('"[^"]*"', '""', shots[0]) == re.sub('"[^"]*"', '""', shots[1])
        assert "".join(task.parted(hostile)) == hostile
