"""Finding somebody by a name as it was heard: article or none, hamza or none, French or English spelling."""

from __future__ import annotations

from app.access.actor import SYSTEM
from app.store import work
from app.store.codes import path_code
from app.store.reindex import reindex_command
from tests.pathways.views.conftest import Clinic, enrolled

FOUND = (
    "البناني", "بناني", "البنّاني", "عائشة", "عايشه", "عائشه بناني", "البناني عائشة", "ال بناني",
    "Bennani", "benani", "EL BENNANI", "Elbennani", "Aicha Bennani", "Aïcha", "benn",
)  # fmt: skip
NOT_FOUND = ("بنيس", "العمراني", "Bennis", "Bennani Zineb", "كريم")


def test_by_a_name_as_it_was_heard(clinic_anywhere: Clinic) -> None:
    clinic = clinic_anywhere
    her = enrolled(clinic, family="Bennani", given="Aïcha", family_ar="بناني", given_ar="عائشة")
    him = enrolled(clinic, family="El Ouazzani", given="Youssef", family_ar="الوزاني", given_ar="يوسف", cnie="LF777",
                   phone="0677777777", gender="male")  # fmt: skip
    nurse = clinic.browser("nurse")

    def finds(typed: str, record: str) -> bool:
        return f'href="{record}"' in nurse.see(f"/patients?q={typed}").text

    assert [typed for typed in FOUND if not finds(typed, her.record)] == []
    assert [typed for typed in NOT_FOUND if finds(typed, her.record)] == []
    for typed in ("وزاني", "الوزاني يوسف", "Wazzani", "Ouazani Youcef", "elouazzani"):
        assert finds(typed, him.record) and not finds(typed, her.record), typed

    with clinic.flask.app_context(), work(SYSTEM) as repo:
        repo.unit.driver.run(f"delete from index_string where path = {path_code('Patient.name#words')}")
    assert not finds("بناني", her.record)
    result = clinic.flask.test_cli_runner().invoke(reindex_command)
    assert result.exit_code == 0, result.output
    assert finds("البناني", her.record) and finds("wazzani", him.record)
