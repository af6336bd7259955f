"""The examples of RFC 7643 and RFC 7644, by section, read as the sections say."""

from pathlib import Path

import msgspec
import pytest

from rolecall.scim.discovery import find_resource_type
from rolecall.scim.filter import print_filter
from rolecall.scim.patch import Operation, read_patch
from rolecall.scim.resource import read_resource
from rolecall.scim.values import Json

EXAMPLES = sorted(Path(__file__).parent.glob("*.json"))


def written(operation: Operation) -> list[Json]:
    path = operation.path
    selection = "" if path.value_filter is None else f"[{print_filter(path.value_filter)}]"
    part = "" if path.sub_attribute is None else f".{path.sub_attribute.name}"
    return [operation.op.value, f"{path.attribute.name}{selection}{part}", operation.value]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: str(file.stem))
def test_the_example_reads_as_its_section_says(file: Path) -> None:
    example = msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    resource_type = find_resource_type(str(example["resource_type"]))
    assert resource_type is not None

    if example["reader"] == "patch":
        patch = read_patch(resource_type, example["body"])
        assert [written(operation) for operation in patch.operations] == example["expected"]
        assert (patch.ignored, patch.quirks) == ((), ())
    else:
        resource = read_resource(resource_type, example["body"])
        assert (resource.values, resource.ignored) == (example["expected"], ())
        assert resource.quirks == ()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 15
