"""What the run needs to know of the box: which keys it has, what there is, and what it must leave alone."""

import itertools
import json
import os
import zlib
from pathlib import Path

import schemathesis

KEYS = json.loads(Path(os.environ["PHONEBOX_KEYS"]).read_text())
OWN = {str(key["id"]) for key in KEYS}
TOKENS = itertools.cycle([key["secret"] for key in KEYS])

# What there is, by the parameter of a path and the word before it.
THERE = {
    "mac": "805ec0aabb01",
    "name": {"sites": "site", "profiles": "profile", "groups": "group"},
    "vendor": "yealink",
    "number": "1",
    "position": "0",
    "file": "805ec0aabb01.cfg",
    "id": "1",
}


@schemathesis.auth(refresh_interval=None)
class Keys:
    def get(self, case, context):
        return next(TOKENS)

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Every other request is for something that is there."""
    if not path_parameters:
        return path_parameters
    thing = context.operation.path.removeprefix("/api/v1/").split("/")[0]
    for name, value in path_parameters.items():
        there = THERE.get(name)
        there = there.get(thing) if isinstance(there, dict) else there
        # A number that the schema forbids is one on purpose.
        if name == "id" and not (str(value).isdigit() and int(value) < 2**63):
            continue
        if there is not None and zlib.crc32(repr(value).encode()) % 2:
            path_parameters[name] = there
    return path_parameters


@schemathesis.hook
def map_query(context, query):
    """Where a page begins only the page before it knows."""
    if query and context.operation.method == "get":
        query.pop("after", None)
    return query


@schemathesis.hook
def before_call(context, case, **kwargs):
    # The run lives by its keys.
    if case.operation.path.startswith("/api/v1/api-keys/") and str(case.path_parameters.get("id")) in OWN:
        case.path_parameters["id"] = "987654"
    # No mail leaves this machine.
    if case.operation.path == "/api/v1/mail" and isinstance(case.body, dict) and "host" in case.body:
        case.body["host"] = "127.0.0.1"
