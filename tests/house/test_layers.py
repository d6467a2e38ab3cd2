"""Imports go down only, and the use cases load neither Flask nor SQLAlchemy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENTRANCES = {"feature", "views", "operations", "forms", "presenters", "commands", "simulator"}
"""Files and folders of a feature that may touch the platform's web, rest and store."""
PURE = ("app.fhir", "app.errors", "app.access.actor", "app.clock", "app.config", "app.ids")


def test_no_import_goes_upwards() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-500:]


def use_cases() -> list[str]:
    """Modules of the features that are not entrances."""
    found = []
    for feature in ("protocols", "pathways"):
        for path in sorted((ROOT / feature).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if not ENTRANCES & set(parts):
                found.append(".".join(part for part in parts if part != "__init__"))
    return found


@pytest.mark.parametrize("module", use_cases())
def test_a_use_case_imports_only_the_pure_rooms(module: str) -> None:
    path = ROOT / Path(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    wrong = [name for name in imported(path) if name.startswith("app") and not name.startswith(PURE)]
    assert not wrong, f"{module} imports {wrong}"


def imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def test_use_cases_load_neither_flask_nor_sqlalchemy() -> None:
    code = (
        f"import sys\nfor name in {use_cases()!r}: __import__(name)\n"
        "print([name for name in ('flask', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr[-2000:]
