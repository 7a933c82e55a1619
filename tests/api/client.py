"""FastAPI's test client. Starlette warns at its import that a successor of httpx exists; ours is httpx."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="Using `httpx` with")
    from fastapi.testclient import TestClient

__all__ = ["TestClient"]
