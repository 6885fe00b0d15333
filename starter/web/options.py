"""What a form offers to choose from."""

from dataclasses import dataclass

from starter.web.render import LANGUAGE_NAMES


@dataclass(frozen=True)
class Option:
    """Something to choose."""

    value: str
    label: str
    hint: str | None = None


# Each named in itself.
LANGUAGES = tuple(Option(language.value, name) for language, name in LANGUAGE_NAMES.items())
