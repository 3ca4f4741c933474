"""How much and how often: quantities, ranges, ratios and timings.

A unit is told in words people use; the code of a unit system beside it is read-only, because a unit that
changed in words must not keep the code of the old one.
"""

from __future__ import annotations

from gateway.records.scalars import CodeText, DateTimeText, DecimalNumber, Text, Uri, WholeNumber
from gateway.records.shapes import Coding, Shape, many, one

# Source: https://hl7.org/fhir/R4/valueset-quantity-comparator.html
COMPARATOR = ("<", "<=", ">=", ">")

# Source: https://hl7.org/fhir/R4/valueset-units-of-time.html
UNIT_OF_TIME = ("s", "min", "h", "d", "wk", "mo", "a")

# Source: https://hl7.org/fhir/R4/valueset-days-of-week.html
DAY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Source: https://hl7.org/fhir/R4/valueset-event-timing.html
EVENT = (
    *("MORN", "MORN.early", "MORN.late", "NOON", "AFT", "AFT.early", "AFT.late", "EVE", "EVE.early"),
    *("EVE.late", "NIGHT", "PHS", "HS", "WAKE", "C", "CM", "CD", "CV", "AC", "ACM", "ACD", "ACV", "PC"),
    *("PCM", "PCD", "PCV"),
)


class Quantity(Shape):
    """An amount with its unit; ``comparator`` says that the true value is below or above it.

    Source: https://hl7.org/fhir/R4/datatypes.html#Quantity
    """

    value = DecimalNumber()
    comparator = CodeText(*COMPARATOR)
    unit = Text()
    unit_code = CodeText(dump_only=True)
    unit_system = Uri(dump_only=True)


class Amount(Quantity):
    """An amount, a range of amounts, or a ratio of two; one of them at a time."""

    low = DecimalNumber()
    high = DecimalNumber()
    numerator = DecimalNumber()
    numerator_unit = Text()
    denominator = DecimalNumber()
    denominator_unit = Text()


class Timing(Shape):
    """When something recurs: ``frequency`` times in each ``period`` of ``period_unit``, on these days, at
    these times; or on each of ``times_at``.

    Source: https://hl7.org/fhir/R4/datatypes.html#Timing
    """

    code = one(Coding)
    times_at = many(DateTimeText())
    count = WholeNumber(least=1)
    count_most = WholeNumber(least=1)
    duration = DecimalNumber()
    duration_most = DecimalNumber()
    duration_unit = CodeText(*UNIT_OF_TIME)
    frequency = WholeNumber(least=1)
    frequency_most = WholeNumber(least=1)
    period = DecimalNumber()
    period_most = DecimalNumber()
    period_unit = CodeText(*UNIT_OF_TIME)
    days = many(CodeText(*DAY))
    times_of_day = many(Text())
    events = many(CodeText(*EVENT))
    offset_minutes = WholeNumber()
