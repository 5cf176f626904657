"""What a company copies into its own pages: a frame around a survey, or a plain form with the survey's questions."""

from dataclasses import fields
from urllib.parse import urlencode

from api.feedback.hosted import Hosted
from api.pages.questions import form_page, wording_of
from api.pages.render import templates
from api.pages.steps import Step

HEIGHT = 720
"""Of a frame whose site lets no script of ours run; else it is as tall as what is in it."""
RIGHTS = "allow-forms allow-same-origin allow-scripts allow-popups"
"""What a frame may do. Its origin is another than the site's: with its own it reaches nothing of the site."""


def with_query(url: str, **said: str | None) -> str:
    """Return an address that says something more."""
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{url}?{query}" if query else url


def frame_snippet(opened: Hosted, url: str, script: str, language: str, source: str | None) -> str:
    """Return the frame around a survey's page, with a plain link for those who see no frame."""
    page = form_page(opened, Step([], [], single=False), wording_of(opened, [language]), [], typed={})
    return templates.get_template("snippet.html").render(
        framed=with_query(url, embed="1", lang=language, _source=source),
        link=with_query(url, lang=language, _source=source),
        title=page.title,
        script=script,
        height=HEIGHT,
        rights=RIGHTS,
    )


def plain_form(opened: Hosted, url: str, language: str, source: str | None) -> str:
    """Return a form with a survey's questions that may stand on any site.

    A page that stands still asks everybody everything: a question that depends on an answer is needed from nobody,
    and of questions that change from visitor to visitor none is asked.
    """
    asked = [
        {**question, "required": bool(question.get("required")) and not question.get("show_if")}
        for question in opened.survey.questions
        if not question.get("sample")
    ]
    carried = [("_version", str(opened.survey.number)), ("_lang", language)]
    step, words = Step(asked, asked, single=False), wording_of(opened, [language])
    page = form_page(opened, step, words, [*carried, ("_source", source or "website")], typed={})
    context = {field.name: getattr(page, field.name) for field in fields(page)}
    led_to = f"{opened.origins[0]}/thanks" if opened.origins else ""
    return templates.get_template("plain_form.html").render(action=url, led_to=led_to, **context)
