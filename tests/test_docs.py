"""The pages say what the code says: settings, codes, routes, links, and the form of decisions."""

import ast
import importlib.util
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import api
import ml
from api import errors
from api.problems import CODES
from api.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives"]


def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = _reference()
MADE = ["api.md", "problems.md", "settings.md"]
"""The pages made from the code; named here, for making them takes seconds that whoever collects tests would wait."""


@cache
def _made() -> dict[str, str]:
    """Make every page that is made from the code, once for all tests of this process."""
    pages: dict[str, str] = reference.pages()
    return pages


def _modules(package: ModuleType) -> list[ModuleType]:
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [import_module(info.name) for info in found if not info.name.endswith("__main__")]


def _refusals(kind: type[errors.Refusal] = errors.Refusal) -> Iterator[type[errors.Refusal]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _refusals(narrower)


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _code_of(call: ast.Call, refusals: set[str]) -> str | None:
    """Return the code that a call gives a refusal, where it stands there as text."""
    name, places = _name(call), call.args
    if name in refusals:
        return next((_text(given.value) for given in call.keywords if given.arg == "code"), None)
    if name == "impossible":
        return _text(places[1])
    if name == "in_order" and len(places) > 1:  # of a state's two moments; ids are put in order too
        return f"before_{_text(places[1])}"
    if ast.unparse(call.func) == "STATUS_CODES.get" and isinstance(places[1], ast.Tuple):
        return _text(places[1].elts[0])
    # The learner's own refusal, told by the command that waits for it.
    return _text(places[0]) if name == "Refused" else None


@cache
def _raised() -> dict[str, str]:
    """Return every code an answer can carry, with a place it comes from."""
    modules = [*_modules(api), *_modules(ml)]
    kinds = list(_refusals())
    found = {kind.code: kind.__qualname__ for kind in kinds}
    found |= {code: "STATUS_CODES" for code, _ in errors.STATUS_CODES.values()}
    for module in modules:
        for name, thing in inspect.getmembers(module, inspect.isclass):
            code = vars(thing).get("code")
            if issubclass(thing, ValueError) and isinstance(code, str):
                found[code] = name
        calls = (node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.Call))
        for call in calls:
            code = _code_of(call, {kind.__name__ for kind in kinds})
            if code is not None:
                found[code] = f"{module.__name__}:{call.lineno}"
    return found


@pytest.mark.parametrize("page", MADE)
def test_a_page_made_from_the_code_is_what_the_code_says(page: str) -> None:
    assert sorted(_made()) == MADE
    written = (DOCS / page).read_text(encoding="utf-8")
    assert written == _made()[page], "run `make docs`"


def test_every_setting_is_documented_with_its_meaning() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    silent = [
        name
        for name, field in Settings.model_fields.items()
        if not field.description or f"| `{PREFIX}{name.upper()}` |" not in page or field.description not in page
    ]
    assert silent == []


def test_every_setting_that_a_page_names_exists() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    named = {
        (page.relative_to(ROOT).as_posix(), name)
        for page in PAGES
        for name in re.findall(r"STEADFAST_[A-Z]\w+", page.read_text(encoding="utf-8"))
    }
    assert {(page, name) for page, name in named if name.removesuffix("_FILE") not in known} == set()


def test_every_code_that_is_raised_is_explained() -> None:
    raised = _raised()
    assert {code: place for code, place in raised.items() if code not in CODES} == {}


def test_every_code_that_is_explained_is_raised() -> None:
    assert set(CODES) - set(_raised()) == set()


def test_every_route_says_its_scope() -> None:
    routes = [
        (method, path, operation["description"], operation["security"])
        for path, methods in reference.openapi()["paths"].items()
        for method, operation in methods.items()
    ]
    silent = [
        (method, path)
        for method, path, description, security in routes
        for entry in security
        for scope in entry["HTTPBearer"] or ["Any valid key"]
        if scope not in description
    ]
    assert silent == []


def _anchors(page: Path) -> set[str]:
    text = page.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {reference.anchor(heading) for heading in headings} | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8")))
        targets = {(page.parent / link).resolve() for link in links if link.endswith(".md") and "://" not in link}
        waiting += targets - reached
    assert [page.relative_to(ROOT).as_posix() for page in PAGES if page not in reached] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_four_parts_and_is_short(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert text.startswith(f"# {page.stem[:4]} ")
    assert len(text.splitlines()) <= 40
    alternatives = text.partition("## Alternatives")[2].strip().splitlines()
    assert alternatives
    assert all(line.startswith("* ") for line in alternatives)


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(page.stem[:4]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_changelog_says_what_comes_next() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
