"""Texts in three languages: times, choice of language, translation, the catalogues (spec 2 and 7)."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.vocabulary import Language
from runtime import catalogues, texts
from runtime.texts import absolute_time, preferred_language, project_root, translate, translations

SV, FI, EN = Language.SWEDISH, Language.FINNISH, Language.ENGLISH
HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.mark.parametrize(
    ("moment", "swedish", "finnish", "english"),
    [
        (
            "2026-11-29T12:05Z",
            "söndagen den 29 november 2026 kl. 14.05 finsk tid",
            "sunnuntaina 29. marraskuuta 2026 klo 14.05 Suomen aikaa",
            "Sunday 29 November 2026 at 14:05 Finnish time",
        ),
        (
            "2026-06-30T21:00Z",
            "onsdagen den 1 juli 2026 kl. 0.00 finsk tid",
            "keskiviikkona 1. heinäkuuta 2026 klo 0.00 Suomen aikaa",
            "Wednesday 1 July 2026 at 00:00 Finnish time",
        ),
        (
            "2027-01-02T07:09Z",
            "lördagen den 2 januari 2027 kl. 9.09 finsk tid",
            "lauantaina 2. tammikuuta 2027 klo 9.09 Suomen aikaa",
            "Saturday 2 January 2027 at 09:09 Finnish time",
        ),
        (  # the hour that comes twice
            "2026-10-25T00:30Z",
            "söndagen den 25 oktober 2026 kl. 3.30 finsk tid (UTC+03:00)",
            "sunnuntaina 25. lokakuuta 2026 klo 3.30 Suomen aikaa (UTC+03:00)",
            "Sunday 25 October 2026 at 03:30 Finnish time (UTC+03:00)",
        ),
        (
            "2026-10-25T01:30Z",
            "söndagen den 25 oktober 2026 kl. 3.30 finsk tid (UTC+02:00)",
            "sunnuntaina 25. lokakuuta 2026 klo 3.30 Suomen aikaa (UTC+02:00)",
            "Sunday 25 October 2026 at 03:30 Finnish time (UTC+02:00)",
        ),
    ],
)
def test_absolute_time(moment: str, swedish: str, finnish: str, english: str) -> None:
    at = datetime.fromisoformat(moment)
    assert [absolute_time(at, one, HELSINKI) for one in (SV, FI, EN)] == [swedish, finnish, english]


def test_every_weekday_is_inflected() -> None:
    days = [datetime(2026, 11, day, 12, tzinfo=UTC) for day in range(23, 30)]
    assert [absolute_time(day, FI, HELSINKI).split()[0] for day in days] == [
        "maanantaina",
        "tiistaina",
        "keskiviikkona",
        "torstaina",
        "perjantaina",
        "lauantaina",
        "sunnuntaina",
    ]
    swedish = ["måndagen", "tisdagen", "onsdagen", "torsdagen", "fredagen", "lördagen", "söndagen"]
    assert [absolute_time(day, SV, HELSINKI).split()[0] for day in days] == swedish
    months = [absolute_time(datetime(2026, month, 9, tzinfo=UTC), FI, HELSINKI) for month in range(1, 13)]
    assert all(text.split()[2].endswith("kuuta") for text in months)


def test_other_zones_are_named_by_offset_and_naive_moments_refused() -> None:
    at = datetime(2026, 11, 29, 12, 5, tzinfo=UTC)
    assert absolute_time(at, SV, ZoneInfo("Asia/Kolkata")).endswith("kl. 17.35 (UTC+05:30)")
    assert absolute_time(at, EN, ZoneInfo("UTC")).endswith("12:05 (UTC+00:00)")
    assert absolute_time(at, SV, ZoneInfo("Europe/Mariehamn")).endswith("finsk tid")
    with pytest.raises(ValueError, match="time zone"):
        absolute_time(datetime(2026, 11, 29), SV, HELSINKI)  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, SV),
        ("", SV),
        ("fi", FI),
        ("FI-fi", FI),
        ("en-GB,en;q=0.9,fi;q=0.8", EN),
        ("fi;q=0.8, en;q=0.9", EN),
        ("en;q=0.5,fi;q=0.5", EN),
        ("de, fr;q=0.9", SV),
        ("de, fi;q=0.1", FI),
        ("sv;q=0, fi;q=0.2", FI),
        ("sv;q=0", SV),
        ("en;q=0, *", SV),
        ("*, fi;q=0.9", SV),
        ("fi, *;q=0.1", FI),
        ("fi ; q=0.7 , en; q=0.8", EN),
        ("fi;Q=0.7", FI),
        ("zh-Hant-TW, fi", FI),
        ("fi;q=1.5, en;q=0.2", EN),
        ("fi;q=nan, en;q=inf, sv;q=-1", SV),
        ("fi;q=0.1234, en;q=0.1", EN),
        ("fi;level=1", SV),
        ("fin", SV),
        ("fi_FI", SV),
        (";;;,,,q=", SV),
        ("ﬁ", SV),
        ("fi;q=٠.٩", SV),
        ("\x00\r\n", SV),
    ],
)
def test_preferred_language(header: str | None, expected: Language) -> None:
    assert preferred_language(header, SV) is expected


@given(st.text() | st.text(alphabet="fisven;q=0.1,*- ", max_size=60))
def test_preferred_language_never_raises(header: str) -> None:
    assert preferred_language(header, FI) in Language


def test_translate() -> None:
    assert translate(SV, "Open the invitation") == "Öppna inbjudan"
    assert translate(FI, "Hello %(name)s,", name="Åsa") == "Hei Åsa,"
    assert translate(FI, "Hello %(name)s,", name="%(other)s {0.__class__}") == "Hei %(other)s {0.__class__},"
    assert translate(SV, "no such text, 100 %") == "no such text, 100 %"
    with pytest.raises(KeyError):
        translate(SV, "Hello %(name)s,", other="x")
    assert translations(SV) is translations(SV)


def test_resources_lie_beside_the_packages() -> None:
    root = project_root()
    assert {"templates", "locale", "runtime", "emails"} <= {path.name for path in root.iterdir()}


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project of its own, whose catalogues a test may spoil."""
    (tmp_path / "starter").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "tests").mkdir()
    shutil.copy(project_root() / "babel.cfg", tmp_path)
    (tmp_path / "starter" / "api.py").write_text(
        'A = N_("First %(name)s")\nB = translate(x, "Second")\nC = ngettext("%(n)s day", "%(n)s days", n)\n'
        "D = text.translate(table)\n",
        encoding="utf-8",
    )
    (tmp_path / "templates" / "page.html").write_text("{% trans %}Third{% endtrans %}", encoding="utf-8")
    (tmp_path / "tests" / "test_it.py").write_text('N_("Not this")', encoding="utf-8")
    monkeypatch.setattr(catalogues, "project_root", lambda: tmp_path)
    monkeypatch.setattr(
        catalogues, "catalogue_path", lambda language: tmp_path / "locale" / f"{language.value}.po"
    )
    return tmp_path


def test_all_texts_of_the_project_are_translated() -> None:
    assert catalogues.problems() == []


def test_the_projects_catalogues_are_as_update_writes_them() -> None:
    template = catalogues.extract()
    for language in Language:
        written = catalogues._updated(language, template)
        assert texts.catalogue_path(language).read_bytes() == written
        assert b"Date" not in written
        assert b".py:" not in written


def test_update_fills_english_and_changes_nothing_twice(copy: Path) -> None:
    catalogues.update()
    english = (copy / "locale" / "en.po").read_text(encoding="utf-8")
    assert 'msgstr "First %(name)s"' in english
    assert 'msgstr[1] "%(n)s days"' in english
    assert "Third" in english
    assert "Not this" not in english
    before = {path: path.read_bytes() for path in (copy / "locale").iterdir()}
    catalogues.update()
    assert before == {path: path.read_bytes() for path in (copy / "locale").iterdir()}
    assert not [problem for problem in catalogues.problems() if problem.startswith("en")]
    assert len([problem for problem in catalogues.problems() if "not translated" in problem]) == 8


def test_update_keeps_translations_and_drops_what_is_unused(copy: Path) -> None:
    catalogues.update()
    swedish = copy / "locale" / "sv.po"
    translated = swedish.read_text(encoding="utf-8").replace(
        'msgid "Second"\nmsgstr ""', 'msgid "Second"\nmsgstr "Andra"'
    )
    swedish.write_text(translated, encoding="utf-8")
    (copy / "templates" / "page.html").write_text("{% trans %}Thirds{% endtrans %}", encoding="utf-8")
    catalogues.update()
    after = swedish.read_text(encoding="utf-8")
    assert 'msgstr "Andra"' in after
    assert "Thirds" in after
    assert '"Third"' not in after
    assert "fuzzy" not in after


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('msgstr "First %(name)s"', 'msgstr "Första %(nam)s"', "placeholders or markup differ"),
        ('msgstr "First %(name)s"', 'msgstr "Första"', "placeholders or markup differ"),
        ('msgstr "Second"', 'msgstr "<b>Second</b>"', "placeholders or markup differ"),
        ('msgstr "Second"', 'msgstr ""', "not translated"),
        ('msgstr[1] "%(n)s days"', 'msgstr[1] ""', "not translated"),
        ('msgid "Second"', '#, fuzzy\nmsgid "Second"', "fuzzy"),
        ('msgid "Second"\nmsgstr "Second"', "", "not in the catalogue"),
        ('msgid "Second"', 'msgid "Gone"\nmsgstr "Gone"\n\nmsgid "Second"', "in no source"),
        ('msgid "Second"', '#~ msgid "Old"\n#~ msgstr "Old"\n\nmsgid "Second"', "obsolete"),
    ],
)
def test_check_finds(copy: Path, old: str, new: str, problem: str) -> None:
    catalogues.update()
    english = copy / "locale" / "en.po"
    text = english.read_text(encoding="utf-8")
    assert old in text
    english.write_text(text.replace(old, new), encoding="utf-8")
    found = [line for line in catalogues.problems() if line.startswith("en")]
    assert len(found) == 1
    assert problem in found[0]


def test_command(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogues.main(["update"]) == 0
    assert catalogues.main(["check"]) == 1
    assert "sv: not translated" in capsys.readouterr().out
    assert catalogues.main([]) == 2


def test_command_on_the_project() -> None:
    command = [sys.executable, "-m", "runtime.catalogues", "check"]
    done = subprocess.run(command, cwd=project_root(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
