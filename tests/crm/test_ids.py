"""Ids that a spreadsheet has spoilt are known as such, and so are two forms of one id."""

import pytest

from assignchat.crm.ids import canonical, may_have_been, salesforce_checksum, why_spoilt

SPOILT = {
    "9.19877E+11": "919876543210",
    "9,19877E+11": "919876543210",
    "1E+15": "1000000000000000",
    "919876543210.0": "919876543210",
    "919876543210,00": "919876543210",
    '="919876543210"': "919876543210",
    "120363025246125000": "120363025246125486",
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_a_spreadsheet_makes_of_an_id_is_known_and_what_it_was(spoilt: str) -> None:
    assert why_spoilt(spoilt)
    ranges = may_have_been(spoilt)
    assert any(low <= SPOILT[spoilt] <= high for low, high in ranges)
    assert any(low <= f"+{SPOILT[spoilt]}" <= high for low, high in ranges)


@pytest.mark.parametrize(
    "fine",
    ["919876543210", "+919876543210", "1.5", "E+11", "919876543210@c.us", "=1+1", "12e3x", "1000"],
)
def test_other_ids_are_not_taken_for_spoilt(fine: str) -> None:
    assert why_spoilt(fine) is None


def test_a_line_of_totals_is_no_row() -> None:
    assert why_spoilt("Grand Total") == "is a line of totals"


GUID = "6f1d2c3a-0b1e-4c57-9a10-2f6f0c7d1a01"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GUID, GUID.upper()),
        (GUID, f"{{{GUID.upper()}}}"),
        ("5005g00000AbCdE", "5005g00000AbCdEAAV"),
        ("a0B5g00000AbCdE", "a0B5g00000AbCdE" + salesforce_checksum("a0B5g00000AbCdE")),
        ("chat-1", "Chat-1"),
        ("chat-1", "chat\u200b-1"),
        ("chat-1", "\uff43hat-1"),
    ],
)
def test_two_forms_of_one_id_have_one_canonical_form(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_ids_of_salesforce_differ_by_case() -> None:
    assert canonical("5005g00000AbCdE") != canonical("5005g00000AbCde")
    assert salesforce_checksum("5005g00000AbCdE") == "AAV"
