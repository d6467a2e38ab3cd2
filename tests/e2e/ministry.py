"""The Ministry's part of the road: a new version is written, reviewed, approved and released."""

from __future__ import annotations

from tests.e2e.visitor import House, Visitor

PROTOCOL = "hypertension-protocol"
ADDED = {"fr": "Mesurer des deux côtés à la première visite.", "ar": "يقاس الضغط في الذراعين في أول زيارة."}


def release_a_new_version(house: House) -> None:
    """An editor drafts 1.1.0 and edits a text in both languages; an approver approves and releases it today."""
    editor = house.visitor("redaction")
    editor.look("releases")
    workspace = _draft(editor)
    _edit(editor, workspace)
    _submit(editor, workspace)
    editor.leave()
    _approve_and_release(house.visitor("approbation"), workspace)


def _draft(editor: Visitor) -> str:
    """Begin 1.1.0; the address of its workspace."""
    in_force = editor.main.locator(f"a[href*='/releases/'][href*='{PROTOCOL}']:not([href$='draft'])").last
    editor.follow(in_force)
    editor.look("workspace-in-force")
    editor.press("Begin a new version")
    editor.choose("version", "1.1.0")
    editor.look("draft")
    editor.send()
    editor.shows("The draft is ready: change what has to change, then submit it.")
    editor.reads("1.1.0")
    editor.look("workspace-draft")
    return editor.path


def _edit(editor: Visitor, workspace: str) -> None:
    """Add a sentence to a description of the treatment plan, in French and in Arabic."""
    editor.follow(editor.main.locator("a[href*='/artefacts/PlanDefinition/']").first)
    for language, sentence in ADDED.items():
        box = editor.main.locator(f"textarea[lang={language}]").first
        box.fill(f"{box.input_value().rstrip()} {sentence}")
    editor.look("edit")
    editor.send()
    editor.shows("Saved")
    for language, sentence in ADDED.items():
        assert sentence in editor.main.locator(f"textarea[lang={language}]").first.input_value()
    editor.go(f"{workspace}/changes")
    editor.reads(ADDED[editor.language])
    editor.look("changes")


def _submit(editor: Visitor, workspace: str) -> None:
    editor.go(workspace)
    editor.press("Submit for review")
    editor.look("submit")
    editor.send()
    editor.shows("The version is in review.")


def _approve_and_release(approver: Visitor, workspace: str) -> None:
    """Whoever did not write it approves and releases it; the predecessor is retired in the same moment."""
    approver.look("releases-waiting")
    approver.go(workspace)
    approver.press("Approve")
    approver.look("approve")
    approver.send()
    approver.shows("The version is approved.")
    approver.press("Release")
    approver.look("release")
    approver.send()
    approver.shows("in force")
    approver.reads("1.1.0")
    approver.look("workspace-released")
    approver.go("/protocols")
    approver.reads("1.1.0")
    approver.look("protocols")
    approver.go(f"/protocols/{PROTOCOL}")
    approver.look("protocol")
    approver.leave()
