"""Nobody works out a small number from what is told: tried by looking at all that could stand behind it."""

from __future__ import annotations

import random
from itertools import product

import pytest

from protocols.impact_counts import Count, Kind, packed, unpacked
from protocols.impact_reports import COUNTRY, ESTABLISHMENT, REGION, WHOLE, figures_of
from protocols.small_numbers import HIDDEN, SMALL, Told, exact, keeps, told

ONE, TWO = (Kind(code, (("fr", code), ("ar", code))) for code in ("a", "b"))


@pytest.mark.parametrize(("count", "figure"), [(0, SMALL), (1, SMALL), (4, SMALL), (5, 5), (7, 5), (8, 10), (12, 10)])
def test_a_count_is_told_in_steps_of_five_from_five_on(count: int, figure: int | str) -> None:
    found = told(count, 5)
    assert found.figure == figure and found.low <= count <= found.high


def test_with_a_smallest_number_of_one_all_are_told() -> None:
    assert [told(count, 1) for count in (0, 1, 7)] == [exact(0), exact(1), exact(7)]


def test_every_count_lies_between_what_is_said_of_it() -> None:
    for smallest, count in product((2, 3, 5, 10), range(60)):
        found = told(count, smallest)
        assert found.low <= count <= found.high
        assert all(told(other, smallest) == found for other in range(found.low, found.high + 1))


def test_a_sum_leads_to_a_small_part_only_when_the_others_cannot_make_it_up() -> None:
    few = told(3, 5)
    assert not keeps(8, [few, few]), "8 is 4 and 4"
    assert keeps(4, [few, few])
    assert keeps(40, [Told(40, 38, 42), few]) and not keeps(43, [Told(40, 38, 42), few])


def test_a_sum_that_gives_a_part_away_is_not_told() -> None:
    counts = {"x": Count(4, 4, {ONE: 4}), "y": Count(4, 4, {ONE: 4})}
    figures = figures_of(counts, {"x": "north", "y": "north"}, 5)
    assert figures[WHOLE].others == HIDDEN and figures[(REGION, "north")].others == HIDDEN
    assert figures[(ESTABLISHMENT, "x")].others == SMALL and figures[(ESTABLISHMENT, "x")].kinds == {}


def test_where_nobody_is_concerned_in_the_country_each_place_says_so() -> None:
    figures = figures_of({"x": Count(30), "y": Count(3)}, {"x": "north", "y": "south"}, 5)
    assert {one.others for one in figures.values()} == {0}
    assert figures[(ESTABLISHMENT, "y")].followed == SMALL


def test_a_region_of_one_establishment_says_no_more_than_it() -> None:
    counts = {"x": Count(30, 3, {ONE: 3}), "y": Count(60, 20, {ONE: 20}), "z": Count(50, 0)}
    figures = figures_of(counts, {"x": "north", "y": "south", "z": "south"}, 5)
    assert figures[(REGION, "north")].others == SMALL
    assert figures[WHOLE].others == 23 and figures[(REGION, "south")].others == HIDDEN, "23 less at most 22 is somebody"
    more = figures_of(
        counts | {"v": Count(50, 2, {ONE: 2})}, {"x": "north", "y": "south", "z": "south", "v": "north"}, 5
    )
    assert more[WHOLE].others == 25 and more[(ESTABLISHMENT, "x")].others == SMALL


@pytest.mark.parametrize("seed", range(60))
def test_nothing_that_is_told_together_tells_where_somebody_is(seed: int) -> None:
    """Every distribution of one change over small regions that would be told in the same way: each establishment with
    fewer than five may have none in one of them."""
    chance = random.Random(seed)
    region_of = {"x": "north", "y": "north", "z": "south", "w": "south"}
    true = {place: chance.choice((0, 1, 2, 3, 4, 4, 5, 8, 9, 12, 17)) for place in region_of}
    shown = _told(true, region_of)
    alike = [
        dict(zip(region_of, numbers, strict=True))
        for numbers in product(*(range(max(0, number - 5), number + 6) for number in true.values()))
        if _could_be(shown, dict(zip(region_of, numbers, strict=True)), region_of)
    ]
    assert true in alike
    for place in region_of:
        if shown[(ESTABLISHMENT, place)] == SMALL:
            assert any(other[place] == 0 for other in alike), (true, place)


def _told(true: dict[str, int], region_of: dict[str, str]) -> dict[tuple[str, str], int | str]:
    """What is told of those with another next step, where all have the same change or none."""
    counts = {place: Count(100, number, {ONE: number} if number else {}) for place, number in true.items()}
    return {place: one.others for place, one in figures_of(counts, region_of, 5).items()}


def _could_be(shown: dict[tuple[str, str], int | str], other: dict[str, int], region_of: dict[str, str]) -> bool:
    """Whether these numbers agree with every figure; one that is not told agrees with any."""
    for (level, name), figure in shown.items():
        if figure == HIDDEN:
            continue
        number = sum(n for place, n in other.items() if level == COUNTRY or name in (place, region_of[place]))
        if (number if level == COUNTRY else told(number, 5).figure) != figure:
            return False
    return True


def test_the_counts_of_a_job_come_back_as_they_were() -> None:
    counts = {"Organization/x": Count(7, 3, {ONE: 2, TWO: 1}), "Organization/y": Count(1)}
    assert unpacked(packed(counts)) == counts and unpacked(None) == {}
