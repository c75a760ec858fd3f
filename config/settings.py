"""Every setting, read once from the environment with its type. What contradicts is caught by `config.checks`."""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.templatetags.static import static

from config import embedded
from config.databases import databases
from tenants.postgresql.pool import forget
from tenants.postgresql.roles import OWNER

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

# Where embedded servers, uploads and collected static files live when nothing else is named.
DATA_DIR = Path(env.str("DESKFLEET_DATA", str(BASE_DIR / ".data")))
_servers = embedded.running(DATA_DIR)

DEBUG = env.bool("DEBUG", False)
# A development key is good only for a host that nobody else can reach; config.checks refuses it behind HTTPS.
DEVELOPMENT_KEY = "development-only-key-that-protects-nothing-beyond-this-machine"
SECRET_KEY = env.str("SECRET_KEY", DEVELOPMENT_KEY)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# ---------------------------------------------------------------- hosts
# The operator's own host. Agencies and stores are found by their rows in tenants.Domain.
BASE_HOST = env.str("BASE_HOST", "localhost")
PORT = env.int("PORT", 8000)
HTTPS = env.bool("HTTPS", False)
# tenants.middleware answers 404 to every host that is not in the table, so Django's own list stays open.
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "config.urls_operator"
URLCONF_OF_PLACE = {
    "operator": "config.urls_operator",
    "agency": "config.urls_agency",
    "store": "config.urls_store",
}

# ---------------------------------------------------------------- apps
SHARED_APPS = [
    "config.apps.ConfigConfig",
    "tenants",  # before django_tenants and unfold: `migrate` is ours, and what the admin's pages look like
    "django_tenants",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin.apps.SimpleAdminConfig",  # finds nothing by itself: config.admin names who has pages
    "tickets.desk",
    "tickets.policies",
    "tickets.timers",
    "tickets.roster",
    "tickets.events",
    "tickets.score",
    "tickets.triage",
    "tickets.certification",
    "tickets.routing",
    "knowledge",
    "reports",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.apps.StaticConfig",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "django_htmx",
    "django_rq",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
TENANT_APPS = ["tickets"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "tenants.Store"
TENANT_DOMAIN_MODEL = "tenants.Domain"
AUTH_USER_MODEL = "tenants.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "tenants.middleware.HostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.errors.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.SessionMiddleware",
    "tenants.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.middleware.CallerMiddleware",
    "config.errors.DomainErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

# ---------------------------------------------------------------- data
# `default`: the login of web, worker and clock, which owns nothing. `owner`: whose the tables are; for migrations, the
# fleet and commands. Where only APP_DATABASE_URL is named there is no owner, and no process can change a table.
APP_DATABASE_URL = env.str("APP_DATABASE_URL", "")
_own = _servers.database_url if _servers and not APP_DATABASE_URL else ""
DATABASE_URL = env.str("DATABASE_URL", "") or _own
DATABASES = databases(
    DATABASE_URL,
    APP_DATABASE_URL,
    secret=SECRET_KEY,
    # A server process keeps what it has read of every store's catalogue, some 0.2 MB each: none grows old.
    pool={"min_size": 1, "max_size": env.int("DATABASE_POOL", 16), "timeout": 5, "max_lifetime": 900, "reset": forget},
)
# Shared apps are migrated in public and the stores' in stores, by the owner alone.
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
TENANT_DB_ALIAS = OWNER
# Its migrations rename a permission of a dashboard that nobody is shown, and write past the owner while they do.
MIGRATION_MODULES = {"django_rq": None}

REDIS_URL = env.str("REDIS_URL", _servers.redis_url if _servers else "redis://localhost:6379/0")
CACHES = {
    # Counts of sign-in attempts, and nothing hot. In PostgreSQL, so that people can sign in while Redis is away.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "KEY_FUNCTION": "tenants.marks.cache_key",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
CHANNEL_LAYERS = {
    "default": {
        # Hints ("ticket 12 is at 88"), so at-most-once is enough: readers fetch from PostgreSQL. Some bring the words
        # along: sealed.
        "BACKEND": "tenants.layer.Layer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": 30}],
            "prefix": "live",
            "keys": [SECRET_KEY, *SECRET_KEY_FALLBACKS],
        },
    }
}
# What one address may do at the buyers' chat, in each web process: open sockets, and frames a second over HTTP.
CHAT_SOCKETS_PER_ADDRESS = env.int("CHAT_SOCKETS_PER_ADDRESS", 100)
CHAT_FRAMES_PER_ADDRESS = env.int("CHAT_FRAMES_PER_ADDRESS", 50)
# … and in all of them together: how many new conversations it may begin with one store in ten minutes.
CHAT_CONVERSATIONS_PER_ADDRESS = env.int("CHAT_CONVERSATIONS_PER_ADDRESS", 20)
RQ_QUEUES = {"default": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": 60, "SERIALIZER": "rq.serializers.JSONSerializer"}}
RQ_SHOW_ADMIN_LINK = False
# What the clock process calls each second besides its own work, as the operator: `follow(now)`.
EVERY_SECOND = [
    "tickets.score.actions.follow.follow",
    "reports.actions.follow.follow",
    "tickets.triage.actions.follow.follow",
    "tickets.certification.actions.sit.follow",
    "tickets.events.actions.follow.follow",
]
# How long a process goes by what it knows of policies, goals and hours.
RULES_SECONDS = 5

MEDIA_ROOT = DATA_DIR / "files"
STATIC_ROOT = DATA_DIR / "static"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "config.static.HashedStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# Besides what is compressed already: maps of sources, which only developers open.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "br", "woff", "woff2", "map")
FILE_UPLOAD_PERMISSIONS = 0o640
# A store can be deleted when it has been archived for so long; until then it can be restored.
STORE_GRACE_DAYS = env.int("STORE_GRACE_DAYS", 30)
# Where `manage.py store delete` leaves its certificates, besides the table of them.
CERTIFICATES = DATA_DIR / "certificates"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# ---------------------------------------------------------------- people
AUTHENTICATION_BACKENDS = ["tenants.sign_in.PlaceBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "tenants.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "tenants.marks.PlaceTokens"  # noqa: S105
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 15  # seconds; a mail server that hangs must not hold the worker
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"Deskfleet <noreply@{BASE_HOST}>")

# ---------------------------------------------------------------- cookies and headers
SESSION_COOKIE_DOMAIN = None  # a session is the host's own; see tenants.middleware
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# ---------------------------------------------------------------- languages and time
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
LANGUAGE_COOKIE_NAME = "language"

# ---------------------------------------------------------------- the agency's admin
# Its navigation, pages and search come from the apps: tenants.admin_site. Its colours: static/css/admin.css.
UNFOLD = {
    "SITE_TITLE": "Deskfleet 掌柜台",
    "SITE_HEADER": "Deskfleet 掌柜台",
    "SITE_SUBHEADER": lambda request: request.place.name,
    "SITE_SYMBOL": "storefront",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("mark.svg")}],
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "SCRIPTS": [lambda request: static("js/admin_theme.js")],
    "SIDEBAR": {"show_search": True, "command_search": True},
}

# ---------------------------------------------------------------- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["config.api.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.api.error_response",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Deskfleet",
    "VERSION": "1",
    "DESCRIPTION": "Messages in, replies out, for every store of an agency.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_URLCONF": "config.urls_agency",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# ---------------------------------------------------------------- processes
ASGI_APPLICATION = "config.asgi.application"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"place": {"()": "tenants.marks.PlaceFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(place)s] %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["place"]}},
    # A 404 is the asker's business; what is ours comes as an error.
    "loggers": {"django.request": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING")},
}
