"""When two spellings are of the same company, and when they are not (spec 3.2, step 3)."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from domain.company_name import same_company

FORMS = [
    "Oy",
    "Ab",
    "Oyj",
    "Abp",
    "Ky",
    "Kb",
    "Ay",
    "Öb",
    "Tmi",
    "Fma",
    "ry",
    "rf",
    "osuuskunta",
    "andelslag",
]
LETTERS = string.ascii_lowercase + "åäö"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Björkbacka Bageri Ab", "BJÖRKBACKA BAGERI AB"),
        ("Björkbacka Bageri Ab", "Oy Björkbacka Bageri"),
        ("Oy Björkbacka Bageri Ab", "Björkbacka Bageri Oy Ab"),
        ("Björkbacka Bageri Oy Ab", "björkbacka bageri"),
        ("Exempel Fastigheter Ab", "Ab Exempel Fastigheter"),
        ("Exempel-Fastigheter Ab.", "Exempel Fastigheter, Ab"),
        ("Keksitty Kirjapaino Oyj", "Keksitty Kirjapaino O.Y.J."),
        ("Tmi J. V. Virtanen", "J.V. Virtanen"),
        ("Tmi J.V.Virtanen", "Toiminimi J V Virtanen"),
        ("Virtanen & Pojat Ky", "Virtanen ja Pojat Ky"),
        ("Öhman & Söner Kb", "Öhman och Söner kommanditbolag"),
        ("Mäntylän Martat r.y.", "Mäntylän Martat ry"),
        ("Havets Vänner r.f.", "Havets Vänner rf"),
        ("Osuuskunta Keskimaito", "Keskimaito osk"),
        ("Andelslaget Åker", "Andelslaget Åker anl"),
        ("Nurmi’s Café Oy", "Nurmi's Cafe\u0301 Oy"),
        ("As Oy Koivurinne 5", "As. Oy Koivurinne 5"),
        ("\uff29\uff2b\uff25\uff21 Oy", "Ikea"),
        ("Ab Oy", "Ab Oy"),
        ("3G", "3 G"),
        # Slips of the fingers
        ("Björkbacka Bageri Ab", "Björkbaka Bageri Ab"),
        ("Björkbacka Bageri Ab", "Björkbacka Bagreri"),
        ("Björkbacka Bageri Ab", "Bjrökbacka Bageri"),
        ("Björkbacka Bageri Ab", "Bjorkbacka Bageri"),
        ("Havtornets Handelsträdgård", "Havtornets Handelstradgard Ab"),
        ("Kuusenkävyn Kahvila Oy", "Kuusenkavyn Kahvilla"),
        ("Päijänteen Sähkörakennus Oy", "Paijanteen Sahkorakenus Oy"),
    ],
)
def test_the_same_company(one: str, other: str) -> None:
    assert same_company(one, other)
    assert same_company(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", ""),
        ("", "Björkbacka Bageri Ab"),
        ("- & -", "- & -"),
        ("Oy", "Björkbacka Oy"),
        ("Nordea", "Norden"),
        ("Kone Oyj", "Kono Oyj"),
        ("Säde Oy", "Sade Oy"),
        ("Elisa", "Elina"),
        ("Oy Ab", "Ab Oy"),
        ("Tmi Aino Laine", "Tmi Arno Laine"),
        ("Tmi A. Korhonen", "Tmi B. Korhonen"),
        ("Mäkinen Yhtiöt Oy", "Mäkelä Yhtiöt Oy"),
        ("Asunto Oy Koivula", "Asunto Oy Koivala"),
        ("Bostads Ab Ekudden", "Bostads Ab Ekuddan"),
        ("Asunto Oy Mannerheimintie 5", "Asunto Oy Mannerheimintie 6"),
        ("Kiinteistö Oy Helsingin Kuusikko I", "Kiinteistö Oy Helsingin Kuusikko II"),
        ("Kiinteistö Oy Helsingin Kuusikko", "Kiinteistö Oy Helsingin Kuusikko II"),
        ("Fiktiva Fastigheter A", "Fiktiva Fastigheter B"),
        ("Björkbacka Bageri Ab", "Björkbacka Bokhandel Ab"),
        ("Björkbacka Bageri Ab", "Björkbacka Ab"),
        ("Björkbacka Bageri Ab", "Björkboda Bageri Ab"),
        ("Exempel Fastigheter Ab", "Fastigheter Exempel Ab"),
        ("Exempel Nord 2020", "Exempel Nord 2021"),
    ],
)
def test_different_companies(one: str, other: str) -> None:
    assert not same_company(one, other)
    assert not same_company(other, one)


words = st.text(LETTERS, min_size=1, max_size=12)
names = st.lists(words, min_size=1, max_size=4).map(" ".join)
anything = st.text(max_size=40)


@given(name=names, form=st.sampled_from(FORMS), at=st.integers(0, 4), upper=st.booleans())
def test_case_and_company_forms_do_not_matter(name: str, form: str, at: int, upper: bool) -> None:
    parts = name.split()
    parts.insert(min(at, len(parts)), form)
    written = " ".join(parts)
    assume(not {part.casefold() for part in name.split()} <= {each.casefold() for each in FORMS})
    assert same_company(name, written.upper() if upper else written)


@given(name=anything)
@example(name="JA")
def test_a_name_is_its_own_if_it_says_anything(name: str) -> None:
    if any(character.isalnum() for character in name if character.isascii()):
        assert same_company(name, name)


@given(one=anything, other=anything)
def test_the_order_does_not_matter(one: str, other: str) -> None:
    assert same_company(one, other) is same_company(other, one)


@given(one=st.text(LETTERS, min_size=1, max_size=8), other=st.text(LETTERS, min_size=1, max_size=8))
def test_two_different_short_names_are_two_companies(one: str, other: str) -> None:
    assume({one, other}.isdisjoint({"ja", "och", "and"}))
    assert same_company(one, other) is (one == other)


@given(
    name=st.text(LETTERS, min_size=10, max_size=30), place=st.integers(0, 29), letter=st.sampled_from(LETTERS)
)
def test_one_slip_in_a_long_name_is_forgiven_and_four_are_not(name: str, place: int, letter: str) -> None:
    assume(not set(name) <= set("ivxlcdm"))
    place = min(place, len(name) - 1)
    slipped = name[:place] + letter + name[place + 1 :]
    assume(not set(slipped) <= set("ivxlcdm"))
    assert same_company(name, slipped)
    assert not same_company(name, "".join("q" if each != "q" else "z" for each in name[:4]) + name[4:])


@given(name=names, number=st.integers(0, 999), other=st.integers(0, 999))
def test_numbers_are_never_a_slip(name: str, number: int, other: int) -> None:
    assert same_company(f"{name} {number}", f"{name} {other}") is (number == other)
