"""What others make of the same rules: dateutil for the clock on the wall, zoneinfo for instants.

Reads {"first": n, "rules": [text with DTSTART, RRULE, EXDATE], "times": [[zone, local], …]} from standard input; writes
{"occurrences": [[local, …], …], "instants": [utc or null, …]}, null where this machine does not know the zone.
"""

import json
import sys
from datetime import datetime, timezone
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

LOCAL = "%Y-%m-%dT%H:%M:%S"


def instant(zone, local):
    try:
        # fold=0: the first of two; in a gap the offset before it, which moves the time forward by the gap.
        at = datetime.strptime(local, LOCAL).replace(tzinfo=ZoneInfo(zone), fold=0)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    return at.astimezone(timezone.utc).strftime(LOCAL)


asked = json.load(sys.stdin)
json.dump(
    {
        "occurrences": [
            [local.strftime(LOCAL) for local in islice(rrulestr(rule), asked["first"])] for rule in asked["rules"]
        ],
        "instants": [instant(zone, local) for zone, local in asked["times"]],
    },
    sys.stdout,
)
