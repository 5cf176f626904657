"""What is answered about personal data, and about who did what."""

from uuid import UUID

from pydantic import JsonValue

from api.bodies import Answer, Moment


class ErasureAnswer(Answer):
    """What an erasure did: rows taken away or blanked, by table. Asked again, the same."""

    reference: str
    erased_at: Moment
    removed: dict[str, int]


class ReadmissionAnswer(Answer):
    """An erased customer may be reported again."""

    reference: str
    readmitted_at: Moment


class AuditAnswer(Answer):
    """Who did what, when."""

    id: UUID
    actor: str
    action: str
    subject: str
    details: dict[str, JsonValue]
    recorded_at: Moment
