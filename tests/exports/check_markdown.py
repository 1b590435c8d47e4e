"""Renders a hand-over with GitHub's own renderer and holds it to what a hand-over may be: headings, paragraphs, tables, code.

check_markdown.py FILE.md TEXT: no element but those, none of whose attributes leads anywhere; TEXT stands in it, as code.
"""

import sys
from html.parser import HTMLParser

try:
    import cmarkgfm
    from cmarkgfm.cmark import Options
except ImportError:
    sys.exit(77)

ALLOWED = {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code"}


class Look(HTMLParser):
    def __init__(self):
        super().__init__()
        self.code, self.inside, self.wrong = [], False, []

    def handle_starttag(self, tag, attributes):
        if tag not in ALLOWED or any(name != "align" for name, _ in attributes):
            self.wrong.append((tag, attributes))
        self.inside = tag == "code"
        if self.inside:
            self.code.append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.code[-1] += data

    def handle_comment(self, data):
        self.wrong.append(("comment", data))


with open(sys.argv[1], encoding="utf-8") as file:
    page = file.read()
html = cmarkgfm.github_flavored_markdown_to_html(page, Options.CMARK_OPT_UNSAFE)
look = Look()
look.feed(html)
assert not look.wrong, look.wrong
assert any(sys.argv[2] in text for text in look.code), f"{sys.argv[2]!r} is not in {look.code!r}"
print(f"{len(look.code)} pieces of code, nothing else from data")
