"""A run's contents to its folder of send lists."""

from segcli.exports.contents import RunContents
from segcli.exports.facts import manifest_facts
from segcli.exports.formats import format_names, wanted_columns
from segcli.exports.output_lock import output_lock
from segcli.exports.preflight import preflight
from segcli.exports.previous_runs import read_manifest
from segcli.exports.run_folder import finished_runs, latest_run, run_name
from segcli.exports.writing import write_run
from segcli.segments import SegmentMembers

__all__ = [
    "RunContents",
    "SegmentMembers",
    "finished_runs",
    "format_names",
    "latest_run",
    "manifest_facts",
    "output_lock",
    "preflight",
    "read_manifest",
    "run_name",
    "wanted_columns",
    "write_run",
]
