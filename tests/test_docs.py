"""The documents: lines that fit a terminal, and no path or command that is not there."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("exported/*.md")]
MAX_LINE = 100
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
GENERATED = re.compile(r"^<!-- tables: begin -->.*?^<!-- tables: end -->$", re.M | re.S)
# A relative link; the part behind # names a heading.
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
NAMED = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"python -m ([\w.]+)")
# What looks like a file or folder of ours: its first part is in the checkout, or it is a source.
SOURCE = re.compile(r"[\w./-]+\.(?:py|md|cfg|toml|txt)|[\w.-]+(?:/[\w.-]+)*/")
# Files that runs and users make, and folders that are not in git.
MADE = re.compile(
    r"^(runs|build|training|tensorboard|figures|assets\.extra|benchmarks/results/\*|my_models)\b"
)
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pages
def test_lines_fit(page: Path) -> None:
    text = GENERATED.sub("", CODE.sub("", page.read_text(encoding="utf-8")))
    exempt = ("|", "    ", "![")
    lines = [line for line in text.splitlines() if not line.startswith(exempt)]
    assert [line for line in lines if len(line) > MAX_LINE and " " in line.strip()] == []


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for path, heading in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        if heading:
            assert heading in headings(target), heading


@pages
def test_paths_are_in_the_checkout(page: Path) -> None:
    assert [path for path in paths(page) if not exists(path)] == []


@pages
def test_commands_name_modules(page: Path) -> None:
    modules = COMMAND.findall(page.read_text(encoding="utf-8"))
    ours = [name for name in modules if name not in ("pip", "pytest", "venv")]
    assert [name for name in ours if importlib.util.find_spec(name) is None] == []


def test_readme_names_the_pythons_that_the_package_declares() -> None:
    found = re.findall(
        r"Programming Language :: Python :: (3\.\d+)", (ROOT / "setup.cfg").read_text()
    )
    *others, last = found
    assert f"Python {', '.join(others)} or {last}," in (ROOT / "README.md").read_text("utf-8")


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def paths(page: Path) -> Iterator[str]:
    """What stands between backticks and looks like a file or a folder of the checkout."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    for named in NAMED.findall(text):
        for word in named.split():
            if SOURCE.fullmatch(word) and not MADE.match(word):
                yield word


def exists(path: str) -> bool:
    """Whether it is there from the root or from the package, or is the name of one of our files."""
    if any((ROOT / folder / path).exists() for folder in ("", "ulk_tf")):
        return True
    return "/" not in path.strip("/") and any(
        found
        for folder in ("ulk_tf", "trainers")
        for found in (ROOT / folder).rglob(path.strip("/"))
    )
