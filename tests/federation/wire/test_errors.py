import re

import pytest

from federation import errors
from federation.errors import FederationError, all_errors


def test_codes_are_unique_slugs() -> None:
    codes = [cls.code for cls in all_errors()]
    assert len(set(codes)) == len(codes) > 60
    assert all(re.fullmatch(r"[a-z]+\.[a-z0-9-]+", code) for code in codes)


@pytest.mark.parametrize("cls", all_errors(), ids=lambda cls: cls.code)
def test_each_error_says_what_happened_and_what_to_do(cls: type[FederationError]) -> None:
    assert cls.__doc__
    assert "remedy" in vars(cls)
    assert re.fullmatch(r"[A-Z].*\.", cls.remedy)
    assert str(cls()) == cls.__doc__.splitlines()[0]
    error = cls("what happened", item="item-1")
    assert (str(error), error.detail, error.item) == ("what happened",) * 2 + ("item-1",)


def test_no_class_with_a_code_is_also_a_branch() -> None:
    assert [cls for cls in all_errors() if cls.__subclasses__()] == []


def test_every_branch_ends_in_errors_with_codes() -> None:
    named = set(all_errors())
    classes = {v for v in vars(errors).values() if isinstance(v, type)}
    for cls in classes - named:
        if issubclass(cls, FederationError):
            assert any(issubclass(leaf, cls) for leaf in named), cls


def test_an_unknown_schema_carries_its_name_and_a_refusal_its_problem() -> None:
    unknown = errors.UnknownSchema(schema="poem/3")
    assert unknown.schema == "poem/3"
    assert "poem/3" in str(unknown)
    refused = errors.PeerRefused("no", status=403, problem="scope.refused")
    assert (refused.status, refused.problem) == (403, "scope.refused")
