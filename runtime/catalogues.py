"""Keeps the three catalogues in step with the sources: `python -m runtime.catalogues update|check`.

English is the language of the sources, so its catalogue is filled in by `update`; Swedish and Finnish are
translated by hand in the .po files. `check` (also a test) fails for anything that is not translated.

A text is found when it is a plain literal in `N_("...")`, `gettext("...")`, `_("...")`,
`translate(language, "...")` or a template's `{% trans %}`; never inside an f-string.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from domain.vocabulary import Language
from runtime.texts import DOMAIN, catalogue_path, project_root

ROOMS = frozenset({"domain", "runtime", "emails", "activities", "starter", "templates"})
KEYWORDS = {**DEFAULT_KEYWORDS, "translate": (2,)}  # translate(language, "the text")

# Header lines that change at each run or are placeholders; git tells who and when.
_LEFT_OUT = tuple(
    f'"{name}:'.encode()
    for name in (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Generated-By",
        "Last-Translator",
        "Language-Team",
        "Report-Msgid-Bugs-To",
    )
)
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
_MARKUP = re.compile(r"[<>&]")


def extract() -> Catalog:
    """Every text marked for translation in the sources, as a template catalogue."""
    root = project_root()
    with (root / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call] # Babel's
    template = Catalog(project=DOMAIN, charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        root, methods, options, keywords=KEYWORDS, directory_filter=partial(_is_source, root)
    )
    for filename, line, messages, comments, context in found:
        template.add(messages, None, [(filename, line)], auto_comments=comments, context=context)
    return template


def update() -> None:
    """Bring the catalogues up to date: new texts in, unused ones out, translations kept, English filled."""
    template = extract()
    for language in Language:
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_updated(language, template))


def problems() -> list[str]:
    """One line for each fault in a catalogue; an empty list means that all is translated."""
    template = extract()
    return [problem for language in Language for problem in _problems_in(_read(language), language, template)]


def _is_source(root: Path, folder: str) -> bool:
    relative = Path(folder).relative_to(root)
    return relative.parts[0] in ROOMS and relative.name != "__pycache__"


def _read(language: Language) -> Catalog:
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language.value, domain=DOMAIN, fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=language.value, domain=DOMAIN)


def _updated(language: Language, template: Catalog) -> bytes:
    catalogue = _read(language)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    catalogue.project, catalogue.version = DOMAIN, "1"
    catalogue.header_comment = f"# Texts of Fullmakt ({language.value}): see runtime/catalogues.py."
    if language is Language.ENGLISH:
        for message in _messages(catalogue):
            if not _is_translated(message):
                message.string = message.id
    return _written(catalogue)


def _written(catalogue: Catalog) -> bytes:
    """The catalogue as bytes that depend on the texts alone: sorted, no line numbers, no dates."""
    target = BytesIO()
    write_po(target, catalogue, width=100, sort_output=True, ignore_obsolete=True, include_lineno=False)
    lines = target.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(_LEFT_OUT))


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _is_translated(message: Message) -> bool:
    """Whether every form of the text is there."""
    forms = _forms(message.string)
    return bool(forms) and all(forms)


def _forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or [])


def _problems_in(catalogue: Catalog, language: Language, template: Catalog) -> Iterator[str]:
    used = {(message.id, message.context) for message in _messages(template)}
    known = {(message.id, message.context) for message in _messages(catalogue)}
    for msgid, _ in sorted(used - known, key=str):
        yield f"{language.value}: not in the catalogue (run update): {msgid!r}"
    for msgid, _ in sorted(known - used, key=str):
        yield f"{language.value}: in no source (run update): {msgid!r}"
    for message in catalogue.obsolete.values():
        yield f"{language.value}: obsolete: {message.id!r}"
    for message in _messages(catalogue):
        if message.fuzzy:
            yield f"{language.value}: fuzzy: {message.id!r}"
        if not _is_translated(message):
            yield f"{language.value}: not translated: {message.id!r}"
        elif not _parts_agree(message):
            yield f"{language.value}: placeholders or markup differ: {message.id!r} {message.string!r}"


def _parts_agree(message: Message) -> bool:
    """Whether each form has the source's placeholders, and no markup of its own.

    A plural form may leave out a placeholder that only some forms of the source have.
    """
    sources, forms = _forms(message.id), _forms(message.string)
    placeholders = [frozenset(_PLACEHOLDER.findall(text)) for text in sources]
    needed, allowed = frozenset.intersection(*placeholders), frozenset.union(*placeholders)
    markup = Counter(_MARKUP.findall(sources[-1]))
    return all(
        needed <= frozenset(_PLACEHOLDER.findall(form)) <= allowed
        and Counter(_MARKUP.findall(form)) == markup
        for form in forms
    )


def main(arguments: list[str]) -> int:
    """The command: `update`, or `check`, which prints the problems and returns 1 if there are any."""
    match arguments:
        case ["update"]:
            update()
            return 0
        case ["check"]:
            found = problems()
            sys.stdout.writelines(f"{problem}\n" for problem in found)
            return 1 if found else 0
        case _:
            sys.stderr.write("usage: python -m runtime.catalogues update|check\n")
            return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
