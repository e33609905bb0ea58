"""What Django leaves out for Arabic, where it would fall back to the American order."""

DATETIME_FORMAT = "j F، Y، g:i A"
SHORT_DATETIME_FORMAT = "d\u200f/m\u200f/Y g:i A"  # the marks keep the order from right to left
