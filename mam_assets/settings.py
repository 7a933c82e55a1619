"""The only reader of the environment: every setting, its default, its unit and its meaning.

Values come from the environment and from `.env` in the project folder. Secrets are `SecretStr`: they print as stars.
Nothing is read at import; call `load_settings()` where a process starts, and pass the result on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """All settings. A field `abs_url` is read from `ABS_URL`; `.env.example` lists each with a comment."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True, frozen=True
    )

    # --- where state lives -------------------------------------------------------------------------------------
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL 14 or newer, as postgresql://user:password@host/name. Empty: an embedded server."
    )
    data_dir: Path = Field(
        PROJECT_ROOT / "data", description="Folder of the embedded PostgreSQL, logs and the demo's world."
    )
    timezone: str = Field("UTC", description="Zone of every schedule, such as Europe/Amsterdam.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Level of our own logs.")

    # --- Audiobookshelf ----------------------------------------------------------------------------------------
    abs_url: str = Field("http://localhost:13378", description="Address of Audiobookshelf.")
    abs_token: SecretStr | None = Field(None, description="API key of an Audiobookshelf user with the update right.")

    # --- qBittorrent -------------------------------------------------------------------------------------------
    qbittorrent_url: str = Field("http://localhost:8080", description="Address of qBittorrent's Web API.")
    qbittorrent_username: str = Field("admin", description="User of qBittorrent's Web API.")
    qbittorrent_password: SecretStr | None = Field(None, description="Password of qBittorrent's Web API.")
    qbittorrent_category: str = Field(
        "mam-assets", description="Category that marks our torrents; no other is touched."
    )
    qbittorrent_save_path: str | None = Field(
        None, description="Where qBittorrent shall save, as qBittorrent sees it. Empty: its own default."
    )

    # --- Prowlarr ----------------------------------------------------------------------------------------------
    prowlarr_url: str = Field("http://localhost:9696", description="Address of Prowlarr.")
    prowlarr_api_key: SecretStr | None = Field(None, description="Prowlarr's API key.")

    # --- Google Books ------------------------------------------------------------------------------------------
    google_books_url: str = Field("https://www.googleapis.com/books/v1", description="Address of the Google Books API.")
    google_books_api_key: SecretStr | None = Field(None, description="Google Books API key; none: 429.")
    google_books_daily_limit: int = Field(1000, ge=0, description="Requests to Google Books per day.")

    # --- Goodreads ---------------------------------------------------------------------------------------------
    goodreads_url: str = Field("https://www.goodreads.com", description="Address of Goodreads.")
    goodreads_enabled: bool = Field(True, description="Ask Goodreads at all. A block is an answer, never worked round.")
    goodreads_daily_limit: int = Field(2000, ge=0, description="Pages of Goodreads per day.")

    # --- MyAnonamouse ------------------------------------------------------------------------------------------
    mam_url: str = Field("https://www.myanonamouse.net", description="Address of MyAnonamouse.")
    mam_id: SecretStr | None = Field(
        None, description="Session cookie (Preferences, Security); not shared with Prowlarr."
    )
    mam_session_limit: int = Field(
        50, ge=1, le=50, description="Requests to MAM in one run; the rest waits for the next."
    )
    mam_min_ratio: float = Field(2.0, ge=1.0, description="Below this ratio nothing is grabbed from MAM.")
    mam_slot_reserve: int = Field(10, ge=0, description="Unsatisfied-torrent slots always left free.")
    mam_crawler: Path | None = Field(
        None, description="A crawler script of your own, run unchanged, as its own process."
    )
    mam_crawler_timeout_minutes: float = Field(
        30.0, gt=0, le=180, description="Minutes after which a crawler script that still runs is ended."
    )

    # --- what is wanted ----------------------------------------------------------------------------------------
    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        ("English",), description="Languages a release may have, comma separated."
    )
    preferred_formats: Annotated[tuple[str, ...], NoDecode] = Field(
        ("m4b", "mp3"), description="File types in order of preference, comma separated."
    )
    min_seeders: int = Field(1, ge=0, description="Fewer seeders than this refuses a release.")
    max_active_downloads: int = Field(10, ge=1, description="Downloads of ours in the client at one time.")
    min_free_gib: float = Field(5.0, ge=0, description="Free space, in GiB, that a grab must leave on the disk.")
    metadata_write_back: Literal["fill", "correct", "off"] = Field(
        "fill", description="What may be written to Audiobookshelf: empty fields, all corrections, nothing."
    )
    mam_dry_run: bool = Field(False, description="Compute and show everything, write nothing to any service.")

    # --- files -------------------------------------------------------------------------------------------------
    library_path: Path | None = Field(
        None, description="The library folder as this machine sees it. Empty: the library's first folder, mapped."
    )
    path_map: Annotated[tuple[tuple[str, str], ...], NoDecode] = Field(
        (), description="Pairs remote:local, comma separated: how paths that a service names look on this machine."
    )
    stall_hours: float = Field(24.0, gt=0, description="Hours without progress before a torrent counts as stalled.")
    seed_hours: float = Field(75.0, ge=72, description="Hours that a MAM torrent is seeded before it may be removed.")

    # --- what is served ----------------------------------------------------------------------------------------
    api_host: str = Field("127.0.0.1", description="Address the API listens on.")
    api_port: int = Field(8000, ge=0, le=65535, description="Port of the API.")
    dagster_host: str = Field("127.0.0.1", description="Address the Dagster UI listens on; it has no login of its own.")
    dagster_port: int = Field(3000, ge=0, le=65535, description="Port of the Dagster UI.")

    # --- pace --------------------------------------------------------------------------------------------------
    pace_scale: float = Field(
        1.0,
        gt=0,
        le=10,
        description="Multiplies every pause between requests. Below 1 it is honoured on loopback only.",
    )

    @field_validator("languages", "preferred_formats", mode="before")
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("path_map", mode="before")
    @classmethod
    def _split_pairs(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = []
        for part in filter(None, (piece.strip() for piece in value.split(","))):
            remote, colon, local = part.partition(":")
            if not (colon and remote.startswith("/") and local.startswith("/")):
                raise ValueError(f"PATH_MAP wants pairs like /downloads:/mnt/downloads, not {part!r}")
            pairs.append((remote.rstrip("/"), local.rstrip("/")))
        return tuple(pairs)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"TIMEZONE {value!r} is no time zone; write one like Europe/Amsterdam") from error
        return value

    @field_validator("abs_url", "qbittorrent_url", "prowlarr_url", "google_books_url", "goodreads_url", "mam_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError(f"{value!r} is no address; it must start with http:// or https://")
        return value.rstrip("/")

    def secrets(self) -> tuple[str, ...]:
        """Every secret value that is set, for the redactor."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(v.get_secret_value() for v in values if isinstance(v, SecretStr) and v.get_secret_value())


def load_settings(**overrides: Any) -> Settings:
    """Read the environment and `.env`. `overrides` win over both (tests, the demo)."""
    return Settings(**overrides)
