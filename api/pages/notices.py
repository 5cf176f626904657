"""What a page says before the answers: who asks, whom an answer is tied to, what for, and how long it is kept."""

from zoneinfo import ZoneInfo

from api.feedback.hosted import Hosted
from api.pages.chrome import Chrome, message
from api.pages.contexts import Notice


def notice(hosted: Hosted, chrome: Chrome) -> Notice:
    """Return what is said before the answers of one visitor."""
    company = hosted.company
    return Notice(
        who=chrome.say(message("{company} asks you this."), company=company),
        tied=chrome.say(_tied(hosted)),
        purpose=chrome.say(message("It is used to put right what went wrong, and to do better.")),
        kept=_kept(hosted, chrome),
        until=_until(hosted, chrome),
    )


def _tied(hosted: Hosted) -> str:
    if not hosted.linked:
        return message("Your answer is not linked to your name.")
    if not hosted.proved:
        return message("Your link names you or your request without proof: your answer is kept as unconfirmed.")
    if hosted.arrival.link is not None or (hosted.invited is not None and hosted.invited.case_id is not None):
        return message("Your answer is linked to you and to your request: this link was made for you.")
    return message("Your answer is linked to you: this link was made for you.")


def _kept(hosted: Hosted, chrome: Chrome) -> str:
    """Return what becomes of the answer first: it goes whole, or what could lead to a person does."""
    whole, personal = hosted.workspace.retention.responses, hosted.survey.details.get("retention_days")
    if whole is not None and (personal is None or whole <= personal):
        return chrome.say(message("It is kept for {days} and then deleted."), days=chrome.days(whole))
    if personal is not None:
        sentence = message("What you wrote and every link to you are kept for {days} and then deleted.")
        return chrome.say(sentence, days=chrome.days(personal))
    return chrome.say(message("It is kept until {company} deletes it."), company=hosted.company)


def _until(hosted: Hosted, chrome: Chrome) -> str:
    expires = None if hosted.invited is None else hosted.invited.expires_at
    if expires is None:
        return ""
    day = expires.astimezone(ZoneInfo(hosted.workspace.zone)).date()
    return chrome.say(message("You can answer until {day}."), day=chrome.day(day))
