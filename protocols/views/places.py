"""Places of publishing in the navigation."""

from flask_babel import lazy_gettext as _l

from app.feature import Place

PLACES = (
    Place("protocols.protocols", _l("Protocols"), "protocol:read", 40),
    Place("protocols.releases", _l("Releases"), "release:read", 50),
)
