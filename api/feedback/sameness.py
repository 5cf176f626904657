"""What tells a response that is sent again from another one under its name."""

import hashlib
import json

from api.feedback.schemas import ResponseBody

IN_ORDER = json.JSONEncoder(sort_keys=True)


def content_hash(row: ResponseBody) -> str:
    """Return what tells a response sent again from another one under its name."""
    # A field that came later is left out where it says nothing: what was stored before it has no trace of it.
    later = {"invitation"} if row.invitation is None else set()
    left_out = {"id", "reference", *later}
    if row.asked_at or row.answered_at or row.recorded_at:
        body = row.model_dump(mode="json", exclude=left_out)
    else:
        # But for moments a row is JSON as it stands: to have it gone through takes as long as all else here.
        body = {name: value for name, value in row.__dict__.items() if name not in left_out}
    return hashlib.sha256(IN_ORDER.encode(body).encode()).hexdigest()
