"""What a rule is: one file with its model, the primitives it compiles to, its audit, and its words.

A rule sees the world through two narrow windows that share no code: :class:`~optimizer.rules.world.World` while it
compiles, and :class:`~optimizer.rules.books.Books` while it audits. It knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from optimizer.language.expressions import Expression

if TYPE_CHECKING:
    from optimizer.problem.primitives import Primitive
    from optimizer.rules.books import Books, Line
    from optimizer.rules.world import World

Section = Literal["eligibility", "contact_policies", "constraints"]


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple, json_schema_input_type=str | list[str])]
"""One column name or a list of them, plain or qualified (``offers.family``)."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a rule must be able to see, so that the compiler reads it once for all rules.

    Parameters
    ----------
    conditions : tuple of Expression
        True or not, per candidate. A contact's kind is fine enough to tell.
    splits : tuple of Expression
        Conditions of which the part that looks at customers alone may be left to the customer.
    labels : tuple of str
        Columns whose values make groups.
    amounts : tuple of Expression
        Numbers per candidate.
    """

    conditions: tuple[Expression, ...] = ()
    splits: tuple[Expression, ...] = ()
    labels: tuple[str, ...] = ()
    amounts: tuple[Expression, ...] = ()

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All expressions, for checks of names and types."""
        return self.conditions + self.splits + self.amounts


def present(*expressions: Expression | None) -> tuple[Expression, ...]:
    """Leave out what is None."""
    return tuple(e for e in expressions if e is not None)


class Rule(BaseModel):
    """One rule of the scenario. Subclasses register themselves by the keys that mark them."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    section: ClassVar[Section]
    marks: ClassVar[tuple[frozenset[str], ...]]
    """The rule is of this kind when its keys include any of these sets; the larger set wins."""
    title: ClassVar[str]
    """What planners call it."""
    examples: ClassVar[tuple[str, ...]] = ()
    """Rules of this kind as the file writes them, for the reference: each of them runs."""
    mathematics: ClassVar[str] = ""
    """What the rule means to a solver, for the reference."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$", description="Unique in the file.")
    enabled: bool = Field(True, description="A rule that is not enabled changes nothing.")

    @field_validator("name", mode="before")
    @classmethod
    def _name_is_text(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def needs(self) -> Needs:
        """Say what the rule looks at."""
        return Needs()

    @property
    def binds_together(self) -> bool:
        """Whether customers who share the rule must be decided together, however many they are.

        False for rules that compile to sums alone (counters, and floors without keys): those can be rows across units.
        """
        return True

    def only_forbids(self, books: Books) -> bool:
        """Whether a plan that keeps the rule still keeps it without some of its contacts.

        Caps and distances do; minimums and prerequisites do not.
        """
        return False

    def effort(self, books: Books) -> str | None:
        """Return SQL for the planned contacts (``contact``) that its best effort counts; None where it makes none."""
        return None

    def compile(self, world: World) -> Iterator[Primitive]:
        """Yield the primitives that mean this rule, penalties in objective units. Eligibility rules yield none."""
        raise NotImplementedError

    def audit(self, books: Books) -> Iterable[Line]:
        """Recount the rule from the raw tables and the written contacts."""
        raise NotImplementedError

    def evidence(self, books: Books) -> str | None:
        """Return SQL for which contacts count together with each planned one; None where no others do.

        Columns: ``contact`` (planned), ``other``, ``planned`` (of the other), ``day`` (of the other), ``first`` and
        ``last`` (the window that holds both, NULL where there is none).
        """
        return None

    def words(self) -> str:
        """Say the rule in one sentence for planners."""
        raise NotImplementedError
