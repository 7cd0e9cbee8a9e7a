"""`segcli cart-loss`: how much money is left in carts, with the arithmetic."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segcli.cli import options

if TYPE_CHECKING:
    from segcli.results.cart_loss import CartLoss

MONTH = 30  # days


def cart_loss(
    project: options.Project = None,
    visitors: Annotated[str | None, typer.Option("--visitors", help="Visitors in a month, such as 6000.")] = None,
    price: Annotated[str | None, typer.Option("--price", help="What a cart holds on average, such as 20.")] = None,
    conversion: Annotated[
        str | None, typer.Option("--conversion", help="The share of visitors who buy, such as 2.4%.")
    ] = None,
    abandoned: Annotated[
        str | None, typer.Option("--abandoned", help="The share of carts that are left, such as 75%.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", min=1, max=3660, help=f"Of a project: carts of how many days. Default: {MONTH}."),
    ] = None,
    as_of: options.AsOf = None,
    as_json: options.Json = False,
) -> None:
    """Tell how much money is left in carts: of a project's own carts, or from four figures.

    The playbooks' shop of 6,000 visitors, 20 per cart, 2.4 % conversion and 75 % abandonment leaves 8,640 a month;
    their "more than 11,000" needs 79.3 % abandonment, which leaves 11,033.
    """
    from segcli.fields.findings import listed
    from segcli.problems import Problem, RecipeError

    figures = {"--visitors": visitors, "--price": price, "--conversion": conversion, "--abandoned": abandoned}
    given = [name for name, value in figures.items() if value is not None]
    if given and len(given) < len(figures):
        missing = " and ".join(name for name in figures if name not in given)
        said = f"{missing} {'is' if len(given) == len(figures) - 1 else 'are'} missing."
        raise RecipeError([Problem(said, key=given[0], hint="All four are needed, or a project.")])
    of_carts = {"--project": project, "--days": days, "--as-of": as_of}
    if given and (spoken := [name for name, value in of_carts.items() if value is not None]):
        said = f"{'is' if len(spoken) == 1 else 'are'} for a project's own carts."
        hint = f"Leave {'it' if len(spoken) == 1 else 'them'} out, or the four figures, which are of a month."
        raise RecipeError([Problem(said, key=listed(spoken), hint=hint)])
    if given:
        assert visitors is not None and price is not None and conversion is not None and abandoned is not None
        _of_figures(visitors, price, conversion, abandoned, as_json=as_json)
    else:
        _of_project(project, as_of, days or MONTH, as_json=as_json)


def _of_figures(visitors: str, price: str, conversion: str, abandoned: str, *, as_json: bool) -> None:
    from segcli.cli.output import print_json, stdout_console
    from segcli.problems import Problem, RecipeError
    from segcli.results.cart_loss import arithmetic, loss_of_visitors

    values = (
        _amount(visitors, "--visitors", whole=True), _amount(price, "--price"),
        _share(conversion, "--conversion"), _share(abandoned, "--abandoned"),
    )  # fmt: skip
    if values[3] == 1:
        hint = "With 100 % of carts left nobody buys; the conversion would be 0."
        raise RecipeError([Problem("must be less than 100 %.", key="--abandoned", hint=hint)])
    if as_json:
        print_json(_answer(loss_of_visitors(*values)))
        return
    for line in arithmetic(*values):
        stdout_console().print(line, markup=False, highlight=False)


def _of_project(project: str | None, as_of: str | None, days: int, *, as_json: bool) -> None:
    from segcli.cli.output import print_json, print_problems, progress, stdout_console
    from segcli.pipeline import compute, prepare, scratch_folder
    from segcli.problems import DataError, Problem, Problems
    from segcli.project import load_project
    from segcli.results.cart_loss import loss_of_carts, number, percent

    problems = Problems()
    needed = {"carts": frozenset({"cart_id", "customer_id", "started_at", "last_activity_at", "amount", "abandoned"})}
    with progress(quiet=as_json) as say, scratch_folder() as scratch:
        shop = load_project([project] if project else [], as_of=as_of)
        prepared = prepare(shop, problems, wanted=["abandoned_carts"], mentioned=needed["carts"])
        problems.stop()
        run = compute(prepared, scratch, say, needed={**prepared.plan.needed_columns(), **needed})
        carts = run.tables.tables.get("carts")
        if carts is None or "abandoned" not in carts.columns:
            hint = "Give a file of checkouts or events with carts, or the four figures: --visitors, --price ..."
            raise DataError([Problem("nothing is known of carts.", hint=hint)])
        loss, without = loss_of_carts(carts.whole, shop.as_of - dt.timedelta(days=days))
    if not as_json:
        print_problems([*shop.warnings, *problems.warnings])
    if as_json:
        print_json({**_answer(loss), "days": days, "currency": shop.currency, "without_amount": without})
        return
    currency = f" {shop.currency}" if shop.currency else ""
    lines = [
        f"{number(loss.carts)} carts in {days} days, of which {number(loss.abandoned)} "
        f"({percent(round(loss.rate, 3))}) were left",
        f"{number(loss.abandoned)} carts x {number(loss.price)}{currency} on average = "
        f"{number(loss.left)}{currency} left in carts",
    ]
    if days != MONTH:
        lines.append(f"in a month of {MONTH} days: {number(loss.left * MONTH / days)}{currency}")
    if without:
        lines.append(f"{without:,} of them have no amount, and count with the average of the others")
    for line in lines:
        stdout_console().print(line, markup=False, highlight=False, soft_wrap=True)


def _answer(loss: CartLoss) -> dict[str, Any]:
    return {
        "carts": float(loss.carts),
        "abandoned": float(loss.abandoned),
        "abandonment": float(loss.rate),
        "price": float(loss.price),
        "left": float(round(loss.left, 2)),
    }


def _amount(text: str, key: str, *, whole: bool = False) -> Decimal:
    from segcli.problems import Problem, RecipeError

    # A comma parts thousands only: of "19,90", as half of the world writes it, taking it away would make 1,990; and
    # "6.000" visitors are not six.
    match = re.fullmatch(r"\s*([0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(\.[0-9]{1,6})?\s*", text)
    if match is None or (whole and match[2]):
        hint = f"Write it like {'6000' if whole else '6000 or 19.90'}."
        raise RecipeError([Problem(f"'{text}' is no {'whole ' if whole else ''}number.", key=key, hint=hint)])
    return Decimal(match[1].replace(",", "") + (match[2] or ""))


def _share(text: str, key: str) -> Decimal:
    from segcli.problems import Problem, RecipeError

    match = re.fullmatch(r"\s*([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*(%?)\s*", text)
    value = Decimal(match[1]) / (100 if match[2] else 1) if match else Decimal(-1)
    if not 0 <= value <= 1:
        raise RecipeError([Problem(f"'{text}' is no share of a whole.", key=key, hint="Write 2.4% or 0.024.")])
    return value
