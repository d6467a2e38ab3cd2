"""The shell's rows of the access table."""

from __future__ import annotations

from app.access.table import DEVELOPMENT, PUBLIC, SIGNED_IN

ROWS = {
    "web.asset": PUBLIC,
    "web.sign_in": PUBLIC,
    "web.forgotten": PUBLIC,
    "web.new_password": PUBLIC,
    "web.style": DEVELOPMENT,
    "web.home": SIGNED_IN,
    "web.sign_out": SIGNED_IN,
    "web.account": SIGNED_IN,
    "web.change_password": SIGNED_IN,
    "web.emergency": "emergency:open",
    "web.accounts": "account:manage",
    "web.account_new": "account:manage",
    "web.account_edit": "account:manage",
    "web.account_reset": "account:manage",
    "web.accounts_import": "account:manage",
    "web.clients": "account:manage",
    "web.client_new": "account:manage",
    "web.client_revoke": "account:manage",
    "web.facilities": "facility:manage",
    "web.facility_new": "facility:manage",
    "web.facility_edit": "facility:manage",
    "web.facilities_import": "facility:manage",
}
