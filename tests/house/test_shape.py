"""The shape of the code: one commit, short files, named rooms, nothing of one machine."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("app", "pathways", "protocols", "bench", "scripts", "tests", "migrations")


def python_files() -> list[Path]:
    return [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]


def test_no_file_is_over_300_lines() -> None:
    written = [path for path in python_files() if "versions" not in path.parts]  # migrations are generated
    long = {str(p.relative_to(ROOT)): n for p in written if (n := len(p.read_text("utf-8").splitlines())) > 300}
    assert not long


def test_only_work_commits() -> None:
    """``work()`` holds the only commit: a change, its indexes, its audit and its outbox stand or fall together."""
    found = []
    for path in python_files():
        relative = str(path.relative_to(ROOT))
        if not relative.startswith(("app/", "pathways/", "protocols/")) or relative == "app/store/work.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
                found.append(f"{relative}:{node.lineno}")
    assert not found


def test_rooms_are_named_for_what_they_hold() -> None:
    assert not [p for p in python_files() if p.stem in {"utils", "util", "helpers", "helper", "misc", "common"}]


def test_domain_code_takes_time_and_ids_as_values() -> None:
    found = []
    for folder in ("pathways", "protocols"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text("utf-8")
            found += [
                f"{path.relative_to(ROOT)}: {m}" for m in re.findall(r"datetime\.now\(|date\.today\(|uuid4\(", text)
            ]
    assert not found


def test_the_css_knows_no_left_and_right() -> None:
    """Arabic mirrors the page by itself when only logical properties are used."""
    physical = re.compile(
        r"(?<![-\w])(?:(?:margin|padding|border|inset)-(?:left|right)\b|(?:left|right)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right))"
    )
    found = []
    for path in [*ROOT.glob("app/**/*.css"), *ROOT.glob("app/**/*.html"), *ROOT.glob("p*/templates/**/*.html")]:
        text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
        styles = text if path.suffix == ".css" else " ".join(re.findall(r'<style.*?</style>|style="[^"]*"', text, re.S))
        found += [f"{path.relative_to(ROOT)}: {match}" for match in physical.findall(styles)]
    assert not found


def test_nothing_names_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    found = []
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in {".png", ".gz", ".mo", ".woff2"} or not path.is_file():
            continue
        for match in re.findall(
            r"(?<![A-Za-z0-9_.~-])/(?:work|home|root)/[a-z]\S*", path.read_text("utf-8", "replace")
        ):
            found.append(f"{name}: {match}")
    assert not found


def test_make_bench_runs_every_benchmark() -> None:
    named = re.search(r"^BENCH \?= (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named is not None
    measuring = {path.stem for path in (ROOT / "bench").glob("*.py") if "\ndef main(" in path.read_text()}
    assert set(named[1].split()) == measuring
