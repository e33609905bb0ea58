"""Short dates that nobody reads the wrong way round: English here is not that of one country."""

SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
