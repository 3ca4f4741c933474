"""The grammar of paths on the FHIR side."""

from __future__ import annotations

import pytest

from gateway.mapping.paths import BadPath, Each, First, Name, Select, parse_path, show

OURS = "https://care-gateway.example/fhir/StructureDefinition/"


def test_elements_indexes_selectors_and_lists_are_read() -> None:
    assert parse_path("a.b[0].c") == (Name("a"), Name("b"), First(), Name("c"))
    assert parse_path("x[system=http://a.b/c,use=official].value") == (
        Name("x"),
        Select({"system": "http://a.b/c", "use": "official"}),
        Name("value"),
    )
    assert parse_path("x[type.text=a].v[]") == (
        Name("x"),
        Select({"type": {"text": "a"}}),
        Name("v"),
        Each({}),
    )
    assert parse_path("t[system=phone][].value") == (Name("t"), Each({"system": "phone"}), Name("value"))


def test_an_extension_is_ours_by_name_theirs_by_url_and_relative_inside_another() -> None:
    assert parse_path("ext(lead).valueBoolean")[1] == Select({"url": f"{OURS}lead"})
    assert parse_path("ext(https://a.b/c)[]") == (Name("extension"), Each({"url": "https://a.b/c"}))
    assert parse_path("ext(a).ext(b).valueString")[3] == Select({"url": "b"})
    assert parse_path("ext(b).valueString", in_extension=True)[1] == Select({"url": "b"})


@pytest.mark.parametrize(
    "text",
    ["", "a.", ".a", "a..b", "a[1].b", "a[]b", "a[].b[]", "a[0][]", "a b", "a[x].b", "ext()", "a[system=].b"],
)
def test_what_is_no_path_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(BadPath):
        parse_path(text)


def test_an_index_other_than_0_says_what_to_write_instead() -> None:
    with pytest.raises(BadPath, match=r"only \[0\] can be written"):
        parse_path("name[2].family")


@pytest.mark.parametrize(
    "text", ["a.b[0].c", "x[system=http://a,use=b].value", "xs[]", "t[system=phone][].value"]
)
def test_a_path_is_shown_as_it_was_written(text: str) -> None:
    assert show(parse_path(text)) == text
