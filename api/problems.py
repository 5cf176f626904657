"""The page that every problem's `type` leads to: each stable code, what it means and what to do."""

from html import escape

CODES: dict[str, str] = {
    "malformed": "The request is not of the documented shape. `errors` names each field and what is wrong with it.",
    "bulk_rejected": "All or nothing was asked for and a row was refused: nothing was stored. Correct the rows named.",
    "rule_refused": "A condition's rule or a failure definition cannot be read. The pointer says where.",
    "survey_not_open": "The survey does not take answers yet: its `opens_at` has not come.",
    "survey_closed": "The survey takes no more answers: its `closes_at` has passed. A later one can open it again.",
    "quota_full": "There are enough complete answers like this one: the survey's quota is full.",
    "unknown_survey": "No published survey has this key. Read /v1/surveys.",
    "unknown_template": "There is no such template. Read /v1/survey-templates.",
    "unknown_format": "The document is neither an export of ours, in a version known here, nor a Formbricks survey.",
    "in_the_future": "A moment has not come yet. Check the clock and the zone of the sender.",
    "known_before": "Something was recorded before it happened. Correct one of the two times.",
    "not_applicable": "The request is well formed and asks something that cannot be asked of this data.",
    "not_measured": "The question asked for is of a kind that is not measured, like a text; a matrix is, row by row.",
    "too_many_points": "That is more than is told at once. Ask for a shorter time, longer periods or fewer groups.",
    "before_from": "The time asked for ends before it begins. Correct one of the two.",
    "bad_request": "The request cannot be read. Look at its line, headers and encoding.",
    "refused": "The request was refused; the detail says why.",
    "in_the_past": "A date that has passed cannot be promised. Name one to come.",
    "before_opened_at": "A moment lies before its case was opened. Correct one of the two.",
    "before_made_at": "A moment lies before its promise was made. Correct one of the two.",
    "before_asked_at": "Support was met before it was asked for. Correct one of the two moments.",
    "after_answered_at": "A customer cannot be asked after having answered. Correct one of the two.",
    "before_invitation": "The answer lies before its invitation was made. Correct its times.",
    "not_yours_to_say": "What the field says is the company's to say: this needs the scope `records:write`.",
    "customer_mismatch": "The case named is another customer's.",
    "seen_by_a_rule": "A rule made this observation. Correct or withdraw what the rule reads.",
    "unknown_zone": "Name an IANA time zone, like Europe/Berlin.",
    "not_storable": "An import's row holds a value that this database cannot keep. The report says which.",
    "cannot_be_cleared": "This field is needed and cannot be set to null.",
    "condition_defines_outcome": "The condition reads what the outcome's definition reads: it would explain itself.",
    "too_many_strata": "The confounder tells too many groups of cases apart. The detail says how many are taken.",
    "too_few_failures": "There are too few failures to learn from. The detail says how many are needed.",
    "nothing_to_learn_from": "There is no case with a known outcome yet.",
    "already_ended": "The job has ended: there is nothing left to call off.",
    "not_done_yet": "The analysis is still waited for. Ask again when its state is `done`.",
    "canceled": "Somebody called off the job that was waited for.",
    "unauthenticated": "Send `Authorization: Bearer sfk_…` with a key that is neither revoked nor expired.",
    "missing_scope": "The key is valid and lacks the scope the route names.",
    "not_found": "There is no such thing in this workspace.",
    "method_not_allowed": "The address exists and does not offer this method.",
    "conflict": "The request contradicts what is stored.",
    "unknown_reference": "A parent has not been reported yet. Report it, then send the same request again.",
    "erased": "The request names somebody who was erased. Stop reporting them; an admin can admit a customer again.",
    "response_exists": "The response's id was stored with another content. Use a new id for a new answer.",
    "response_complete": "The response is complete and does not change any more. A new answer needs a new id.",
    "unknown_invitation": "No invitation of this workspace has this token. Send the token as it was given out.",
    "invitation_mismatch": "The invitation is about another survey, customer or case than the answer says.",
    "invitation_completed": "The invitation was answered already: it completes once.",
    "invitation_revoked": "The invitation was withdrawn.",
    "invitation_expired": "The invitation's time is over. Make a new one.",
    "invitation_gone": "The invitation cannot be answered any more.",
    "link_expired": "The time a signed link names is over. Sign a new one.",
    "bad_signature": "The link is not as it was signed: HMAC-SHA256 of `survey/case`, or of `survey/case/exp`.",
    "do_not_contact": "The customer does not want to be contacted: no invitation is made.",
    "survey_opt_out": "The customer does not want to be asked: no invitation is made.",
    "survey_invited_only": "The survey is `open: false`: only an invitation or a signed link leads to its page.",
    "site_not_allowed": "The survey names the sites it is answered from, and the form came from another.",
    "sent_too_soon": "The page was sent sooner than anybody can have read it. Wait a moment and send it again.",
    "survey_exists": "There is a survey of this key. Draft a version of it.",
    "later_version_published": "A later version is published already. Make a new draft of what you want asked.",
    "idempotency_mismatch": "The Idempotency-Key came before with another body.",
    "idempotency_in_progress": "The first request with this key is still running. Send it again in a moment.",
    "precondition_required": "Read the thing, then send its ETag as If-Match.",
    "precondition_failed": "The thing changed since it was read. Read it again.",
    "slug_taken": "Another workspace is called so in addresses. Choose another slug.",
    "currency_mismatch": "A rate is in another currency than the workspace reckons in. Change both in one request.",
    "support_circle": "Support would go in a circle. The detail names it; take one of its teams out.",
    "merged_into_itself": "A customer cannot be merged into itself. Name the one who goes on.",
    "already_merged": "One of the two customers was merged before. The detail says into whom.",
    "workspace_exists": "There is a workspace of this name.",
    "model_refused": "The model's document is corrupt, foreign or newer than this program: it cannot serve.",
    "not_assessed": "The customer left or objects to scoring: nothing is said of their risk.",
    "too_many_hooks": "A workspace has so many hooks and no more. Remove one that is not needed.",
    "too_many_events": "More events lie between the two moments than are told again at once. Name an earlier `until`.",
    "event_erased": "What the delivery told of has been erased; it cannot be told again.",
    "answer_refused": "A role proposal or support request cannot be answered like this; the detail says why.",
    "too_large": "The body is larger than the route takes.",
    "unsupported_media_type": "Send JSON, or NDJSON to bulk routes.",
    "too_many_requests": "More requests came than the limit allows. Wait as many seconds as `Retry-After` says.",
    "key_not_live": "The key is revoked or has expired. Make a new one.",
    "already_rotated": "The key has a successor already. Rotate that one.",
    "internal_error": "Our fault. Nothing was stored; tell whoever runs the service the request_id.",
    "unavailable": "The database cannot be asked just now, or went away while storing; `detail` says. Send it again.",
    "no_room": "The disk is full. Nothing was stored.",
}


def problems_page() -> str:
    """Return the page."""
    items = "\n".join(
        f'<dt id="{escape(code)}"><code>{escape(code)}</code></dt><dd>{escape(meaning)}</dd>'
        for code, meaning in CODES.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Problems - Steadfast</title>'
        '<meta name="viewport" content="width=device-width"><style>body{font:1rem/1.5 system-ui;max-width:44rem;'
        "margin:2rem auto;padding:0 1rem}dt{margin-top:1rem}:target{background:#fff3b0}</style>"
        f"<h1>What an error answer means</h1><dl>{items}</dl></html>"
    )
