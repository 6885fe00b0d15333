"""Text that a person wrote, made harmless before it enters an e-mail (cases A28, A30, A31).

An invitation carries words of one stranger to another: names and a cover message. The reader must see
those words as they were written, and nothing else may happen. Four things are done, always in this order:

1. *Cleaning* (`clean`, `one_line`). Control characters, bidirectional controls and invisible characters
   that carry no meaning go away; all line breaks that Unicode knows become a newline, or a space where only
   one line has room. What remains has one reading direction per word, and looks like what it is.
2. *Unlinking* (`unlinked`). Mail programs turn anything that looks like an address into a link, even in
   plain text, so escaping alone does not stop an attacker from placing one. A zero-width non-joiner (U+200C)
   is put after each sign that such detectors look for: full stops and their look-alikes, colons, at signs,
   backslashes, and between the digits of what looks like a telephone number. It is invisible. U+200C and not
   U+2060 or U+200B: address parsing (UTS 46) drops those two silently, so a program that made a link all the
   same would make a working one, whereas U+200C at the start of a domain label is an error there.
3. *Escaping* (the functions ending in `_html`). `&lt;` typed by a person stays `&lt;` on the screen.
4. *Framing*. In HTML each piece stands in `<bdi>`, so that right-to-left writing cannot reorder what is
   around it; in plain text each line of a quoted message begins with `> `, so that it cannot pass for ours.

All functions are pure, and total: any string goes in, none raises.
"""

import re

from markupsafe import Markup, escape

NON_JOINER = "\u200c"

# CR LF, CR, VT, FF, the C0 separators, NEL, and Unicode's line and paragraph separators.
_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_DROPPED = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # C0 and C1 controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidirectional and deprecated format controls
    "\u00ad\u180e\u200b\u2060-\u2065\ufeff\ufff9-\ufffb"  # invisible: soft hyphen, zero width, annotations
    "\ud800-\udfff\ufffe\uffff"  # lone surrogates and non-characters, which no XML or UTF-8 carries
    "]"
)
# Full stops, colons and at signs with the characters that compatibility mapping turns into them.
_LINK_SIGNS = re.compile(r"([.\u2024\u3002\ufe52\uff0e\uff61:\ufe55\uff1a@\ufe6b\uff20\\])(?=\S)")
_TELEPHONE = re.compile(r"\d(?:[ \u00a0()./-]{0,3}\d){5,}")
_DIGIT = re.compile(r"(\d)(?=.)", re.DOTALL)


def clean(text: str) -> str:
    """`text` without control, bidirectional and meaningless invisible characters; line breaks as newlines."""
    text = _LINE_BREAKS.sub("\n", str(text))  # str(): a Markup is no more trusted than other text
    text = text.replace("\t", " ")
    return _DROPPED.sub("", text).strip()


def one_line(text: str) -> str:
    """`clean`, on one line, with single spaces."""
    return " ".join(clean(text).split())


def unlinked(text: str) -> str:
    """`text` with invisible breaks wherever a mail program could find an address or a telephone number."""
    text = _LINK_SIGNS.sub(rf"\1{NON_JOINER}", text)
    return _TELEPHONE.sub(lambda number: _DIGIT.sub(rf"\1{NON_JOINER}", number[0]), text)


def inline_text(text: str) -> str:
    """A name or another short piece, for the plain text part and the subject."""
    return unlinked(one_line(text))


def inline_html(text: str) -> Markup:
    """A name or another short piece, for the HTML part."""
    return Markup("<bdi>{}</bdi>").format(inline_text(text))


def quoted_text(text: str) -> str:
    """A message of several lines as a quotation, for the plain text part."""
    return "\n".join(f"> {line}".rstrip() for line in _unlinked_lines(text))


def quoted_html(text: str) -> Markup:
    """A message of several lines, for the HTML part; its line breaks are kept."""
    return Markup("<br />").join(
        Markup('<bdi dir="auto">{}</bdi>').format(escape(line)) for line in _unlinked_lines(text)
    )


def _unlinked_lines(text: str) -> list[str]:
    return [unlinked(line.rstrip()) for line in clean(text).split("\n")]
