"""The package's rooms with what each holds, as a table for the README."""

import ast
from pathlib import Path


def room_map(package: Path) -> str:
    """A Markdown table of the packages inside the folder `package`, each with the first sentence of its docstring."""
    lines = ["| room | what it holds |", "|---|---|"]
    for path in sorted(package.glob("*/__init__.py")):
        documentation = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        sentence = " ".join(documentation.split()).partition(". ")[0].rstrip(".")
        lines.append(f"| `{package.name}/{path.parent.name}` | {sentence} |")
    return "\n".join(lines)
