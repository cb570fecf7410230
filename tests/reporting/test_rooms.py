"""The README's map of the package."""

from documents import ROOT

from tastetune.reporting.rooms import room_map


def test_a_room_is_named_with_the_first_sentence_of_its_documentation(tmp_path):
    for name, text in {"metrics": "What is measured. Pure functions.", "data": "From a log\nto a dataset."}.items():
        (tmp_path / "package" / name).mkdir(parents=True)
        (tmp_path / "package" / name / "__init__.py").write_text(f'"""{text}"""\n')
    assert room_map(tmp_path / "package").splitlines()[2:] == [
        "| `package/data` | From a log to a dataset |",
        "| `package/metrics` | What is measured |",
    ]


def test_the_readme_shows_what_is_there():
    assert room_map(ROOT / "tastetune") in (ROOT / "README.md").read_text(encoding="utf-8")
