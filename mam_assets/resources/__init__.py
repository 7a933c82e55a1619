"""The outside: one module per service, each a plain client and a thin Dagster resource; one way out to the net
(http)."""
