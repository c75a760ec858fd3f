"""What every host has: signing in and out, and the language."""

from allauth.account import views as account
from django.urls import path, re_path

from tenants import views

everywhere = [
    path("language/", views.set_language, name="set_language"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/password/reset/", account.password_reset, name="account_reset_password"),
    path("accounts/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    # Not as `<uidb36>-<key>`: a key has a hyphen too, and the first part would take all up to the last one.
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/\Z",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    # allauth links to it by name; people are invited, so it says that it is closed.
    path("accounts/signup/", account.signup, name="account_signup"),
]
