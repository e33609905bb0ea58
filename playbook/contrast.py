"""How well one colour can be read on another: the contrast ratio of WCAG 2.2."""

LEGIBLE = 4.5  # success criterion 1.4.3, level AA

# The surfaces that the accent colour is read on: paper and panel of static/playbook/site.css.
LIGHT = ("#ffffff", "#f1f5f5")
DARK = ("#10181d", "#19242b")


def contrast(one: str, other: str) -> float:
    """Return the ratio of two colours given as #rrggbb: from 1 (the same) to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def least_contrast(colour: str, surfaces: tuple[str, ...]) -> float:
    return min(contrast(colour, surface) for surface in surfaces)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
