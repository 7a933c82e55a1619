"""The documentation has every part of the system, its links lead somewhere, and its commands exist.

What is compared is the real thing: the loaded definitions, the settings, the commands and the routes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import dagster as dg
import pytest
import typer.main
from fastapi.routing import APIRoute

from mam_assets.api.app import create_app
from mam_assets.cli.commands import app
from mam_assets.definitions import build_defs
from mam_assets.settings import PROJECT_ROOT, Settings

README = PROJECT_ROOT / "README.md"
ARCHITECTURE = PROJECT_ROOT / "docs" / "ARCHITECTURE.md"
USING = PROJECT_ROOT / "docs" / "USING.md"
ENV_EXAMPLE = PROJECT_ROOT / ".env.example"
PAGES = (README, *sorted((PROJECT_ROOT / "docs").glob("*.md")))


@cache
def words(page: Path) -> frozenset[str]:
    """Every name that a page writes as code, in `backticks` or in a block."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?^```", text, re.DOTALL | re.MULTILINE)
    quoted = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    return frozenset(word for part in (*blocks, *quoted) for word in re.findall(r"[\w./-]+", part))


@cache
def table_names(heading: str, column: int = 1) -> frozenset[str]:
    """The `names` in a column of the tables below a heading of ARCHITECTURE.md, up to the next heading."""
    _, _, rest = ARCHITECTURE.read_text(encoding="utf-8").partition(f"\n{heading}\n")
    section = re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| ")]
    return frozenset(name for row in rows for name in re.findall(r"`(\w+)`", row[column]))


@cache
def repository() -> Any:
    """What Dagster loads; opens no connection."""
    return build_defs().get_repository_def()


def asset_names() -> list[str]:
    return sorted(key.to_user_string() for key in repository().asset_graph.get_all_asset_keys())


def check_names() -> list[str]:
    return sorted(key.name for key in repository().asset_graph.asset_check_keys)


def job_names() -> list[str]:
    return sorted(job.name for job in repository().get_all_jobs() if not job.name.startswith("__"))


def schedule_names() -> list[str]:
    return sorted(schedule.name for schedule in repository().schedule_defs)


def sensor_names() -> list[str]:
    return sorted(sensor.name for sensor in repository().sensor_defs)


def command_names() -> list[str]:
    """`demo`, `export failures`, …: each command as it is typed after `mam`."""

    def walk(command: Any, path: tuple[str, ...]) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield " ".join(path)
        for name, each in (inner or {}).items():
            yield from walk(each, (*path, name))

    return sorted(walk(typer.main.get_command(app), ()))


def option_names() -> list[str]:
    def walk(command: Any) -> Iterator[str]:
        for each in getattr(command, "commands", {}).values():
            yield from walk(each)
        yield from (name for option in command.params for name in option.opts if name.startswith("--"))

    return sorted(set(walk(typer.main.get_command(app))))


def endpoint_names() -> list[str]:
    """`GET /health` and the like, those of the routers included."""

    def walk(routes: Any) -> Iterator[str]:
        for route in routes:
            if isinstance(route, APIRoute):
                yield from (f"{method} {route.path}" for method in route.methods or ())
            elif (inner := getattr(route, "original_router", None)) is not None:
                yield from walk(inner.routes)

    return sorted(walk(create_app(Settings(_env_file=None)).routes))


def test_the_graph_that_is_drawn_is_the_graph_that_is_there() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    drawn = set()
    for line in re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)[1].splitlines():  # type: ignore[index]
        stages = [[name.strip() for name in part.split("&")] for part in line.split("-->")] if "-->" in line else []
        drawn |= {(a, b) for one, two in pairwise(stages) for a in one for b in two}
    graph = repository().asset_graph
    there = {
        (parent.to_user_string(), key.to_user_string())
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
    }
    assert drawn == there


@pytest.mark.parametrize(
    ("heading", "column", "names"),
    [
        ("## The graph", 2, asset_names()),
        ("### Checks", 1, check_names()),
        ("### Jobs", 1, job_names()),
        ("### Schedules", 1, schedule_names()),
        ("### Sensors", 1, sensor_names()),
    ],
    ids=["assets", "checks", "jobs", "schedules", "sensors"],
)
def test_the_tables_of_the_architecture_have_each_and_no_other(heading: str, column: int, names: list[str]) -> None:
    assert sorted(table_names(heading, column)) == names


@pytest.mark.parametrize("schedule", repository().schedule_defs, ids=lambda schedule: schedule.name)
def test_each_schedule_is_described_with_its_hour(schedule: dg.ScheduleDefinition) -> None:
    minute, hour = str(schedule.cron_schedule).split()[:2]
    line = re.search(rf"^\| `{schedule.name}` \|.*$", ARCHITECTURE.read_text(encoding="utf-8"), re.MULTILINE)
    assert line is not None
    assert f"{int(hour):02d}:{int(minute):02d}" in line[0]
    assert f"`{schedule.job_name}`" in line[0]


def test_the_arrows_that_are_written_are_those_that_are_checked() -> None:
    contracts = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers")
    assert "\n".join(layers).replace("mam_assets.", "") in ARCHITECTURE.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", command_names())
def test_each_command_is_in_the_readme_and_in_the_architecture(command: str) -> None:
    assert f"`mam {command}`" in README.read_text(encoding="utf-8")
    assert f"| `mam {command}` |" in ARCHITECTURE.read_text(encoding="utf-8")


@pytest.mark.parametrize("option", [name for name in option_names() if name != "--help"])
def test_each_option_is_in_the_architecture(option: str) -> None:
    assert option in words(ARCHITECTURE)


def test_no_command_is_documented_that_does_not_exist() -> None:
    known = {command.split()[0] for command in command_names()}
    promised = "## What differs"
    for page in PAGES:
        text = page.read_text(encoding="utf-8").partition(promised)[0]
        assert set(re.findall(r"(?<![\w/-])mam ([a-z]+)", "\n".join(re.findall(r"`[^`]+`", text)))) <= known, page.name


@pytest.mark.parametrize("endpoint", endpoint_names())
def test_each_endpoint_is_in_the_architecture(endpoint: str) -> None:
    assert f"`{endpoint}`" in ARCHITECTURE.read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", [name.upper() for name in Settings.model_fields])
def test_each_setting_is_explained(setting: str) -> None:
    assert setting in words(USING), f"explain {setting} in docs/USING.md, Settings"


@pytest.mark.parametrize(
    "asset", [name for name in asset_names() if repository().asset_graph.get(dg.AssetKey(name)).is_materializable]
)
def test_each_field_of_run_config_is_explained(asset: str) -> None:
    node = repository().assets_defs_by_key[dg.AssetKey(asset)].node_def
    schema = getattr(node.config_schema, "config_type", None)
    fields = getattr(schema, "fields", None) or {}
    assert set(fields) <= words(USING), f"explain the run config of {asset} in docs/USING.md, Run config"


def written_defaults() -> dict[str, tuple[str, str]]:
    """Of `.env.example`: name → (comment above it, value)."""
    found, comment = {}, []
    for line in ENV_EXAMPLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif line:
            name, _, value = line.partition("=")
            found[name] = (" ".join(comment), value)
            comment = []
        else:
            comment = []
    return found


def test_the_example_has_every_setting_in_order_and_no_other() -> None:
    assert list(written_defaults()) == [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_the_example_says_what_the_settings_say(name: str) -> None:
    comment, value = written_defaults()[name.upper()]
    field = Settings.model_fields[name]
    assert comment.startswith(str(field.description))
    assert value == ("" if name == "data_dir" else _as_written(field.default))


def test_the_example_holds_no_secret_and_can_be_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    read = Settings(_env_file=ENV_EXAMPLE)
    assert read.secrets() == ()
    assert read == Settings(_env_file=None)


def _as_written(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)


def links() -> list[tuple[Path, str]]:
    found = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        found += [(page, target) for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    return [(page, target) for page, target in found if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("page", "target"), links(), ids=lambda value: getattr(value, "name", value))
def test_each_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = unquote(target).partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.exists(), f"{page.name} links to {target}, which is not there"
    assert file.is_relative_to(PROJECT_ROOT)
    if anchor:
        assert anchor in anchors(file), f"{page.name} links to {target}: there is no such heading"


@pytest.mark.parametrize(
    "picture", sorted((PROJECT_ROOT / "docs" / "images").glob("*.png")), ids=lambda file: file.name
)
def test_each_picture_is_shown_and_small(picture: Path) -> None:
    assert picture.stat().st_size < 400_000
    assert any(f"images/{picture.name})" in page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_make_target_that_is_named_exists(page: Path) -> None:
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^\$ |`)(?:[A-Z_]+=\S+ )*make ([a-z]+)", text, re.MULTILINE))
    assert named <= targets


def test_the_line_that_runs_one_asset_is_written_exactly() -> None:
    text = README.read_text(encoding="utf-8")
    assert "dagster asset materialize -m mam_assets.definitions --select books\n" in text
    assert "--config-json '" in text
