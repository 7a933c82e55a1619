"""The doctor names each fault and its remedy, and finds nothing where all is right."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy import create_engine

from mam_assets.cli import doctor, doctor_machine, doctor_services
from mam_assets.cli.findings import Finding, Level, fail, ok
from mam_assets.sandbox.stand import Sandbox
from mam_assets.sandbox.twins.serving import Fault
from mam_assets.settings import Settings, load_settings


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def no_faults(sandbox: Sandbox) -> Iterator[None]:
    yield
    for server in sandbox.servers.values():
        server.clear_faults()


@pytest.fixture
def twins(sandbox: Sandbox, bare_environment: None, clean_url: str, tmp_path: Path) -> Settings:
    named = {name.lower(): value for name, value in sandbox.environment().items()}
    return load_settings(_env_file=None, database_url=clean_url, data_dir=tmp_path, **named)


def changed(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def looked_at(settings: Settings) -> list[Finding]:
    seen = doctor_machine.DatabaseSeen()
    return [*doctor_machine.database(settings, seen), *doctor._outside(settings, seen)]


def of(findings: list[Finding], subject: str) -> list[tuple[Level, str]]:
    return [(finding.level, finding.words) for finding in findings if finding.subject == subject]


def test_nothing_is_to_mend_where_all_is_right(twins: Settings) -> None:
    findings = looked_at(twins)
    assert [finding for finding in findings if finding.level is Level.FAIL] == []
    assert {"database", "tables", "audiobookshelf", "qbittorrent", "prowlarr", "google_books", "goodreads", "mam"} <= {
        finding.subject for finding in findings
    }
    assert (Level.OK, "library and downloads are on one disk: files are linked, and take space once") in of(
        findings, "import"
    )


def test_nothing_is_changed_at_any_service(twins: Settings, sandbox: Sandbox) -> None:
    before = {name: len(server.requests) for name, server in sandbox.servers.items()}
    looked_at(twins)
    asked = [r for name, server in sandbox.servers.items() for r in server.requests[before[name] :]]
    assert asked
    sent = {(r.service, r.method, r.path) for r in asked if r.method not in ("GET", "HEAD")}
    assert {path for _, _, path in sent} <= {"/api/authorize", "/api/v2/auth/login"} | {
        path
        for service, _, path in sent
        if service == "qbittorrent" and path.startswith(("/api/v2/app", "/api/v2/sync"))
    }


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("abs_token", "audiobookshelf"),
        ("qbittorrent_password", "qbittorrent"),
        ("prowlarr_api_key", "prowlarr"),
        ("google_books_api_key", "google_books"),
        ("mam_id", "mam"),
    ],
)
def test_a_missing_credential_is_named(twins: Settings, name: str, subject: str) -> None:
    (level, words) = of(looked_at(changed(twins, **{name: None})), subject)[-1]
    assert level is (Level.FAIL if name == "abs_token" else Level.WARN)
    assert f"{name.upper()} is not set" in words


@pytest.mark.parametrize("service", ["audiobookshelf", "qbittorrent", "prowlarr", "google_books", "mam"])
def test_a_wrong_credential_is_to_mend_and_is_not_shown(twins: Settings, service: str) -> None:
    names = {
        "audiobookshelf": "abs_token",
        "qbittorrent": "qbittorrent_password",
        "prowlarr": "prowlarr_api_key",
        "google_books": "google_books_api_key",
        "mam": "mam_id",
    }
    wrong = load_settings(**{**twins.model_dump(), "_env_file": None, names[service]: "entirely-wrong-value"})
    findings = of(looked_at(wrong), service)
    assert Level.FAIL in [level for level, _ in findings]
    assert not any("entirely-wrong-value" in words for _, words in findings)


@pytest.mark.parametrize("service", ["audiobookshelf", "qbittorrent", "prowlarr", "google_books", "goodreads", "mam"])
def test_a_service_that_does_not_answer_is_named_and_the_others_are_looked_at(
    twins: Settings, sandbox: Sandbox, service: str
) -> None:
    sandbox.servers[service].set_fault(Fault.REFUSE)
    findings = looked_at(twins)
    assert Level.FAIL in [level for level, _ in of(findings, service)]
    others = {f.subject for f in findings if f.level is Level.OK}
    assert {"audiobookshelf", "prowlarr", "google_books", "goodreads", "mam"} - {service} <= others


def test_a_block_of_goodreads_is_a_warning(twins: Settings, sandbox: Sandbox) -> None:
    sandbox.servers["goodreads"].set_fault(Fault.FORBIDDEN)
    assert {level for level, _ in of(looked_at(twins), "goodreads")} <= {Level.WARN, Level.OK}


def test_limits_of_ours_that_the_account_does_not_meet_are_named(twins: Settings) -> None:
    findings = of(looked_at(changed(twins, mam_min_ratio=1e9, mam_slot_reserve=100_000)), "mam")
    assert any("below MAM_MIN_RATIO" in words for level, words in findings if level is Level.FAIL)
    assert any("MAM_SLOT_RESERVE" in words for level, words in findings if level is Level.WARN)


def test_too_little_space_is_to_mend(twins: Settings) -> None:
    findings = looked_at(changed(twins, min_free_gib=1e9))
    assert any("MIN_FREE_GIB wants" in words for _, words in of(findings, "library space"))


def test_folders_that_are_not_here_are_named_with_path_map(twins: Settings, tmp_path: Path) -> None:
    found = list(doctor_machine.folders(twins, library=tmp_path / "no", saves=tmp_path / "neither"))
    assert [finding.level for finding in found] == [Level.FAIL, Level.FAIL]
    assert all("PATH_MAP" in finding.words for finding in found)


def test_a_clock_that_is_off_is_a_warning(twins: Settings) -> None:
    kit = doctor._kit(twins, doctor_machine.DatabaseSeen())
    kit.ahead["mam"] = timedelta(minutes=5)
    (finding,) = doctor_services.clocks(kit, database_ahead=timedelta(seconds=1))
    assert (finding.level, "mam is 300 s ahead of us" in finding.words) == (Level.WARN, True)
    kit.ahead["mam"] = timedelta(seconds=2)
    (finding,) = doctor_services.clocks(kit, database_ahead=timedelta(seconds=-1))
    assert finding.level is Level.OK


def test_a_database_that_does_not_answer_is_to_mend_without_its_password(
    bare_environment: None, tmp_path: Path
) -> None:
    address = "postgresql://someone:hunter2@127.0.0.1:9/books"
    settings = load_settings(_env_file=None, database_url=address, data_dir=tmp_path)
    (finding,) = doctor_machine.database(settings, doctor_machine.DatabaseSeen())
    assert finding.level is Level.FAIL
    assert "hunter2" not in finding.words


def test_missing_migrations_are_a_warning_and_are_not_made(
    bare_environment: None, empty_url: str, tmp_path: Path
) -> None:
    settings = load_settings(_env_file=None, database_url=empty_url, data_dir=tmp_path)
    found = list(doctor_machine.database(settings, doctor_machine.DatabaseSeen()))
    assert [(f.subject, f.level) for f in found] == [("database", Level.OK), ("tables", Level.WARN)]
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar() == 0
        assert connection.exec_driver_sql("SELECT to_regnamespace('dagster')").scalar() is None
    engine.dispose()


def test_a_database_that_is_not_made_yet_is_no_fault_and_is_not_made(bare_environment: None, tmp_path: Path) -> None:
    settings = load_settings(_env_file=None, data_dir=tmp_path / "data")
    (finding,) = doctor_machine.database(settings, doctor_machine.DatabaseSeen())
    assert finding.level is Level.OK
    assert not (tmp_path / "data").exists()


def test_without_a_database_mam_is_not_asked(twins: Settings, sandbox: Sandbox, tmp_path: Path) -> None:
    """MAM's cookie changes with each answer: with nowhere to keep it, asking would end the session."""
    before = len(sandbox.servers["mam"].requests)
    findings = looked_at(changed(twins, database_url=None, data_dir=tmp_path / "none"))
    assert "no database yet" in of(findings, "mam")[0][1]
    assert len(sandbox.servers["mam"].requests) == before


def test_a_setting_that_is_misspelt_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("ABS_TOKN=secret-value\n")
    file.chmod(0o644)
    words = [finding.words for finding in doctor_machine.settings_file(file)]
    assert "ABS_TOKN in .env is no setting; ABS_TOKEN may be meant" in words
    assert any("chmod 600" in w for w in words)
    assert not any("secret-value" in w for w in words)


def test_a_setting_that_is_wrong_is_named_without_its_value(bare_environment: None) -> None:
    with pytest.raises(ValidationError) as caught:
        load_settings(_env_file=None, abs_url="my-secret-host", api_port="many")
    problems = doctor.settings_problems(caught.value)
    assert [problem.partition(":")[0] for problem in problems] == ["ABS_URL", "API_PORT"]


def test_the_packages_that_go_together_are_checked() -> None:
    assert next(doctor_machine.python()).level is Level.OK


def test_dagster_s_file_is_looked_for_in_its_home(tmp_path: Path) -> None:
    (finding,) = doctor_machine.dagster_files({"DAGSTER_HOME": str(tmp_path)})
    assert finding.level is Level.FAIL
    (finding,) = doctor_machine.dagster_files({})
    assert finding.level is Level.OK


def about_crawler(script: Path | None, minutes: float = 30) -> Finding:
    settings = Settings.model_construct(mam_crawler=script, mam_crawler_timeout_minutes=minutes)
    (finding,) = doctor_machine.crawler(settings)
    return finding


def test_without_a_crawler_script_that_part_is_off() -> None:
    assert about_crawler(None) == ok("crawler", "off: MAM_CRAWLER names no script")


@pytest.mark.parametrize(
    ("text", "mode", "level", "words"),
    [
        pytest.param("print()", 0o600, Level.OK, "run by this Python, since no #! line", id="plain Python"),
        pytest.param("print()", 0o700, Level.OK, "run by this Python, since no #! line", id="nothing to run it"),
        pytest.param("#!/bin/sh\n", 0o700, Level.OK, "is executable and run by /bin/sh", id="a script of its own"),
        pytest.param("#! /usr/bin/env -S sh -e\n", 0o700, Level.OK, "is executable and run by sh", id="through env"),
        pytest.param("#!/usr/bin/env python3\n", 0o600, Level.OK, "since it is not executable", id="Python anyway"),
        pytest.param("#!/bin/sh\n", 0o600, Level.FAIL, "for /bin/sh but is not executable", id="the wrong program"),
        pytest.param("#!/nowhere/perl\n", 0o700, Level.FAIL, "by /nowhere/perl: that is not here", id="no program"),
        pytest.param("", 0o600, Level.OK, "run by this Python", id="empty"),
        pytest.param("#!\n", 0o700, Level.FAIL, "by nothing: that is not here", id="a line that names nothing"),
    ],
)
def test_it_is_said_what_would_run_a_crawler_script(
    text: str, mode: int, level: Level, words: str, tmp_path: Path
) -> None:
    script = tmp_path / "stealth_mam_crawler.py"
    script.write_text(text)
    script.chmod(mode)
    finding = about_crawler(script)
    assert (finding.level, finding.subject) == (level, "crawler")
    assert words in finding.words


def test_a_crawler_script_may_run_as_long_as_the_settings_say(tmp_path: Path) -> None:
    script = tmp_path / "crawl.py"
    script.touch()
    assert "it may take 7.5 minutes, and is ended after that" in about_crawler(script, 7.5).words


def test_a_crawler_script_that_is_not_there_is_to_mend(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.py", tmp_path):
        finding = about_crawler(path)
        assert finding.level is Level.FAIL
        assert "is no file: correct the path, or empty it" in finding.words


def test_a_crawler_script_that_others_keep_to_themselves_is_to_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "crawl.py"
    script.touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may read everything
    assert "cannot be read by this user" in about_crawler(script).words


def test_the_crawler_is_among_what_is_looked_at(bare_environment: None, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"MAM_CRAWLER={tmp_path}/gone.py\nDATA_DIR={tmp_path}\n")
    found = []
    for finding in doctor.examine(tmp_path / ".env"):
        found.append(finding.subject)
        if finding.subject == "crawler":
            break
    assert found[-1] == "crawler"


@pytest.mark.parametrize(("findings", "code"), [([ok("a", "fine")], 0), ([ok("a", "fine"), fail("b", "[broken]")], 1)])
def test_the_exit_code_says_whether_something_is_to_mend(
    findings: list[Finding], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: iter(findings))
    output = io.StringIO()
    assert doctor.run(Console(file=output)) == code
    assert output.getvalue().splitlines()[0] == "ok   a: fine"
    assert ("fail b: [broken]" in output.getvalue()) is bool(code)
