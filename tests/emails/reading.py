"""Reads e-mails as a mail program does: which elements and links there are, and what would become a link."""

import re
from html.parser import HTMLParser

# Deliberately greedier than real mail programs: anything here could be made clickable without <a>.
# Other characters than U+200C are taken for part of an address, as internationalised detectors do.
_DETECTED = re.compile(
    r"(?:https?|ftp|file):/"
    r"|\b(?:mailto|tel|sms|javascript|data):[^\s\u200c]"
    r"|\bwww\.\w"
    r"|[^\s\u200c]+@[^\s\u200c]+\.[^\s\u200c]+"
    r"|[^\W_][\w-]*[.\u3002\uff0e\uff61][^\W\d_]{2,}"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|\\\\\w"
    r"|\+?\d(?:[ ()./-]{0,2}\d){6,}",
    re.IGNORECASE,
)

_INLINE = {"a", "bdi", "strong"}  # all other elements end a line


def detected_links(text: str) -> list[str]:
    """What a mail program might turn into a link in plain text."""
    return [found[0] for found in _DETECTED.finditer(text)]


class Page(HTMLParser):
    """The elements of an HTML text with their attributes, its links, and the text one sees."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.other: list[str] = []
        self._text: list[str] = []
        self._hidden = 0
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    @property
    def targets(self) -> list[str]:
        """The values of all attributes that a mail program follows or loads."""
        followed = {"href", "src", "action", "background", "srcset", "poster", "cite"}
        return [value or "" for _, found in self.elements for name, value in found if name in followed]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        if tag not in _INLINE:
            self._text.append("\n")
        self._hidden += tag in {"style", "script", "title"}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}", ()))
        if tag not in _INLINE:
            self._text.append("\n")
        self._hidden -= tag in {"style", "script", "title"}

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._text.append(data)

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)
