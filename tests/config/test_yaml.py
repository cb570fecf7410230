import pytest

from tastetune.config.yaml import load_yaml, refuse_unknown
from tastetune.errors import InputError


def written(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_values_and_their_lines(tmp_path):
    values, lines = load_yaml(written(tmp_path, "# a comment\nlearning_rate: 5.0e-5\n\nsteps: 3\nnested: {a: [1]}\n"))
    assert values == {"learning_rate": 5e-5, "steps": 3, "nested": {"a": [1]}}
    assert lines == {"learning_rate": 2, "steps": 4, "nested": 5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: 3\nlr: 1\nsteps: 4\n", r"recipe.yaml, line 3: 'steps' stands there a second time, first in line 1"),
        ("a:\n  b: 1\n  b: 2\n", r"line 3: 'b' stands there a second time"),
        ("steps: [1, 2\nlr: 3\n", r"recipe.yaml, line \d: not valid YAML"),
        ("- 1\n- 2\n", r"expected a mapping of keys to values, found list"),
        ("", r"expected a mapping of keys to values, found NoneType"),
        ("a: 1\n? [b, c]\n: 1\n", r"line 2: a sequence for a key; a key is one word"),
        ("a: 1\n{b: 2}: 1\n", r"line 2: a mapping for a key; a key is one word"),
        ("a: 1\nb: " + "[" * 100_000, r"line 2: nested more than 20 deep; write it flat"),
        ("a: &a [1, *a]\n", r"line 1: \*a stands inside of itself; remove it"),
        # Each stands for ten of the one before: 10^9 words in ten lines
        (
            "a0: &a0 [w]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)),
            r"line 3: more than 16 aliases; write the values out",
        ),
        ("a: 2024-13-45\n", r"recipe.yaml: not valid YAML: month must be in 1..12"),
        ("a: " + "9" * 5000 + "\n", r"recipe.yaml: not valid YAML: "),
        ("steps: !!python/object/apply:os.getcwd []\n", r"line 1: not valid YAML: could not determine a constructor"),
    ],
)
def test_bad_yaml_names_the_file_and_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        load_yaml(written(tmp_path, text))


def test_a_missing_file_suggests_its_neighbour(tmp_path):
    written(tmp_path, "a: 1\n")
    with pytest.raises(InputError, match=r"recpie.yaml: no such file; did you mean .*recipe.yaml"):
        load_yaml(tmp_path / "recpie.yaml")


def test_an_unknown_key_suggests_the_nearest():
    with pytest.raises(InputError, match=r"r.yaml, line 7: unknown key 'learning_rat'; did you mean 'learning_rate'"):
        refuse_unknown("r.yaml", {"seed": 1, "learning_rat": 7}, ["learning_rate", "seed"])
    refuse_unknown("r.yaml", {"seed": 1}, ["learning_rate", "seed"])
