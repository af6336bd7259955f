"""Imports go one way: the contracts of pyproject.toml hold here, and each is seen to fail."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PLANTED = [
    ("layers", "domain/users.py", "rolecall.store.sqlite"),
    ("layers", "scim/filter.py", "rolecall.domain.users"),
    ("layers", "web/app.py", "rolecall.store.sqlite"),
    ("layers", "fronts/scim.py", "rolecall.web.app"),
    ("layers", "settings.py", "rolecall.wiring"),
    ("ports-know-the-domain-only", "store/sqlite.py", "rolecall.fronts.scim"),
    ("ports-know-the-domain-only", "select/engine.py", "rolecall.sql.parser"),
    ("ports-know-the-domain-only", "vault.py", "rolecall.scim.filter"),
    ("clients", "push/directory.py", "rolecall.domain.users"),
    ("clients", "simulate/player.py", "rolecall.store.sqlite"),
    ("scim-front-apart", "fronts/scim_users.py", "rolecall.fronts.tables"),
    ("sql-front-apart", "fronts/sql.py", "rolecall.fronts.scim_groups"),
    ("pure", "domain/users.py", "time"),
    ("pure", "scim/filter.py", "os"),
    ("pure", "sql/parser.py", "logging"),
    ("pure", "fronts/sql.py", "asyncio"),
    ("drivers-hidden", "web/app.py", "apsw"),
    ("select-engine-hidden", "store/sqlite.py", "duckdb"),
    ("sqlglot-hidden", "select/engine.py", "sqlglot"),
    ("framework-hidden", "push/directory.py", "starlette"),
    ("acyclic", "store/sqlite.py", "rolecall.store.memory"),
]
"""Contract, a file, and the import that it may not have."""

ALLOWED = {
    "cli.py": ["rolecall.wiring", "rolecall.push.directory", "rolecall.settings"],
    "wiring.py": ["rolecall.web.app", "rolecall.store.sqlite", "rolecall.select.engine"],
    "web/app.py": ["rolecall.fronts.scim", "starlette", "asyncio"],
    "fronts/scim.py": ["rolecall.fronts.scim_users", "rolecall.scim.filter"],
    "fronts/sql.py": ["rolecall.fronts.tables", "rolecall.sql.parser"],
    "fronts/tables.py": ["rolecall.domain.users"],
    "fronts/scim_users.py": ["rolecall.domain.users"],
    "fronts/scim_groups.py": ["rolecall.domain.users"],
    "store/sqlite.py": ["apsw", "rolecall.domain.users"],
    "store/memory.py": ["rolecall.store.sqlite"],
    "select/engine.py": ["duckdb"],
    "sql/parser.py": ["sqlglot"],
    "scim/filter.py": ["re"],
    "domain/users.py": ["msgspec"],
    "vault.py": ["secrets"],
    "settings.py": ["os"],
    "push/directory.py": ["httpx"],
    "simulate/player.py": ["random"],
}
"""A project in small, every import of which is as it should be."""


def lint_imports(folder: Path, *, source: Path, options: tuple[str, ...] = ()) -> str:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def project_in_small(folder: Path, imports: dict[str, list[str]]) -> Path:
    package = folder / "rolecall"
    for name, modules in imports.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"import {module}\n" for module in modules))
        (path.parent / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def with_every_breach() -> dict[str, list[str]]:
    imports = {name: list(modules) for name, modules in ALLOWED.items()}
    for _, name, module in PLANTED:
        imports[name].append(module)
    return imports


@pytest.fixture(scope="module")
def breaches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each contract has to say about a project that breaks them all."""
    folder = project_in_small(tmp_path_factory.mktemp("planted"), with_every_breach())
    said = {}
    for contract in sorted({contract for contract, _, _ in PLANTED}):
        said[contract] = lint_imports(folder, source=folder, options=("--contract", contract))
    return said


def contracts() -> set[str]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return set(re.findall(r'^id = "(.+)"$', text, flags=re.MULTILINE))


def test_every_contract_is_kept() -> None:
    assert f"Contracts: {len(contracts())} kept, 0 broken." in lint_imports(
        ROOT, source=ROOT / "src"
    )


def test_a_project_as_it_should_be_keeps_every_contract(tmp_path: Path) -> None:
    folder = project_in_small(tmp_path, ALLOWED)
    assert "0 broken." in lint_imports(folder, source=folder)


@pytest.mark.parametrize(("contract", "name", "module"), PLANTED)
def test_a_forbidden_import_breaks_its_contract(
    contract: str, name: str, module: str, breaches: dict[str, str]
) -> None:
    # A circle is told in names relative to its package, every other breach in full.
    importer, imported = Path(name).stem, module.rpartition(".")[2]
    assert "1 broken." in breaches[contract]
    assert re.search(rf"\.{importer} -> \S*\b{imported}\b", breaches[contract])


def test_every_contract_is_seen_to_fail() -> None:
    assert {contract for contract, _, _ in PLANTED} == contracts()


def test_a_new_module_at_the_top_has_to_say_where_it_stands(tmp_path: Path) -> None:
    folder = project_in_small(tmp_path, {**ALLOWED, "sundries.py": []})
    said = lint_imports(folder, source=folder, options=("--contract", "layers"))
    assert "sundries" in said
    assert "1 broken." in said
