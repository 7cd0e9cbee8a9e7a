"""Whether what a test.yaml names exists: campaigns, steps, segments, fields, customers, products, versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from segcli.campaign_messages import UNFINISHED
from segcli.campaign_pipeline import NOT_IMPORTABLE
from segcli.campaign_preparing import every_campaign
from segcli.campaigns.code_pools import NO_CODE_LEFT
from segcli.campaigns.gate import REASONS
from segcli.campaigns.settling import TOO_LATE
from segcli.messages.message_files import MessageFile
from segcli.pipeline import definitions
from segcli.problems import Place, Problems, nearest
from segcli.project.models import Segment
from segcli.project.shapes import Named
from segcli.recipe_testing.given import PERSON, Given
from segcli.recipe_testing.models import (
    CouponExpectation,
    DueExpectation,
    ExclusionExpectation,
    Expectation,
    FieldExpectation,
    MessageExpectation,
    ProductsExpectation,
    RecipeTest,
    RecipeTests,
    SegmentExpectation,
    StepExpectation,
)
from segcli.recipe_testing.tables import OF, SINCE, GivenTables
from segcli.sources.plain import shapes
from segcli.sources.tables import CANONICAL, DERIVED

PLAIN = "plain"
LONGEST_LIST = 12


def version_name(file: MessageFile) -> str:
    """`tr` of hello.tr.md, `b.tr` of hello.b.tr.md, `plain` of hello.md."""
    return ".".join(part for part in (file.variant, file.language) if part) or PLAIN


def check_names(tests: RecipeTests, problems: Problems) -> None:
    """Adds a problem for every name that there is not, with the nearest ones."""
    known = Known(tests)
    for test in tests.tests:
        checking = _Checking(known, GivenTables(tests.rules, levels_of(tests, test)), problems)
        checking.columns()
        checking.rows()
        checking.lines()
        checking.pools(test.place)
        for moment in test.moments:
            for expectation in moment.expectations:
                checking.check(expectation)


def levels_of(tests: RecipeTests, test: RecipeTest) -> list[Given]:
    """The file's rows, the test's, and those of each moment."""
    return [tests.given, test.given, *(moment.given for moment in test.moments)]


@dataclass(frozen=True)
class Known:
    """What the recipes of a test define."""

    tests: RecipeTests

    @cached_property
    def steps(self) -> Mapping[str, Mapping[str, str]]:
        """campaign -> step -> its message."""
        campaigns = every_campaign(self.tests.project)
        return {each.name: {step.name: step.message for step in each.steps} for each in campaigns}

    @cached_property
    def pools(self) -> frozenset[str]:
        """The files that codes are taken from."""
        steps = (step for campaign in every_campaign(self.tests.project) for step in campaign.steps)
        codes = (offer.code for step in steps for offer in step.offers if offer.code)
        return frozenset(code.pool for code in codes if code.pool)

    @cached_property
    def segments(self) -> Mapping[str, Segment]:
        return {segment.name: segment for segment in definitions(self.tests.project)[1]}

    @cached_property
    def fields(self) -> frozenset[str]:
        """Fields, segments (which are true or false), and the columns of customers."""
        fields, segments = definitions(self.tests.project)
        names = {each.name for each in (*fields, *segments)}
        return frozenset(names | CANONICAL["customers"].keys() | DERIVED["customers"].keys())

    @cached_property
    def versions(self) -> Mapping[tuple[str, str], list[str]]:
        """campaign and step -> the versions of its message."""
        return {
            (each.campaign, each.step.name): [version_name(file) for file in each.versions]
            for each in self.tests.messages
        }


class _Checking:
    """The names in the expectations of one test."""

    def __init__(self, known: Known, tables: GivenTables, problems: Problems) -> None:
        self.known, self.tables, self.problems = known, tables, problems
        self.customers = tables.ids(PERSON)
        self.products = tables.ids("product_id")

    def look_up(self, named: Named, what: str, among: Iterable[str], of: str = "") -> bool:
        """Whether there is such a name; notes a problem when not."""
        names = list(among)
        if named.name in names:
            return True
        shown = ", ".join(sorted(names)[:LONGEST_LIST]) + (" ..." if len(names) > LONGEST_LIST else "")
        hint = nearest(named.name, names) or (f"There are {shown}." if names else None)
        self.problems.error(f"there is no {what} '{named.name}'{of}.", named.place, hint=hint)
        return False

    def customer(self, named: Named) -> None:
        self.look_up(named, "customer", self.customers, " in the given rows")

    def step(self, campaign: Named, step: Named) -> bool:
        steps = self.known.steps
        known = self.look_up(campaign, "campaign", steps)
        return known and self.look_up(step, "step", steps[campaign.name], f" of {campaign.name}")

    def check(self, expectation: Expectation) -> None:
        match expectation:
            case FieldExpectation():
                self.customer(expectation.customer)
                extra = set(self.tables.types.get("customers", {})) | self.lookup_columns()
                self.look_up(expectation.field, "field", self.known.fields | extra)
            case SegmentExpectation():
                self.segment(expectation.segment)
                for customer in expectation.members:
                    self.customer(customer)
            case DueExpectation():
                self.due(expectation)
            case ExclusionExpectation():
                self.customer(expectation.customer)
                self.look_up(expectation.campaign, "campaign", self.known.steps)
                self.reason(expectation)
            case StepExpectation():
                self.customer(expectation.customer)
                if self.step(expectation.campaign, expectation.step):
                    self.of_step(expectation)

    def of_step(self, expectation: CouponExpectation | ProductsExpectation | MessageExpectation) -> None:
        if isinstance(expectation, ProductsExpectation):
            for product in expectation.products:
                self.look_up(product, "product", self.products, " in the given rows")
        elif isinstance(expectation, MessageExpectation):
            versions = self.known.versions.get((expectation.campaign.name, expectation.step.name))
            if versions is None:
                self.problems.error("the step has no message that segcli renders.", expectation.step.place)
            elif "version" in expectation.wanted:
                wanted = expectation.wanted["version"]
                self.look_up(Named(wanted.value or "null", wanted.place, None), "version", versions)

    def due(self, expectation: DueExpectation) -> None:
        for campaign in expectation.campaigns:
            for step in campaign.value:
                self.step(campaign, step)
                for customer in step.value:
                    self.customer(customer)
            if not campaign.value:
                self.look_up(campaign, "campaign", self.known.steps)

    def segment(self, named: Named) -> None:
        """A segment with `each` is one per value; which values there will be is not known before the run."""
        segments = self.known.segments
        each = segments.get(named.name)
        if each is not None and each.each is not None:
            hint = f"Write {named.name}-<value of {each.each}>."
            self.problems.error(f"'{named.name}' is a segment per value.", named.place, hint=hint)
            return
        if any(item.each is not None and named.name.startswith(f"{name}-") for name, item in segments.items()):
            return
        whole = [name for name, item in segments.items() if item.each is None]
        self.look_up(named, "segment", [*whole, *(f"{name}-..." for name in segments if name not in whole)])

    def reason(self, expectation: ExclusionExpectation) -> None:
        reason = expectation.reason.value
        if reason is None:
            return
        known = (*REASONS, TOO_LATE, NO_CODE_LEFT)
        if reason not in known and not reason.startswith((UNFINISHED, NOT_IMPORTABLE)):
            hint = nearest(reason, known) or f"Reasons are {', '.join(known)}."
            self.problems.error(f"'{reason}' is no reason.", expectation.reason.place, hint=hint)

    def lookup_columns(self) -> set[str]:
        own = self.tables.rules.own
        return {f"{table}_{name}" for table, of in own.items() if of.by for name in self.tables.types.get(table, {})}

    def columns(self) -> None:
        """Columns without which a file is not taken for the table that it is."""
        for table, types in self.tables.types.items():
            shape = shapes().get(table)
            lacks = shape.lacks(types) if shape and table != "customers" else []
            rows = [row for level in self.tables.levels for row in level.tables.get(table, ())]
            if lacks and rows:
                words = ", ".join(" or ".join(f"'{name}'" for name in group) for group in lacks)
                hint = "Columns that all rows share may stand in 'each'."
                self.problems.error(f"the rows of {table} have no {words}.", rows[0].place, table, hint)

    def lines(self) -> None:
        """Lines of orders and carts that there are not: they would never be there."""
        for table, (whole, key) in OF.items():
            if whole not in self.tables.types:
                continue
            known = {row.text(key) or "" for level in self.tables.levels for row in level.tables.get(whole, ())}
            for level in self.tables.levels:
                for row in level.tables.get(table, ()):
                    found = row.text(key)
                    timed = any(row.text(name) for name in SINCE[table])
                    if not timed and found is not None and found not in known:
                        self.look_up(Named(found, row.cells[key].place, None), key, known, f" in {whole}")

    def rows(self) -> None:
        """Ids of rows that are nobody's and nearly somebody's: a slip of the pen makes another customer."""
        for column, of in ((PERSON, "customers"), ("product_id", "products")):
            known = {row.text(column) or "" for level in self.tables.levels for row in level.tables.get(of, ())}
            if not known:
                continue
            for level in self.tables.levels:
                for table, rows in level.tables.items():
                    for row in rows if table != of else ():
                        found = row.text(column)
                        if found is not None and found not in known and (hint := nearest(found, known)):
                            place = row.cells[column].place
                            self.problems.error(f"'{found}' is not in {of}.", place, f"{table}.{column}", hint)

    def pools(self, place: Place) -> None:
        """Codes of a file that no `pools` gives: the run would not find it."""
        given = {name for level in self.tables.levels for name in level.pools}
        for path in sorted(self.known.pools - given):
            hint = f"Write given: {{pools: {{{path}: [A1, A2]}}}}."
            self.problems.error(f"the recipe takes codes from {path}, which is not given.", place, hint=hint)
