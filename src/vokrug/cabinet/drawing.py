"""Pictures that a till's scanner reads, as SVG without a word of style."""

from io import BytesIO

import barcode
import segno
from markupsafe import Markup

QUIET = 10  # modules of white at either end: scanners ask for them
HIGH = 60


def qr(text: str) -> Markup:
    """For a screen: middling correction, dark on white whatever the theme."""
    file = BytesIO()
    picture = segno.make(text, error="m", micro=False)
    picture.save(file, kind="svg", xmldecl=False, svgns=True, border=4, omitsize=True, dark="#000", light="#fff")
    return Markup(file.getvalue().decode())  # noqa: S704 - drawn by us, no word of anybody's is in it


def bars(number: str) -> Markup:
    """A number as Code 128."""
    (modules,) = barcode.get("code128", number).build()
    drawn, at = [], 0
    while at < len(modules):
        end = at
        while end < len(modules) and modules[end] == modules[at]:
            end += 1
        if modules[at] == "1":
            drawn.append(f'<rect x="{QUIET + at}" y="0" width="{end - at}" height="{HIGH}" fill="#000"/>')
        at = end
    width = len(modules) + 2 * QUIET
    return Markup(  # noqa: S704 - the same
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HIGH}" preserveAspectRatio="none">'
        f'<rect width="{width}" height="{HIGH}" fill="#fff"/>{"".join(drawn)}</svg>'
    )
