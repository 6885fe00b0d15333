"""Writes every e-mail in every language to a folder, for eyes (`fullmakt emails preview`)."""

from pathlib import Path

from domain.vocabulary import Language, Message
from emails.render import environment, render
from emails.samples import SAMPLE_BRAND, sample_props


def write_previews(directory: Path) -> list[Path]:
    """Write `<message>.<language>.html` and `.txt` with sample props, and an `index.html` that shows all.

    Makes `directory` if needed and overwrites files of these names. Returns what was written, the index
    first. Raises `OSError` if it cannot write.
    """
    directory.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    rows = []
    for message in Message:
        columns = []
        for language in Language:
            rendered = render(message, language, sample_props(message, language), SAMPLE_BRAND)
            html = directory / f"{message.value}.{language.value}.html"
            text = html.with_suffix(".txt")
            html.write_text(rendered.html, encoding="utf-8")
            text.write_text(f"{rendered.subject}\n\n{rendered.text}", encoding="utf-8")
            written += [html, text]
            columns.append(
                {
                    "language": language.value,
                    "subject": rendered.subject,
                    "html": html.name,
                    "text": text.name,
                }
            )
        rows.append((message.value, columns))
    page = environment(Language.ENGLISH).get_template("_base/preview.html")
    index = directory / "index.html"
    index.write_text(page.render(brand=SAMPLE_BRAND, languages=list(Language), rows=rows), encoding="utf-8")
    return [index, *written]
