"""`python -m mam_assets.api`: serve the API on API_HOST and API_PORT."""

from __future__ import annotations

import uvicorn

from mam_assets.api.app import create_app
from mam_assets.settings import load_settings


def main() -> None:
    """Serve until a signal ends it. Access logs are off: an address may carry what somebody typed."""
    settings = load_settings()
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
