"""Published ranges become network rules: every form is read, the difference shown, all or none."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rolecall.cli import app
from rolecall.domain.queries import AttemptsAfter
from rolecall.published_ranges import RangesUnreadable, read_ranges
from rolecall.wiring import ACCOUNT, ADMINISTRATOR, Rolecall

MICROSOFT = {
    "changeNumber": 1,
    "cloud": "Public",
    "values": [
        {
            "name": "AzureActiveDirectory",
            "id": "AzureActiveDirectory",
            "properties": {"addressPrefixes": ["192.0.2.0/25", "2001:db8::/48"]},
        },
        {
            "name": "Storage",
            "id": "Storage",
            "properties": {"addressPrefixes": ["198.51.100.0/24"]},
        },
    ],
}
OKTA = {
    "us_cell_1": {"ip_ranges": ["192.0.2.0/25"]},
    "emea_cell_1": {"ip_ranges": ["203.0.113.7/32"]},
}


@pytest.mark.parametrize(
    ("document", "tag", "ipv4", "ipv6"),
    [
        (json.dumps(MICROSOFT), "azureactivedirectory", ("192.0.2.0/25",), ("2001:db8::/48",)),
        (json.dumps(OKTA), "emea_cell_1", ("203.0.113.7/32",), ()),
        (json.dumps({"cell": {"ip_ranges": ["192.0.2.1"]}}), None, ("192.0.2.1",), ()),
        ('["192.0.2.1", "192.0.2.1", "2001:db8::1"]', None, ("192.0.2.1",), ("2001:db8::1",)),
        (
            "# office\n192.0.2.1  # door\n\n2001:db8::/32,\r\n",
            None,
            ("192.0.2.1",),
            ("2001:db8::/32",),
        ),
    ],
    ids=["service tags", "cells", "one cell", "a list", "lines"],
)
def test_each_published_form_is_read(
    document: str, tag: str | None, ipv4: tuple[str, ...], ipv6: tuple[str, ...]
) -> None:
    found = read_ranges(document, tag)
    assert (found.ipv4, found.ipv6) == (ipv4, ipv6)


@pytest.mark.parametrize(
    ("document", "tag", "told"),
    [
        (json.dumps(MICROSOFT), None, "choose with --tag, among AzureActiveDirectory, Storage"),
        (json.dumps(OKTA), "us_cell_2", "has no 'us_cell_2'; it has emea_cell_1, us_cell_1"),
        ("192.0.2.1", "Storage", "--tag is for files with several lists"),
        ("192.0.2.1\nexample.com", None, "line 2: 'example.com' is no address or range"),
        ("192.0.2.0/33", None, "line 1: '192.0.2.0/33' is no address or range"),
        ("", None, "holds no address ranges"),
        ("{", None, "is no JSON"),
        ("[" * 100_000, None, "is no JSON"),
        ('{"a": 1}', None, "neither Microsoft's service tags"),
        ('{"values": [1, {"properties": 2}]}', None, "neither Microsoft's service tags"),
        ('{"a": {"ip_ranges": "192.0.2.1"}}', None, "a is no list of texts"),
        ("[1]", None, "the list is no list of texts"),
        ('"192.0.2.1"', None, "'\"192.0.2.1\"' is no address or range"),
    ],
)
def test_a_file_that_can_not_be_read_says_what_to_do(
    document: str, tag: str | None, told: str
) -> None:
    with pytest.raises(RangesUnreadable, match=r".*") as raised:
        read_ranges(document, tag)
    assert told in str(raised.value)


# ---- the command -------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Rolecall(tmp_path / "data", durable=False) as opened:
        opened.found(ACCOUNT, ADMINISTRATOR, integration=True)
    return tmp_path


def imported(folder: Path, text: str, *options: str, answer: str | None = None) -> Result:
    file = folder / "ranges"
    file.write_text(text)
    arguments = ["network", "import", str(file), "--rule", "idp", "--data", str(folder / "data")]
    return CliRunner().invoke(app, [*arguments, *options], input=answer)


def rules(folder: Path) -> dict[str, tuple[str, ...]]:
    with Rolecall(folder / "data", durable=False) as opened:
        return {name: rule.value_list for name, rule in opened.network_rules(None).items()}


def test_a_rule_is_made_and_then_kept_in_step(folder: Path) -> None:
    first = imported(folder, "192.0.2.1\n192.0.2.2\n192.0.2.3", "--yes")
    assert (first.exit_code, first.output.splitlines()[0]) == (0, "IDP (IPV4, new): +3 -0, 0 stay")
    second = imported(folder, "192.0.2.2\n192.0.2.3\n192.0.2.4", "--yes")
    assert second.output.splitlines() == [
        "IDP (IPV4): +1 -1, 2 stay",
        "  - 192.0.2.1",
        "  + 192.0.2.4",
        "Applied.",
    ]
    assert rules(folder) == {"IDP": ("192.0.2.2", "192.0.2.3", "192.0.2.4")}


def test_without_a_difference_nothing_is_written(folder: Path) -> None:
    imported(folder, "192.0.2.1", "--yes")
    again = imported(folder, "192.0.2.1", "--yes")
    assert (again.exit_code, again.output) == (0, "IDP (IPV4): +0 -0, 1 stay\n")
    with Rolecall(folder / "data", durable=False) as opened:
        account = opened.account_named(None)
        noted = account.ask(opened.local(account), AttemptsAfter(after=0, count=100))
        methods = [each.attempt.method for each in noted]
    assert methods.count("NETWORK IMPORT") == 1


def test_both_versions_go_into_a_rule_each_or_neither_does(folder: Path) -> None:
    document = json.dumps(MICROSOFT)
    options = ("--tag", "AzureActiveDirectory", "--yes")
    alone = imported(folder, document, *options)
    assert "1 IPv6 ranges are left out; --ipv6-rule NAME takes them." in alone.output
    both = imported(folder, document, *options, "--ipv6-rule", "idp6", "--format", "json")
    told = json.loads(both.stdout)["rules"]
    assert [(each["rule"], each["type"], each["is_new"]) for each in told] == [
        ("IDP", "IPV4", False),
        ("IDP6", "IPV6", True),
    ]
    assert rules(folder) == {"IDP": ("192.0.2.0/25",), "IDP6": ("2001:db8::/48",)}
    wrong = imported(folder, document, *options, "--ipv6-rule", "idp")
    assert (wrong.exit_code, "another name" in wrong.output) == (2, True)


def test_the_difference_is_shown_before_anything_changes(folder: Path) -> None:
    assert imported(folder, "192.0.2.1", "--dry-run").exit_code == 0
    unasked = imported(folder, "192.0.2.1", answer="y\n")
    assert (unasked.exit_code, "add --yes" in unasked.output) == (2, True)
    assert rules(folder) == {}


def test_a_truncated_file_changes_nothing(folder: Path) -> None:
    imported(folder, "\n".join(f"192.0.2.{n}" for n in range(5)), "--yes")
    cut = imported(folder, "192.0.2.0\n192.0.2.1", "--yes")
    assert (cut.exit_code, "nothing was changed" in cut.output) == (3, True)
    assert len(rules(folder)["IDP"]) == 5
    assert imported(folder, "192.0.2.0\n192.0.2.1", "--yes", "--force").exit_code == 0
    assert len(rules(folder)["IDP"]) == 2


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("nonsense", (), "line 1: 'nonsense'"),
        ("2001:db8::1", (), "name their rule with --ipv6-rule"),
        ("192.0.2.1", ("--account", "nobody"), "nobody"),
    ],
)
def test_a_wrong_import_is_one_sentence(
    folder: Path, text: str, options: tuple[str, ...], told: str
) -> None:
    result = imported(folder, text, "--yes", *options)
    assert result.exit_code != 0
    assert told in result.output + str(result.exception)
    assert rules(folder) == {}


def test_tens_of_thousands_of_ranges_are_one_transaction(folder: Path) -> None:
    some = random.Random(7)
    published = "\n".join(
        f"{some.randrange(1, 224)}.{some.randrange(256)}.{some.randrange(256)}.0/24"
        for _ in range(37_000)
    )
    assert imported(folder, published, "--yes").exit_code == 0
    assert len(rules(folder)["IDP"]) == len(set(published.split()))
