"""When the outside changed: poll → pure decision → SensorResult; and what became of runs."""

import dagster as dg

from mam_assets.sensors import rounds, runs
from mam_assets.sensors.outside import acquisition_due, audiobookshelf_imports, torrent_states

automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Recomputes the gaps when the library or a catalogue changed and its blocking checks passed.",
    minimum_interval_seconds=30,
)

SENSORS = (audiobookshelf_imports, torrent_states, acquisition_due, *rounds.SENSORS, *runs.SENSORS, automation)
