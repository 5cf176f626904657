"""Tables of which a row may mention a customer somewhere inside, whoever wrote it: events, jobs, what staff write.

They are read through after an erasure. In sentences only references, ids and addresses for mail are looked for, which
are one person's alone; a name is borne by others too, and stays: see `api.privacy.searching`.
"""

from models.holding import A_CHOICE, OF_STAFF, Deed, Filler, Holding

MENTIONS = (
    Holding(
        "events",
        "what happened and names the customer, to be told to those who asked",
        Deed.SEARCHED,
        searched={"payload": Filler.OBJECT, "once": Filler.NULL},
        stays={"type": A_CHOICE},
    ),
    Holding(
        "jobs",
        "what was asked of a job",
        Deed.SEARCHED,
        searched={
            "request": Filler.NAMES,
            "result": Filler.NAMES,
            "checkpoint": Filler.NAMES,
            "problem": Filler.TEXT,
        },
        stays={"kind": A_CHOICE, "state": A_CHOICE, "code": A_CHOICE, "phase": A_CHOICE},
    ),
    Holding(
        "analyses",
        "cases named in what an analysis found",
        Deed.SEARCHED,
        searched={
            "request": Filler.NAMES,
            "summary": Filler.NAMES,
            "unexplained": Filler.ITEMS,
            "problem": Filler.TEXT,
        },
        stays={"outcome": "the name of an outcome", "state": A_CHOICE, "code": A_CHOICE},
    ),
    Holding(
        "condition_set_findings",
        "cases that show what an analysis found",
        Deed.SEARCHED,
        searched={"evidence": Filler.ITEMS},
        stays={"status": A_CHOICE, "measures": "counts, rates and codes over many cases"},
    ),
    Holding(
        "condition_set_verdicts",
        "cases in which people saw conditions work together, and what they noted",
        Deed.SEARCHED,
        searched={"cases": Filler.NAMES, "note": Filler.TEXT},
        stays={"verdict": A_CHOICE, "actor": "who said it, not of whom"},
    ),
    Holding(
        "audit_entries",
        "who changed what of the customer; references stand there as keyed hashes",
        Deed.SEARCHED,
        searched={"subject": Filler.NAMES, "details": Filler.OBJECT},
        stays={"actor": "who did it, not whom it was done to", "action": A_CHOICE},
    ),
    Holding(
        "role_proposal_versions",
        "cases and answers that staff named to show what they propose",
        Deed.SEARCHED,
        searched=dict.fromkeys(("customer_need", "situation", "proposed_change", "details"), Filler.NAMES),
        stays={
            **dict.fromkeys(("author", "role", "team", "taken_to"), OF_STAFF),
            **dict.fromkeys(("status", "kind"), A_CHOICE),
            "given": "names of fields",
            "conditions": "codes of the catalogue",
        },
    ),
    Holding(
        "support_answers",
        "customers and cases that managers named in an answer",
        Deed.SEARCHED,
        searched={"reason": Filler.NAMES},
        stays={**dict.fromkeys(("answered_by", "taken_to"), OF_STAFF), "verdict": A_CHOICE},
    ),
    Holding(
        "support_request_versions",
        "customers and cases that staff named in what they lack",
        Deed.SEARCHED,
        searched={"what": Filler.NAMES},
        stays={**dict.fromkeys(("team", "asked_by"), OF_STAFF), "given": "names of fields", "kind": A_CHOICE},
    ),
    Holding(
        "measure_in_use_versions",
        "customers and cases that staff named in what the company steers by",
        Deed.SEARCHED,
        searched={"name": Filler.NAMES},
        stays={
            "used_by": OF_STAFF,
            "given": "names of fields",
            "field": "the name of a field of cases, the company's",
            "metric_key": "a metric's key, chosen by the company",
        },
    ),
    Holding(
        "pulse_answers",
        "customers and cases that staff named in a pulse",
        Deed.SEARCHED,
        searched={"answers": Filler.NAMES},
        stays={"team": OF_STAFF},
        told=False,
    ),
    Holding(
        "pulse_releases",
        "customers and cases that staff named in comments of a pulse",
        Deed.SEARCHED,
        searched={"figures": Filler.NAMES},
        stays={"released_on": "a day"},
    ),
    Holding(
        "countermeasure_versions",
        "customers and cases that staff named in what is done about conditions",
        Deed.SEARCHED,
        searched={"title": Filler.NAMES},
        stays={
            **dict.fromkeys(("owner", "team"), OF_STAFF),
            "given": "names of fields",
            "kind": A_CHOICE,
            "conditions": "codes of the catalogue",
            "currency": "the workspace's, or one like it",
        },
    ),
    Holding(
        "scorecards",
        "customers and cases that somebody named in why a scorecard was changed",
        Deed.SEARCHED,
        searched={"reason": Filler.NAMES},
        stays={"terms": "names of features, and numbers", "actor": "who changed it, not of whom"},
    ),
    Holding(
        "model_decisions",
        "customers and cases that somebody named in why a model was promoted",
        Deed.SEARCHED,
        searched={"reason": Filler.NAMES},
        stays={**dict.fromkeys(("decision", "was"), A_CHOICE), "actor": "who decided, not on whom"},
    ),
)
