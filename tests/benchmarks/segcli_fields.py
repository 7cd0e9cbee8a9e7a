"""segcli up to customers.parquet and no further: what the contenders written by hand do, which write no lists."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from segcli.pipeline import compute, prepare, scratch_folder
from segcli.problems import Problems
from segcli.project import load_project


def main(shop: Path, out: Path, recipes: list[str]) -> None:
    """Writes one row per customer to `out`; prints how many seconds each stage took."""
    problems = Problems()
    project = load_project([str(shop)], as_of=None, recipes=recipes or None, out=out.parent, maps=[], esp=None)
    with scratch_folder() as scratch:
        run = compute(prepare(project, problems), scratch)
        run.computed.customers_in_order.sink_parquet(out, engine="streaming")
    print(json.dumps({"stages": run.seconds, "shards": run.tables.shard_count, "segments": len(run.members)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
