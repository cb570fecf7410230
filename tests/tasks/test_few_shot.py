import pyarrow as pa
import pytest

from tastetune.errors import InputError
from tastetune.tasks.few_shot import FewShot


def rows(users, labels, histories=None):
    n = len(users)
    return pa.table(
        {
            "user_id": users,
            "label": labels,
            "history": histories or [["a"]] * n,
            "prompt": [f"prompt {i} of {user}" for i, user in enumerate(users)],
            "completion": [" Yes" if label else " No" for label in labels],
        }
    )


TABLE = rows([f"u{i}" for i in range(12)], [1, 0] * 6)


def test_three_shots_hold_both_answers_and_are_fixed_by_the_seed():
    few = FewShot(TABLE, 3, seed=1)
    assert [completion for _, completion in few.examples("stranger")] == [" Yes", " No", " Yes"]
    assert few.examples("stranger") == FewShot(TABLE, 3, seed=1).examples("another")
    assert any(few.examples("x") != FewShot(TABLE, 3, seed=s).examples("x") for s in range(2, 9))


@pytest.mark.parametrize("shots", [1, 2, 3, 5])
def test_never_the_row_s_own_user(shots):
    few = FewShot(TABLE, shots, seed=0)
    for user in TABLE["user_id"].to_pylist():
        examples = few.examples(user)
        assert len(examples) == shots
        assert not [prompt for prompt, _ in examples if prompt.endswith(f" of {user}")]
        assert shots < 2 or {completion for _, completion in examples} == {" Yes", " No"}


def test_rows_without_a_history_are_no_example():
    table = rows([f"u{i}" for i in range(8)], [1, 0] * 4, [[]] * 4 + [["a"]] * 4)
    shown = {prompt for prompt, _ in FewShot(table, 2, seed=0).examples("stranger")}
    assert shown <= {f"prompt {i} of u{i}" for i in range(4, 8)}


def test_too_few_rows_of_one_answer_are_refused():
    with pytest.raises(InputError, match=r"need 3 liked and 2 disliked training rows .* found 3 and 0"):
        FewShot(rows(list("abcd"), [1, 1, 1, 1]), 3, seed=0)
    # Four liked rows of one user make one example: examples are of different users
    with pytest.raises(InputError, match="found 1 and 2"):
        FewShot(rows(["a"] * 4 + ["b", "c"], [1, 1, 1, 1, 0, 0]), 3, seed=0)


def test_no_shots_are_no_examples():
    assert FewShot(TABLE, 0, seed=0).examples("u0") == []
