"""How well two colours can be told apart, and the nearest colour that can be read.

Source: Web Content Accessibility Guidelines 2.2, relative luminance and contrast ratio.
"""

READABLE = 4.5
"""The least contrast of text: success criterion 1.4.3 at level AA."""
STEPS = 50

Colour = tuple[int, int, int]


def parsed(text: str) -> Colour:
    """Return the red, green and blue of a colour like `#0b5fff`.

    >>> parsed("#0b5fff")
    (11, 95, 255)
    """
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def written(colour: Colour) -> str:
    """Return a colour as style sheets write it.

    >>> written((11, 95, 255))
    '#0b5fff'
    """
    return "#" + "".join(f"{part:02x}" for part in colour)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21.

    >>> round(contrast("#ffffff", "#000000"), 1), round(contrast("#777777", "#ffffff"), 2)
    (21.0, 4.48)
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour with a share of another in it.

    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = zip(parsed(one), parsed(other), strict=True)
    red, green, blue = (round(own + (with_ - own) * share) for own, with_ in pairs)
    return written((red, green, blue))


def readable_on(ground: str, dark: str = "#000000", light: str = "#ffffff") -> str:
    """Return which of two colours reads better on a ground. Of black and white, one always reaches 4.5.

    >>> readable_on("#0b5fff"), readable_on("#ffd400")
    ('#ffffff', '#000000')
    """
    return max((light, dark), key=lambda colour: contrast(colour, ground))


def adapted(colour: str, ground: str, least: float = READABLE) -> str:
    """Return the colour nearest to one, towards black or white, that has the least contrast to a ground.

    >>> adapted("#0b5fff", "#ffffff"), contrast(adapted("#ffd400", "#ffffff"), "#ffffff") >= 4.5
    ('#0b5fff', True)
    """
    pole = readable_on(ground)
    tried = (mixed(colour, pole, step / STEPS) for step in range(STEPS + 1))
    return next((one for one in tried if contrast(one, ground) >= least), pole)


def _luminance(text: str) -> float:
    red, green, blue = (_linear(part / 255) for part in parsed(text))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - the standard's
