"""The handler of process-dataset.yaml."""

COLDEST, HOTTEST = -90.0, 60.0  # what has been measured on Earth, with a little room


class ImplausibleReading(ValueError):
    """A number that no thermometer outdoors shows."""


def process_chunk(rows):
    """Check and group the readings of one chunk; a chunk with a reading that makes no sense fails as a whole."""
    by_station = {}
    for row in rows:
        celsius = float(row["celsius"])
        if not COLDEST <= celsius <= HOTTEST:
            raise ImplausibleReading(f"{celsius} degrees in {row['station']} on day {row['day']}")
        by_station.setdefault(row["station"], []).append(celsius)
    values = [value for group in by_station.values() for value in group]
    print(f"{len(rows)} readings, {min(values)} to {max(values)} degrees")
    return {"rows": len(rows), "by_station": by_station}
