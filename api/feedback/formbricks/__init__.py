"""A Formbricks survey's JSON, as its API and its editor give it, made a definition of ours.

Both forms are read: a list of `questions`, and `blocks` with `elements`. What has no counterpart here is named with the
place it stood at and why, never dropped in silence; only what identifies the survey over there (ids, times, status) is
not mentioned.
"""

from api.feedback.formbricks.surveys import is_formbricks, translated

__all__ = ["is_formbricks", "translated"]
