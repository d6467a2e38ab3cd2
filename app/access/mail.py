"""Sending e-mail: into a folder as ``.eml`` files by default, by SMTP where MAIL_URL is set.

MAIL_URL: ``smtp://user:password@host:587?from=maslak@sante.gov.ma`` (STARTTLS) or ``smtps://…:465``.
"""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app

from app.ids import new_id

TIMEOUT_SECONDS = 15
SENDER = "Maslak <noreply@maslak.ma>"


def send(*, to: str, subject: str, text: str, language: str) -> None:
    """Send one message. Raises OSError or smtplib.SMTPException when the mail server does not take it."""
    url = current_app.config.get("MAIL_URL")
    message = EmailMessage()
    message["To"], message["Subject"] = to, subject
    message["From"] = parse_qs(urlsplit(url).query).get("from", [SENDER])[0] if url else SENDER
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="maslak.ma")
    message["Content-Language"] = language
    message.set_content(text)
    _by_smtp(url, message) if url else _into_folder(Path(current_app.config["MAIL_FOLDER"]), message)


def _into_folder(folder: Path, message: EmailMessage) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{new_id()}.eml").write_bytes(message.as_bytes())


def _by_smtp(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    secure = parts.scheme == "smtps"
    kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
    with kind(parts.hostname or "localhost", parts.port or (465 if secure else 587), timeout=TIMEOUT_SECONDS) as server:
        server.ehlo()
        if not secure and server.has_extn("starttls"):
            server.starttls()
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
