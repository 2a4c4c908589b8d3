"""All settings, read from the environment (docs/operate.md lists them).

Every command starts with none of them set: the embedded database and all files lie below ``SEKISHO_HOME``.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

from portal import environment as env
from portal.logging import logging_config

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent
# In a checkout templates and static files stand at the top; in a wheel they are carried inside the package.
TEMPLATE_ROOT = ROOT / "templates" if (ROOT / "templates" / "base.html").exists() else PACKAGE / "_templates"
STATIC_SOURCE = ROOT / "static" if (ROOT / "static" / "sekisho.css").exists() else PACKAGE / "_static"

SEKISHO_HOME = env.folder("SEKISHO_HOME", ROOT / "var" if (ROOT / "manage.py").exists() else Path.cwd() / "var")
SECRET_KEY_GIVEN = bool(env.text("SEKISHO_SECRET_KEY"))
# A key of the moment serves commands and tests; `serve` refuses to start on it, since sessions and the
# encrypted secrets of connections would not outlive the process.
SECRET_KEY_FALLBACKS = env.words("SEKISHO_SECRET_KEY_FALLBACKS")
SECRET_KEY = env.text("SEKISHO_SECRET_KEY") or secrets.token_urlsafe(50)
DEBUG = env.flag("SEKISHO_DEBUG")
ALLOWED_HOSTS = env.words("SEKISHO_ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.words("SEKISHO_TRUSTED_ORIGINS")
HTTPS = env.flag("SEKISHO_HTTPS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "rules",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "portal.accounts",
    "portal.ledger",
    "portal.jobs",
    "portal.inbox",
    "portal.pdf",
    "portal.web",
    "portal",
    "assessments",
    "governance",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.web.middleware.ContentSecurityPolicy",
    "portal.web.middleware.RequestLog",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.web.middleware.UserLocale",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.web.middleware.NoSuchAddress",
    "portal.web.middleware.DomainErrors",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [TEMPLATE_ROOT],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.context.site",
                "portal.inbox.context.inbox",
            ],
        },
    }
]

DATABASES = {"default": env.database(SEKISHO_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(SEKISHO_HOME / "cache"),
    }
}

# The queue: SQLite below the home, or wherever many hosts can reach it.
QUEUE_URL = env.text("SEKISHO_QUEUE_URL")
WORKER_THREADS = env.whole("SEKISHO_WORKERS", 2, least=1)

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 12}
ACCOUNT_ADAPTER = "portal.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation reaches its address before an account exists
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "20/m/ip,5/5m/key", "reset_password": "20/h/ip,5/h/key"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
SESSION_COOKIE_AGE = 60 * 60 * env.whole("SEKISHO_SESSION_HOURS", 12, least=1)
INVITATION_DAYS = 14

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if env.text("SEKISHO_SMTP_HOST")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = SEKISHO_HOME / "mail"  # mails hold one-time links, so without a server they go to no log
EMAIL_HOST = env.text("SEKISHO_SMTP_HOST")
EMAIL_PORT = env.whole("SEKISHO_SMTP_PORT", 587)
EMAIL_HOST_USER = env.text("SEKISHO_SMTP_USER")
EMAIL_HOST_PASSWORD = env.text("SEKISHO_SMTP_PASSWORD")
EMAIL_USE_TLS = env.flag("SEKISHO_SMTP_TLS", True)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env.text("SEKISHO_MAIL_FROM", "sekisho@localhost")

# The address that links in mails begin with; pages fall back on the host that was asked for.
KNOWN_URL = (env.text("SEKISHO_URL") or next(iter(CSRF_TRUSTED_ORIGINS), "")).rstrip("/")
SITE_URL = KNOWN_URL or "http://127.0.0.1:8000"

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.accounts.authentication.TokenAuthentication",
        "portal.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.accounts.authentication.HasScope"],
    "DEFAULT_PAGINATION_CLASS": "portal.web.paging.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.web.bodies.JsonBody"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "portal.web.errors.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "PAGE_SIZE": 50,
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"
MIGRATION_MODULES = {"knox": None}  # our own token model takes the place of its table
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=90),
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_PREFIX": "sek_",
    "TOKEN_MODEL": KNOX_TOKEN_MODEL,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sekisho API",
    "DESCRIPTION": "Maturity of machine-learning teams, audits of models, and the verdict a pipeline asks for.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "OutcomeEnum": "governance.models.Outcome",
        "PromotionStateEnum": "governance.models.PromotionState",
        "AssessmentStateEnum": "assessments.models.AssessmentState",
        "JobStateEnum": "portal.jobs.models.State",
        "AuditKindEnum": "governance.models.AuditKind",
        "FrameworkKindEnum": ["levelled", "checklist"],
        "LevelKindEnum": ["official", "claimed"],
    },
}

# Language and time
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [PACKAGE / "locale"]
LANGUAGE_COOKIE_NAME = "sekisho_language"
USE_TZ = True
TIME_ZONE = env.text("SEKISHO_TIME_ZONE", "UTC")
HOLIDAYS = env.calendar("SEKISHO_HOLIDAYS", "JP")  # the calendar of due dates, where a team has none of its own
PULSE_MINIMUM = env.whole("SEKISHO_PULSE_MINIMUM", 5, least=3)  # answers from which on a pulse shows what was said

# Static files
STATIC_URL = "static/"
STATIC_ROOT = None  # served from where they stand
STATICFILES_DIRS = [STATIC_SOURCE]
WHITENOISE_USE_FINDERS = True  # no collectstatic needed; files are few
WHITENOISE_MAX_AGE = 300

# Files of the product itself
FILES_ROOT = SEKISHO_HOME / "files"
# What registries and evaluation data may be read from: hosts of MLflow servers ("*" for any), roots of files.
REGISTRY_HOSTS = env.words("SEKISHO_REGISTRY_HOSTS") or ["*"]
DATA_ROOTS = env.words("SEKISHO_DATA_ROOTS")
# Object storage: s3://bucket, or https://endpoint/bucket; the credentials are those of one reader for all.
S3_STORES = env.words("SEKISHO_S3")
S3_KEY, S3_SECRET = env.text("SEKISHO_S3_KEY"), env.text("SEKISHO_S3_SECRET")
S3_REGION = env.text("SEKISHO_S3_REGION")
# What a query of an audit may hold in memory, and the folder for what is more.
QUERY_MEMORY = f"{env.whole('SEKISHO_QUERY_MEMORY_MB', 1024, least=128)}MB"
QUERY_FOLDER = env.text("SEKISHO_QUERY_FOLDER")
DATA_LIMIT = env.whole("SEKISHO_DATA_LIMIT_MB", 8192, least=1) * 2**20
UPLOAD_LIMIT = env.whole("SEKISHO_UPLOAD_LIMIT_MB", 256, least=1) * 2**20
ATTACHMENT_LIMIT = env.whole("SEKISHO_ATTACHMENT_LIMIT_MB", 20, least=1) * 2**20  # a file beside an answer
# Counts below this are left out of exports, dossiers and the API; 0 leaves none out.
LEAST_CELL = env.whole("SEKISHO_LEAST_CELL", 5)
# Advisories in the OSV format, a JSON file or a folder of them: known vulnerabilities of what models require.
ADVISORIES = env.text("SEKISHO_ADVISORIES")
REGISTRY_TIMEOUT = env.whole("SEKISHO_REGISTRY_TIMEOUT", 10, least=1)
MIRROR_INTERVAL = env.whole("SEKISHO_MIRROR_SECONDS", 3600, least=5)
POLL_INTERVAL = env.whole("SEKISHO_POLL_SECONDS", 30, least=5)
ARTIFACT_HOURS = env.whole("SEKISHO_ARTIFACT_HOURS", 24, least=1)  # between checks of the files of what is live
PUSH_LIMIT = env.whole("SEKISHO_PUSH_LIMIT_MB", 64, least=1) * 2**20  # an evaluation file that a pipeline pushes

# Decisions
POLICY_SECOND_PERSON = env.flag("SEKISHO_POLICY_SECOND_PERSON", default=True)
APPROVAL_DAYS = env.whole("SEKISHO_APPROVAL_DAYS", 30, least=1)  # where the policy says nothing
MOVE_HOURS = env.whole("SEKISHO_MOVE_HOURS", 1, least=1)
REAUDIT_DAYS = env.whole("SEKISHO_REAUDIT_DAYS", 7, least=1)

# The ledger's private keys; None on a host that signs nothing. The instance names the log in its checkpoints.
KEYS_ROOT = None if env.text("SEKISHO_KEYS") == "none" else env.folder("SEKISHO_KEYS", SEKISHO_HOME / "keys")
INSTANCE = env.label("SEKISHO_INSTANCE", "main")

# What one run of a model may use (governance.sandbox.Limits). A job that runs longer than half an hour counts as
# hung, so a run has to end before.
SANDBOX_LIMITS = {
    "memory": env.whole("SEKISHO_SANDBOX_MEMORY_MB", 4096, least=512) * 2**20,
    "processes": env.whole("SEKISHO_SANDBOX_PROCESSES", 128, least=16),
    "cpu_seconds": env.whole("SEKISHO_SANDBOX_CPU_SECONDS", 600, least=10),
    "wall_seconds": env.whole("SEKISHO_SANDBOX_SECONDS", 300, least=10, most=1500),
    "output_bytes": env.whole("SEKISHO_SANDBOX_OUTPUT_MB", 256, least=1) * 2**20,
    "scratch_bytes": env.whole("SEKISHO_SANDBOX_SCRATCH_MB", 256, least=1) * 2**20,
}
# For development where no sandbox works: models run as the worker itself, and no gate counts what comes of it.
UNSANDBOXED = env.flag("SEKISHO_UNSANDBOXED")

# Security
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if env.flag("SEKISHO_BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_HANDLERS = [
    "portal.web.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LOGGING_CONFIG = None
LOG_LEVEL = env.text("SEKISHO_LOG_LEVEL", "INFO").upper()
logging_config(level=LOG_LEVEL, human=DEBUG)
