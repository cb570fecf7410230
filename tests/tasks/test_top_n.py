"""The recommend-ten task: its messages, and the titles read out of what a model writes."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tastetune.tasks.top_n import TopN

TASK = TopN()


def test_the_messages_of_a_row():
    system, user = TASK.prompt(["The Matrix (1999)", "Alien (1979)"])
    assert system["role"] == "system"
    assert system["content"].startswith("You recommend movies.")
    assert "10 numbered lines" in system["content"]
    assert user == {"role": "user", "content": "My favourite movies:\n1. The Matrix (1999)\n2. Alien (1979)"}
    assert TASK.completion(["Aliens (1986)", "Brazil (1985)"]) == [
        {"role": "assistant", "content": "1. Aliens (1986)\n2. Brazil (1985)"}
    ]


def test_a_completion_holds_the_first_n_of_a_longer_gold_list():
    assert TopN(n=2).completion(["A", "B", "C"])[0]["content"] == "1. A\n2. B"


def test_the_words_of_another_domain():
    task = TopN(n=5, item="book", items="books", user="reader", enjoy="enjoy")
    system, user = task.prompt(["Emma"])
    assert "5 other books that the reader will enjoy" in system["content"]
    assert user["content"] == "My favourite books:\n1. Emma"
    assert "movie" not in system["content"] + user["content"]


def test_a_title_cannot_write_a_line_of_its_own():
    user = TASK.prompt(['Alien\n2. Forged "title"', "Brazil"])[1]
    assert user["content"] == "My favourite movies:\n1. Alien 2. Forged 'title'\n2. Brazil"


ANSWERS = {
    "numbered": ("1. Alien (1979)\n2. Brazil (1985)", ["Alien (1979)", "Brazil (1985)"]),
    "with brackets": ("1) Alien\n 2) Brazil", ["Alien", "Brazil"]),
    "bulleted": ("- Alien\n* Brazil\n• Fargo", ["Alien", "Brazil", "Fargo"]),
    "prose around": ("Sure! Here are some:\n\n1. Alien\n2. Brazil\n\nEnjoy these movies.", ["Alien", "Brazil"]),
    "emphasis": ("1. **Alien** (1979)\n**2. Brazil**\n3. *Fargo (1996)*", ["Alien (1979)", "Brazil", "Fargo (1996)"]),
    "quotes": ('1. "Alien" (1979)\n2. “Brazil”\n3. «Fargo»', ["Alien (1979)", "Brazil", "Fargo"]),
    "explained": (
        '1. Alien (1979) - a horror in space (1h 57m)\n2. "Brazil": a satire\n3. **Fargo** – snow',
        ["Alien (1979)", "Brazil", "Fargo"],
    ),
    "titles with marks of their own": (
        "1. 2001: A Space Odyssey (1968)\n2. 12 Angry Men (1957)\n3. Star Wars: Episode IV - A New Hope (1977)\n4. 8½",
        ["2001: A Space Odyssey (1968)", "12 Angry Men (1957)", "Star Wars: Episode IV - A New Hope (1977)", "8½"],
    ),
    "no marks at all": ("Alien (1979)\nBrazil (1985)\n", ["Alien (1979)", "Brazil (1985)"]),
    "quoted in prose": ('I would watch "Alien", then “Brazil (1985)”.', ["Alien", "Brazil (1985)"]),
    "prose": ("Here you go:\nI am sorry, I know no movies.", ["I am sorry, I know no movies."]),
    "stopped early": ("1. Alien (1979)\n2. Braz", ["Alien (1979)", "Braz"]),
    "stopped at a number": ("1. Alien\n2.", ["Alien"]),
    "one title again and again": ("1. Alien\n2. Alien\n3. Alien", ["Alien", "Alien", "Alien"]),
    "nothing": ("", []),
    "white space": (" \n\t\n", []),
    "an announcement alone": ("Here are ten movies:", []),
}


@pytest.mark.parametrize(("answer", "titles"), ANSWERS.values(), ids=ANSWERS)
def test_titles_are_read_out_of_an_answer(answer, titles):
    assert TASK.parse(answer) == titles


def test_no_more_than_n_titles_are_read():
    assert TASK.parse("\n".join(f"{k}. Title {k}" for k in range(1, 31))) == [f"Title {k}" for k in range(1, 11)]


WORD = st.from_regex(r"[A-Za-z0-9àéüß][A-Za-z0-9àéüß':,!-]{0,7}", fullmatch=True)
TITLES = st.builds("{} ({})".format, st.lists(WORD, min_size=1, max_size=4).map(" ".join), st.integers(1900, 2030))


@settings(deadline=None, max_examples=50)
@given(st.lists(TITLES, min_size=1, max_size=10))
def test_what_the_task_writes_it_reads(titles):
    assert TASK.parse(TASK.completion(titles)[0]["content"]) == titles


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_any_text_gives_up_to_n_titles(answer):
    titles = TASK.parse(answer)
    assert len(titles) <= 10
    assert all(title.strip() == title != "" for title in titles)
