"""What another reader of RFC 5545 makes of our calendar files: the icalendar package.

Reads {"calendars": [text, …]} from standard input; writes {"calendars": [{"properties": {…}, "events": [{…}, …]}, …]}.
"""

import json
import sys

from icalendar import Calendar


def plain(value):
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, "dt"):
        return value.dt.isoformat() if hasattr(value.dt, "isoformat") else str(value.dt)
    return str(value)


def read(text):
    calendar = Calendar.from_ical(text)
    if calendar.is_broken if hasattr(calendar, "is_broken") else calendar.errors:
        raise SystemExit(f"the calendar is broken: {calendar.errors}")
    events = []
    for event in calendar.walk("VEVENT"):
        if event.errors:
            raise SystemExit(f"an event is broken: {event.errors}")
        events.append({name: plain(value) for name, value in event.items()})
    return {"properties": {name: plain(value) for name, value in calendar.items()}, "events": events}


asked = json.load(sys.stdin)
json.dump({"calendars": [read(text) for text in asked["calendars"]]}, sys.stdout)
