"""Surveys to begin with: whole, in every language of `wordings`. A new workspace has the first one published."""

from collections.abc import Mapping

from api.feedback.templates.felt_loyalty import FELT_LOYALTY
from api.feedback.templates.post_interaction import POST_INTERACTION
from api.feedback.templates.staff_pulse import STAFF_PULSE
from api.feedback.templates.wordings import Template

__all__ = ["POST_INTERACTION", "TEMPLATES", "Template"]

TEMPLATES: Mapping[str, Template] = {
    template.key: template for template in (POST_INTERACTION, FELT_LOYALTY, STAFF_PULSE)
}
