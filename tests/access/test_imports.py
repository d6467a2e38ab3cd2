"""Establishments and accounts from CSV files: what is taken, what is refused and why."""

from pathlib import Path

import pytest
from flask import Flask

from app.access import accounts, csv_rows, facilities, passwords, staff, staff_import
from app.access.actor import SYSTEM
from app.errors import Invalid
from app.store import work

HEADING = "number,level,name_fr,name_ar,parent\n"
GOOD = (
    HEADING + "MIN,ministry,Ministère,الوزارة,\nMA-04,region,Rabat,الرباط,MIN\n4410,CSU-1,Hay Salam,حي السلام,MA-04\n"
)


def load(text: str, *, people: bool = False) -> csv_rows.Report:
    room = staff_import if people else facilities
    with work(SYSTEM) as repo:
        return room.import_rows(repo, csv_rows.read(text.encode(), room.COLUMNS, room.MORE_COLUMNS))


def told(report: csv_rows.Report) -> list[str]:
    return [str(refused) for refused in report.refused]


def test_establishments_are_made_and_a_second_run_changes_nothing(people: Flask) -> None:
    assert load(GOOD).created == ["MIN", "MA-04", "4410"]
    again = load(GOOD)
    assert (again.created, again.changed, again.refused) == ([], [], [])
    assert again.unchanged == ["MIN", "MA-04", "4410"]


def test_a_new_name_is_a_change_in_both_languages(people: Flask) -> None:
    load(GOOD)
    (changed,) = load(GOOD.replace("حي السلام", "حي الرحمة")).changed
    assert str(changed) == "line 4, 4410: name_ar: حي السلام → حي الرحمة"
    with work(SYSTEM) as repo:
        held = repo.first(f"Organization?identifier={facilities.NUMBER}|4410")
    assert facilities.names_of(held) == {"fr": "Hay Salam", "ar": "حي الرحمة"}


def test_the_order_of_the_lines_does_not_matter(people: Flask) -> None:
    heading, *lines = GOOD.splitlines()
    report = load("\n".join([heading, *reversed(lines)]))
    assert report.refused == [] and len(report.created) == 3


def test_what_is_refused_names_line_column_and_reason_and_the_rest_is_taken(people: Flask) -> None:
    report = load(
        GOOD
        + "4411,CSX,Nom,اسم,MA-04\n4412,CSU-1,,اسم,MA-04\n4413,CSU-1,Nom,اسم,999\n4410,CSU-1,Nom,اسم,MA-04\n"
        + "4414,region,Nom,اسم,4410\n"
    )
    assert report.created == ["MIN", "MA-04", "4410"]
    assert told(report) == [
        "line 5, level: there is no level CSX",
        "line 6, name_fr: fill in this column",
        "line 7, parent: there is no establishment 999",
        "line 8, number: the same number stands in line 4",
        "line 9, parent: region cannot stand under CSU-1",
    ]


def test_what_stands_under_a_refused_line_is_refused(people: Flask) -> None:
    report = load(HEADING + "MA-04,region,,الرباط,MIN\n4410,CSU-1,Hay Salam,حي السلام,MA-04\n")
    assert report.created == []
    assert "line 3, parent: there is no establishment MA-04" in told(report)


def test_a_ring_is_refused_and_ends(people: Flask) -> None:
    report = load(HEADING + "A,province,A,ا,B\nB,region,B,ب,A\n")
    assert report.created == [] and len(report.refused) == 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"number,level\n", "columns are missing: name_fr, name_ar, parent"),
        (HEADING.encode("utf-8").replace(b"parent", b"parent,colour"), "not known: colour"),
        ((HEADING + "1,CSU-1,Santé,x,MIN\n").encode("cp1252"), "UTF-8"),
        ((HEADING + "1,CSU-1,Santé,x,MIN\n").encode("utf-16-le"), "UTF-8"),
        ((HEADING + '1,CSU-1,"Sant').encode(), "quotation mark"),
        (b"x" * (csv_rows.LARGEST + 1), "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(body: bytes, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        csv_rows.read(body, facilities.COLUMNS, facilities.MORE_COLUMNS)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_encodings_of_spreadsheets_are_understood(separator: str, encoding: str) -> None:
    rows = csv_rows.read(GOOD.replace(",", separator).encode(encoding), facilities.COLUMNS)
    assert [row["name_ar"] for row in rows] == ["الوزارة", "الرباط", "حي السلام"]
    assert [row.line for row in rows] == [2, 3, 4]


def test_accounts_get_a_temporary_password_and_clinicians_a_practitioner(people: Flask) -> None:
    load(GOOD)
    report = load(
        "username,name,roles,establishment,inpe\nf.alaoui,Fatima Alaoui,physician,4410,123456789\n", people=True
    )
    (username, password), account = report.passwords[0], accounts.by_name("f.alaoui")
    assert account is not None and account.must_change and passwords.matches(account, password)
    with work(SYSTEM) as repo:
        practitioner = repo.read(account.practitioner)
        role = repo.first(f"PractitionerRole?practitioner={account.practitioner}")
    assert practitioner["identifier"][0]["value"] == "123456789"
    assert role["organization"]["reference"] == account.organization
    again = load("username,name,roles,establishment\nf.alaoui,Fatima Alaoui,physician,4410\n", people=True)
    assert (again.unchanged, again.changed, again.passwords) == ([username], [], [])


def test_a_name_in_both_scripts(people: Flask) -> None:
    load(GOOD)
    heading = "username,name,name_ar,roles,establishment\n"
    load(heading + "f.alaoui,Fatima Alaoui,فاطمة العلوي,physician,4410\n", people=True)
    account = accounts.by_name("f.alaoui")
    assert (account.named("fr"), account.named("ar")) == ("Fatima Alaoui", "فاطمة العلوي")
    with work(SYSTEM) as repo:
        latin, arabic = repo.read(account.practitioner)["name"]
    assert (latin["family"], latin["given"]) == ("Alaoui", ["Fatima"]) and "extension" not in latin
    assert (arabic["text"], arabic["extension"][0]["valueCode"]) == ("فاطمة العلوي", "ar")

    without = load("username,name,roles,establishment\nf.alaoui,Fatima Alaoui,physician,4410\n", people=True)
    assert without.unchanged == ["f.alaoui"]
    (changed,) = load(heading + "f.alaoui,Fatima Alaoui,فاطمة العلوية,physician,4410\n", people=True).changed
    assert str(changed) == "line 2, f.alaoui: name_ar: فاطمة العلوي → فاطمة العلوية"
    with work(SYSTEM) as repo:
        assert repo.read(account.practitioner)["name"][1]["text"] == "فاطمة العلوية"
    load("username,name,roles,establishment\nn.amrani,Nora Amrani,nurse,4410\n", people=True)
    assert accounts.by_name("n.amrani").named("ar") == "Nora Amrani", "one script is better than none"


def test_refused_accounts_say_why(people: Flask) -> None:
    load(GOOD)
    heading = "username;name;roles;establishment;email;language\n"
    lines = "a;A;nurse;4410;;\nbbb;B;king;4410;;\nccc;;nurse;4410;;\n"
    lines += "ddd;D;nurse;;;\neee;E;nurse;9;;\nfff;F;nurse;4410;x;en\n"
    assert told(load(heading + lines, people=True)) == [
        "line 2, username: use 3 to 80 small letters, digits, dots or hyphens",
        "line 3, roles: there is no role king",
        "line 4, name: enter the name",
        "line 5, establishment: this role needs an establishment",
        "line 6, establishment: there is no establishment 9",
        "line 7, email: this is not an e-mail address",
        "line 7, language: the language is fr or ar",
    ]


PEOPLE = "username,name,roles,establishment,email,language,inpe\n"
FATIMA = "f.alaoui,Fatima Alaoui,physician,4410,f@example.ma,fr,123456789\n"


def test_a_line_that_says_something_else_changes_the_account_and_says_what(people: Flask) -> None:
    load(GOOD + "4411,CSU-1,Hay Nahda,حي النهضة,MA-04\n")
    load(PEOPLE + FATIMA, people=True)
    password = accounts.by_name("f.alaoui").password
    report = load(PEOPLE + "F.Alaoui,Fatima Zahra Alaoui,nurse,4411,F2@example.ma,ar,\n", people=True)
    (changed,) = report.changed
    assert str(changed) == (
        "line 2, f.alaoui: name: Fatima Alaoui → Fatima Zahra Alaoui; roles: physician → nurse; "
        "establishment: 4410 → 4411; email: f@example.ma → f2@example.ma; language: fr → ar"
    )
    assert (report.created, report.unchanged, report.refused, report.passwords) == ([], [], [], [])
    account = accounts.by_name("f.alaoui")
    assert (account.role_names, account.language, account.password) == (("nurse",), "ar", password)
    with work(SYSTEM) as repo:
        person = repo.read(account.practitioner)
        offices = {one["organization"]["reference"]: one["active"] for one in repo.search_all("PractitionerRole")}
        first, second = (
            f"Organization/{repo.first(f'Organization?identifier={facilities.NUMBER}|{number}')['id']}"
            for number in ("4410", "4411")
        )
    assert staff.inpe_of(person) == "123456789" and person["name"][0]["text"] == "Fatima Zahra Alaoui"
    assert offices == {first: False, second: True} and account.organization == second


def test_a_professional_number_is_corrected_but_never_taken_from_another(people: Flask) -> None:
    load(GOOD)
    load(PEOPLE + FATIMA + "n.amrani,Nora Amrani,nurse,4410,,,987654321\n", people=True)
    report = load(
        PEOPLE + FATIMA.replace("123456789", "987654321") + "n.amrani,Nora Amrani,nurse,4410,,,555555555\n", people=True
    )
    assert told(report) == ["line 2, inpe: another professional has this number"]
    assert [str(one) for one in report.changed] == ["line 3, n.amrani: inpe: 987654321 → 555555555"]


def test_who_treats_nobody_has_no_professional_number(people: Flask) -> None:
    load(GOOD)
    load(PEOPLE + "m.rami,Mona Rami,facility-manager,4410,,,\n", people=True)
    report = load(PEOPLE + "m.rami,Mona Rami,facility-manager,4410,,,123456789\n", people=True)
    assert told(report) == ["line 2, inpe: this role has no professional number"]


def test_one_change_of_somebody_is_one_version_and_leaves_what_another_system_wrote(people: Flask) -> None:
    load(GOOD)
    load(PEOPLE + FATIMA, people=True)
    reference = accounts.by_name("f.alaoui").practitioner
    told_elsewhere = {"resourceType": "PractitionerRole", "practitioner": {"reference": reference}}
    with work(SYSTEM) as repo:
        repo.create(told_elsewhere | {"id": "text", "code": [{"text": "cardiologue"}]})
        repo.create(told_elsewhere | {"id": "coded", "code": [{"coding": [{"code": "394579002"}]}], "active": True})
    load(PEOPLE + FATIMA.replace("Fatima", "Zineb").replace("123456789", "555555555"), people=True)
    with work(SYSTEM) as repo:
        person = repo.read(reference)
        others = [repo.read(f"PractitionerRole/{id}") for id in ("text", "coded")]
    assert (person["meta"]["versionId"], staff.inpe_of(person)) == ("2", "555555555")
    assert person["name"][0]["given"] == ["Zineb"]
    assert [one.get("active", True) for one in others] == [True, True]


def test_a_changed_line_is_refused_for_the_reasons_that_a_new_one_is(people: Flask) -> None:
    load(GOOD)
    load(PEOPLE + FATIMA + "n.amrani,Nora Amrani,nurse,4410,n@example.ma,fr,\n", people=True)
    lines = "f.alaoui,,king,4410,n@example.ma,fr,\nf.alaoui,Fatima,nurse,4410,,,\nn.amrani,Nora,nurse,9,,,\n"
    report = load(PEOPLE + lines, people=True)
    assert told(report) == [
        "line 2, name: enter the name",
        "line 2, email: another account has this e-mail address",
        "line 2, roles: there is no role king",
        "line 3, username: the same user name stands in line 2",
        "line 4, establishment: there is no establishment 9",
    ]
    assert report.lines_refused == 3 and not report.acts
    assert accounts.by_name("f.alaoui").name == "Fatima Alaoui"


def test_an_empty_cell_that_is_not_needed_leaves_what_stands_there(people: Flask) -> None:
    heading = HEADING.rstrip() + ",phone,active\n"
    load(GOOD.replace(HEADING, heading).replace("MA-04\n", "MA-04,0537000000,no\n"))
    assert load(GOOD).unchanged == ["MIN", "MA-04", "4410"]
    (changed,) = load(GOOD.replace(HEADING, heading).replace(",MA-04\n", ",MIN,,yes\n").replace("CSU-1", "CHU")).changed
    assert str(changed) == "line 4, 4410: level: CSU-1 → CHU; parent: MA-04 → MIN; active: no → yes"


def test_a_rehearsal_says_the_same_and_does_nothing(people: Flask) -> None:
    load(GOOD)
    load(PEOPLE + FATIMA, people=True)
    text = PEOPLE + FATIMA.replace("Fatima", "Zineb") + "n.amrani,Nora Amrani,nurse,4410,,,\nx,X,nurse,4410,,,\n"
    rows = csv_rows.read(text.encode(), staff_import.COLUMNS, staff_import.MORE_COLUMNS)
    shown = csv_rows.rehearsed(lambda: work(SYSTEM), staff_import.import_rows, rows)
    assert accounts.by_name("f.alaoui").name == "Fatima Alaoui" and accounts.by_name("n.amrani") is None
    with work(SYSTEM) as repo:
        assert repo.count("Practitioner") == 1
    done = load(text, people=True)
    assert (shown.created, shown.changed, told(shown)) == (done.created, done.changed, told(done))
    assert shown.passwords == [] and [name for name, _ in done.passwords] == ["n.amrani"]


def test_the_command_rehearses_first(people: Flask, tmp_path: Path) -> None:
    from app.access.cli import access_cli

    people.cli.add_command(access_cli)
    load(GOOD)
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE + FATIMA + "x,X,nurse,4410,,,\n", "utf-8")
    run = people.test_cli_runner().invoke
    tried = run(args=["access", "account", "import", str(file), "--dry-run"])
    assert tried.exit_code == 1 and "1 to make, 0 to change, 0 as they are, 1 refused" in tried.output
    assert accounts.by_name("f.alaoui") is None
    done = run(args=["access", "account", "import", str(file)])
    assert "f.alaoui\t" in done.output and "1 made, 0 changed, 0 as they were, 1 refused" in done.output
    file.write_text(PEOPLE + FATIMA.replace("Fatima Alaoui", "Fatima Idrissi"), "utf-8")
    changed = run(args=["access", "account", "import", str(file)])
    assert changed.exit_code == 0
    assert "line 2, f.alaoui: name: Fatima Alaoui → Fatima Idrissi" in changed.output
    assert "Nothing is changed" in run(args=["access", "account", "import", str(file)]).output


def test_the_commands_import_and_report(people: Flask, tmp_path: Path) -> None:
    from app.access.cli import access_cli

    people.cli.add_command(access_cli)
    run = people.test_cli_runner().invoke
    file = tmp_path / "tree.csv"
    file.write_text(GOOD + "4411,CSX,Nom,اسم,MA-04\n", "utf-8")
    done = run(args=["access", "facilities", "import", str(file)])
    assert done.exit_code == 1 and "line 5, level: there is no level CSX" in done.output
    make = ["access", "account", "create", "nurse1", "--name", "Nora", "--role", "nurse", "--establishment", "4410"]
    assert run(args=make).output.startswith("nurse1\t")
    assert "is taken" in run(args=make).output
    assert "nurse1\tNora\tnurse\tOrganization/" in run(args=["access", "account", "list"]).output
    password = run(args=["access", "account", "reset", "nurse1"]).output.split()[1]
    assert passwords.matches(accounts.by_name("nurse1"), password)
    assert run(args=["access", "account", "reset", "nobody"]).exit_code == 1
