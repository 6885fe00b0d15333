"""The registry's file: what is accepted, and what is refused on which line."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from registry import COLUMNS, ImportRefused, RowError, reader, rows
from registry.sample import business_id, identity_code
from tests.registry.registry_files import CODE, COMPANY, KEYS, PRIVATE, no_progress, written


def errors_of(content: str | bytes, directory: Path, *, allow_temporary: bool = True) -> list[RowError]:
    """What is wrong with a file in itself."""
    file = directory / "wrong.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return errors_in(file, allow_temporary=allow_temporary)


def errors_in(file: Path, *, allow_temporary: bool = True) -> list[RowError]:
    """The same, of a file that is there."""
    errors = rows.Errors()
    rules = rows.RowRules(identity_index=KEYS.identity_index, allow_temporary=allow_temporary)
    reader.read(file, rules, errors, no_progress)
    try:
        errors.refuse()
    except ImportRefused as refused:
        return refused.errors
    return []


# A digit to Unicode, and to a careless check.
ARABIC_DIGIT = CODE[0] + "٠١٢٣٤٥٦٧٨٩"[int(CODE[1])] + CODE[2:]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"customer_number": ""}, "customer_number"),
        ({"customer_number": "12345"}, "customer_number"),
        ({"customer_number": "12345678901"}, "customer_number"),
        ({"customer_number": "٣٣٣٣٣٣"}, "customer_number"),
        ({"kind": "Private"}, "kind"),
        ({"name": "\u00a0"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "Åsa\tÖhman"}, "name"),
        ({"name": "Åsa\u202e"}, "name"),
        ({"name": f"Åsa {CODE}"}, "name"),
        ({"business_id": business_id(1)}, "business_id"),
        ({"personal_identity_code": ""}, "personal_identity_code"),
        ({"personal_identity_code": CODE[:-1]}, "personal_identity_code"),
        ({"personal_identity_code": CODE[:-1] + ("0" if CODE[-1] != "0" else "1")}, "personal_identity_code"),
        ({"personal_identity_code": "3102" + CODE[4:]}, "personal_identity_code"),
        ({"personal_identity_code": ARABIC_DIGIT}, "personal_identity_code"),
        ({"contact_email": "asa@localhost"}, "contact_email"),
        ({"commodity": ""}, "commodity"),
        ({"contract_number": ""}, "contract_number"),
        ({"contract_number": "x" * 21}, "contract_number"),
        ({"starts_on": ""}, "starts_on"),
        ({"starts_on": "20200101"}, "starts_on"),
        ({"starts_on": "2023-02-29"}, "starts_on"),
        ({"ends_on": "2019-12-31"}, "ends_on"),
    ],
)
def test_one_wrong_value_is_one_error(change: dict[str, str], column: str, tmp_path: Path) -> None:
    errors = errors_in(written(tmp_path, COMPANY, PRIVATE | change))
    assert [(error.line, error.column) for error in errors] == [(3, column)]
    assert str(errors[0]).startswith(f"line 3: {column}: ")


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"business_id": ""}, "business_id"),
        ({"business_id": "1234567-8"}, "business_id"),
        ({"business_id": "12345"}, "business_id"),
        ({"personal_identity_code": CODE}, "personal_identity_code"),
    ],
)
def test_companies_have_a_business_id_and_no_identity_code(
    change: dict[str, str], column: str, tmp_path: Path
) -> None:
    errors = errors_in(written(tmp_path, COMPANY | change))
    assert [(error.line, error.column) for error in errors] == [(2, column)]


def test_temporary_identity_codes_are_for_tests(tmp_path: Path) -> None:
    file = written(tmp_path, PRIVATE)
    assert errors_in(file) == []
    (error,) = errors_in(file, allow_temporary=False)
    assert error.column == "personal_identity_code"
    assert "production" in error.message


def test_a_real_persons_code_is_accepted_in_production(tmp_path: Path) -> None:
    file = written(tmp_path, PRIVATE | {"personal_identity_code": "131052-308t"})
    assert errors_in(file, allow_temporary=False) == []


def test_rows_of_one_customer_must_agree_and_contracts_are_named_once(tmp_path: Path) -> None:
    second = PRIVATE | {
        "name": "Åsa Berg",
        "personal_identity_code": identity_code(8),
        "contract_number": "E-3",
    }
    errors = errors_in(written(tmp_path, PRIVATE, COMPANY, second, COMPANY | {"customer_number": "300003"}))
    assert [(error.line, error.column) for error in errors] == [
        (4, "name"),
        (4, "personal_identity_code"),
        (5, "contract_number"),
    ]
    assert "line 2" in errors[0].message
    assert "line 3" in errors[2].message


def test_all_errors_are_counted_and_the_first_fifty_kept(tmp_path: Path) -> None:
    wrong = [PRIVATE | {"contract_number": f"E-{number}", "starts_on": "soon"} for number in range(80)]
    errors = rows.Errors()
    rules = rows.RowRules(identity_index=KEYS.identity_index, allow_temporary=True)
    reader.read(written(tmp_path, *wrong), rules, errors, no_progress)
    with pytest.raises(ImportRefused) as refused:
        errors.refuse()
    assert refused.value.total == 80
    assert [error.line for error in refused.value.errors] == list(range(2, 52))


# The file as such

HEADER = ",".join(COLUMNS)


def test_semicolons_a_byte_order_mark_and_another_order_of_columns(tmp_path: Path) -> None:
    text = written(tmp_path, PRIVATE, COMPANY, columns=COLUMNS[::-1]).read_text(encoding="utf-8")
    assert errors_of(b"\xef\xbb\xbf" + text.replace(",", ";").replace("\n", "\r\n").encode(), tmp_path) == []


def test_columns_missing_unknown_and_repeated_are_named(tmp_path: Path) -> None:
    errors = errors_of(HEADER.replace("kind", "sort").replace("ends_on", "starts_on") + "\n", tmp_path)
    assert [(error.line, error.column) for error in errors][:3] == [
        (1, "kind"),
        (1, "starts_on"),
        (1, "ends_on"),
    ]
    assert "`sort`" in errors[3].message


def test_lines_are_those_of_the_file_also_after_line_breaks_in_quotes(tmp_path: Path) -> None:
    row = ",".join(PRIVATE.values())
    broken = row.replace("Åsa Öhman", '"Åsa\n\nÖhman"')
    errors = errors_of(f"{HEADER}\n\n{broken}\n{row}, more\n", tmp_path)
    assert [(error.line, error.column) for error in errors] == [(3, "name"), (6, None)]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", 1),
        (f"{HEADER}\n".encode("utf-16"), 1),
        (f"{HEADER}\n{','.join(PRIVATE.values())}\n".encode("cp1252"), 2),
        (f'{HEADER}\n\n"300001,private\n'.encode(), 3),
        (f"{HEADER}\r300001\r".encode(), 1),
        (f"{HEADER}\n300001\r300002\n".encode(), 2),
        (f"{HEADER}\n{'x' * 140_000}\n".encode(), 2),
    ],
)
def test_files_that_are_no_such_files(content: bytes, line: int, tmp_path: Path) -> None:
    errors = errors_of(content, tmp_path)
    assert errors
    assert {error.line for error in errors} == {line}


def test_a_row_instead_of_a_header_is_not_repeated(tmp_path: Path) -> None:
    errors = errors_of(",".join(PRIVATE.values()) + "\n", tmp_path)
    assert errors
    assert CODE not in " ".join(map(str, errors))


AS_IN_ROWS = st.sampled_from(
    [*PRIVATE.values(), *COMPANY.values(), CODE.lower(), "2021-13-01", '"', "\r", "\n", "٣"]
)
VALUES = st.one_of(AS_IN_ROWS, st.text(max_size=12))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(lines=st.lists(st.lists(VALUES, min_size=9, max_size=11), max_size=4), quoting=st.booleans())
@example(lines=[[CODE] * 10], quoting=True)
@example(lines=[[CODE, *COLUMNS[1:]]], quoting=False)
def test_any_file_is_read_and_no_error_tells_an_identity_code(
    lines: list[list[str]], quoting: bool, tmp_path: Path
) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL if quoting else csv.QUOTE_MINIMAL).writerows([COLUMNS, *lines])
    content = text.getvalue().encode("utf-8", "surrogatepass")
    for whole in (content, content.partition(b"\n")[2]):
        physical_lines = whole.count(b"\n") + 1
        for error in errors_of(whole, tmp_path):
            assert 1 <= error.line <= physical_lines
            assert error.column is None or error.column in COLUMNS
            assert CODE not in str(error).upper()
