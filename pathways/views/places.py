"""Places of following in the navigation."""

from flask_babel import lazy_gettext as _l

from app.feature import Place

PLACES = (
    Place("pathways.my_day", _l("My day"), "worklist:read", 10),
    Place("pathways.find_patient", _l("Patients"), "patient:read", 20),
    Place("pathways.referrals", _l("Referrals"), "referral:read", 30),
)
