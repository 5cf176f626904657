"""A Django application in one file: its ORM storing one response a request, under gunicorn.

`BENCH_DATABASE_URL` names the database, which is PostgreSQL. `BENCH_DJANGO=template` takes the middleware and the
connections of a project as `startproject` makes it: a new one each request. Otherwise it is trimmed for this one route:
connections are kept, and no middleware but the one that says how long answers are.
"""

import json
import os
from urllib.parse import urlsplit
from uuid import UUID

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

TRIMMED = ["django.middleware.common.CommonMiddleware"]
TEMPLATE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
as_template = os.environ.get("BENCH_DJANGO") == "template"
place = urlsplit(os.environ["BENCH_DATABASE_URL"])
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    MIDDLEWARE=TEMPLATE if as_template else TRIMMED,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"] if as_template else [],
    ROOT_URLCONF=__name__,
    SECRET_KEY="for this bench alone",  # noqa: S106 - guards nothing
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": place.path.lstrip("/"),
            "USER": place.username,
            "PASSWORD": place.password,
            "HOST": place.hostname,
            "PORT": place.port,
            "CONN_MAX_AGE": 0 if as_template else None,
        }
    },
)
django.setup()


class StoredResponse(models.Model):  # noqa: DJ008 - nobody looks at it
    """What is stored."""

    id = models.UUIDField(primary_key=True)
    survey = models.CharField(max_length=100)
    customer = models.CharField(max_length=200, null=True)  # noqa: DJ001 - as the other peers store it
    case = models.CharField(max_length=200, null=True)  # noqa: DJ001 - same
    answers = models.JSONField()
    complete = models.BooleanField(default=True)
    stored_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        """Where it belongs."""

        app_label = "bench"


@csrf_exempt
@require_POST
def create_response(request: HttpRequest) -> JsonResponse:
    """Store a response."""
    body = json.loads(request.body)
    stored = StoredResponse.objects.create(
        id=UUID(body["id"]),
        survey=body["survey"],
        customer=body.get("customer"),
        case=body.get("case"),
        answers=body["answers"],
    )
    return JsonResponse({"id": str(stored.id), "complete": stored.complete}, status=201)


urlpatterns = [path("responses", create_response)]
if StoredResponse._meta.db_table not in connection.introspection.table_names():  # noqa: SLF001 - Django's public word for it
    with connection.schema_editor() as editor:
        editor.create_model(StoredResponse)
application = get_wsgi_application()
