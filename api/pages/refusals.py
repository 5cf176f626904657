"""What a page says where there is nothing to answer, or not now: a calm title and sentence for each code."""

from collections.abc import Mapping

from api.pages.chrome import Chrome, message
from api.pages.contexts import MessagePage

ANSWERED = message("Thank you, we have your answer")
EXPIRED = message("This link has expired")
OVER = message("Its time to answer is over.")
KEPT_FIRST = message("What you sent first is kept; it does not change any more.")
AS_SENT = message("Open the link exactly as it was sent: a part of it may be missing.")
LATER = message("Not just now")
UNREAD = message("This cannot be read")

SAID: Mapping[str, tuple[str, str]] = {
    "invitation_completed": (ANSWERED, message("This link can be answered once, and it was.")),
    "response_complete": (ANSWERED, KEPT_FIRST),
    "response_exists": (ANSWERED, KEPT_FIRST),
    "invitation_revoked": (
        message("This link was withdrawn"),
        message("The company that sent it does not ask any more."),
    ),
    "invitation_expired": (EXPIRED, OVER),
    "link_expired": (EXPIRED, OVER),
    "bad_signature": (message("This link is incomplete"), AS_SENT),
    "not_found": (message("There is nothing here"), AS_SENT),
    "asked_in_a_pulse": (message("There is nothing here"), AS_SENT),
    "survey_not_open": (message("Not open yet"), message("This survey has not begun. Open the link again later.")),
    "survey_closed": (
        message("This survey is closed"),
        message("Its time to answer is over. Thank you for wanting to answer."),
    ),
    "quota_full": (
        message("We have all the answers we need"),
        message("Nothing more is asked. Thank you for wanting to answer."),
    ),
    "unavailable": (LATER, message("Nothing was stored. What you typed is still here: send it in a moment.")),
    "no_room": (LATER, message("Nothing was stored. What you typed is still here: send it later.")),
    "too_many_requests": (
        LATER,
        message("Very much is asked from where you are. Nothing was stored. Wait a minute, then try again."),
    ),
    "site_not_allowed": (
        message("Not from here"),
        message("Nothing was stored. Whoever asks you named other sites for it."),
    ),
    "too_large": (
        message("That was too much"),
        message("Nothing was stored. Go back, shorten what you wrote and send it again."),
    ),
    "unsupported_media_type": (UNREAD, message("Nothing was stored. Files cannot be sent here.")),
}
OTHERWISE = (UNREAD, message("Nothing was stored. Go back and send it again."))


def refusal_page(chrome: Chrome, code: str) -> MessagePage:
    """Return the context of the page that says why nothing can be answered."""
    title, sentence = SAID.get(code, OTHERWISE)
    return MessagePage(company="", chrome=chrome, title=chrome.say(title), sentences=[chrome.say(sentence)])
