"""What a send list says of a customer besides the customer's own columns: the usual fields, and `output.columns`."""

from __future__ import annotations

from collections.abc import Mapping

from segcli.fields import Computed, Plan
from segcli.problems import Problems, nearest
from segcli.project.models import Field, Project, Segment

KEY = "output.columns"
USUAL = (
    "orders", "spend", "average_order", "first_order_at", "last_order_at", "recency_days",
    "favourite_category", "rfm_group", "lifecycle_stage",
)  # fmt: skip


def check_list_columns(
    project: Project, plan: Plan, definitions: Mapping[str, Field | Segment], problems: Problems
) -> None:
    """What `output.columns` names is a field, a segment with a condition, or a column of customers."""
    for name, place in project.list_columns.items():
        item = definitions.get(name)
        if isinstance(item, Segment) and item.each is not None:
            hint = f"Name the field that it has a list for each value of: {item.each}." if not item.table else None
            problems.error(f"the segment '{name}' is many lists and no column.", place, KEY, hint)
        elif item is None and name not in plan.customer_columns and not project.chosen_recipes:
            hint = nearest(name, [*definitions, *plan.customer_columns])
            problems.error(
                f"no field or column of customers named '{name}'.", place, KEY,
                hint or "`segcli fields` shows them; those of a recipe are there when it is among `recipes:`.",
            )  # fmt: skip
        elif name in plan.unavailable:
            needs = ", ".join(plan.unavailable[name])
            problems.warn(f"'{name}' is in no list for want of {needs}.", place, KEY)


def columns_of_lists(project: Project, computed: Computed) -> list[str]:
    """The fields that every send list carries besides the customer's own columns; none that the files cannot answer.

    An empty column would erase what the email service knows.
    """
    chosen = [*USUAL, *(name for name in project.list_columns if name not in computed.plan.unavailable)]
    return [name for name in dict.fromkeys(chosen) if name in computed.columns]
