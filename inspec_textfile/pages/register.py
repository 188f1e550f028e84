"""What people decided about controls: waivers and attestations, at each control and as a register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from inspec_textfile.pages import links
from inspec_textfile.pages.layout import prose
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.times import day, moment
from inspec_textfile.report.model import Attestation, Control, Profile, Waiver
from inspec_textfile.words import STATUS_NAMES, count, date_text

_Row = tuple[Profile, Control]


def _fact(name: str, value: object) -> Markup:
    return html("<div><dt>{}</dt><dd>{}</dd></div>", name, value)


def waiver_box(waiver: Waiver) -> Markup:
    """Return a waiver as it stands at its control."""
    rows = []
    if waiver.expired:
        state, css = "Waiver expired: judged as if there were none", "wv expired"
    else:
        state, css = "Waiver in force", "wv"
    if waiver.expires_text:
        rows.append(_fact("Expired" if waiver.expired else "Expires", _waived_until(waiver)))
    elif not waiver.expired:
        rows.append(_fact("Expires", "never: no date is set"))
    if waiver.run is not None:
        rows.append(_fact("Tests", _ran(waiver)))
    if waiver.message:
        rows.append(_fact("InSpec", waiver.message))
    rows.extend(_fact(key, value) for key, value in waiver.extra if value)
    why = prose(waiver.justification) if waiver.justification.strip() else html("<p>No justification was given.</p>")
    return html('<div class="{}"><h4>{}</h4><div class="md">{}</div><dl>{}</dl></div>', css, state, why, join(rows))


def _waived_until(waiver: Waiver) -> Markup:
    """Return when a waiver ends; a date without a time stays that date, wherever the run was."""
    if not waiver.expires_text:
        return html("no expiry date")
    if waiver.expires is None:
        return _unreadable(waiver.expires_text)
    if waiver.expires_day:
        return html('<time datetime="{}" class="exp">{}</time>', waiver.expires_day, date_text(waiver.expires_day))
    return moment(waiver.expires, "exp")


def _ran(waiver: Waiver) -> str:
    if waiver.run is None:
        return "unknown"
    if waiver.expired:
        return "run, as the waiver has expired"
    return "run anyway" if waiver.run else "not run while the waiver is in force"


def _unreadable(text: str) -> Markup:
    return html('{} <span class="soon">(this date cannot be read)</span>', text)


def attestation_box(attestation: Attestation) -> Markup:
    """Return an attestation as it stands at its control."""
    state = "Attestation expired: it no longer counts" if attestation.expired else f"Attested by a person: {attestation.status}"
    told = (("By", attestation.updated_by), ("Attested on", attestation.updated), ("Valid for", attestation.frequency))
    rows = [_fact(name, value) for name, value in told if value.strip()]
    rows.append(_fact("Expired" if attestation.expired else "Expires", _attested_until(attestation)))
    rows.extend(_fact(key, value) for key, value in attestation.extra if value)
    why = prose(attestation.explanation) if attestation.explanation.strip() else html("<p>{}</p>", _no_explanation(attestation))
    css = "wv expired" if attestation.expired else "wv"
    return html('<div class="{}"><h4>{}</h4><div class="md">{}</div><dl>{}</dl></div>', css, state, why, join(rows))


def _no_explanation(attestation: Attestation) -> str:
    """Return what to say of an attestation without an explanation: another writer may have it under a name of its own."""
    return "See what else was noted." if any(value for _, value in attestation.extra) else "No explanation was given."


def _attested_until(attestation: Attestation) -> Markup:
    if attestation.expires_day:
        return html('<time datetime="{}" class="exp">{}</time>', attestation.expires_day, date_text(attestation.expires_day))
    if attestation.expires is not None:
        return moment(attestation.expires, "exp")
    unreadable = f"{attestation.updated}, {attestation.frequency}"
    return _unreadable(unreadable) if attestation.unreadable_date else html("no expiry date")


class _Decision(NamedTuple):
    """A line of the register."""

    profile: Profile
    control: Control
    decision: str
    expired: bool
    why: str
    noted: Iterable[tuple[str, str]]
    until: Markup
    ran: str


def register_section(controls: Sequence[_Row]) -> Markup:
    """Return the register of waivers and attestations; nothing for a report without any."""
    waived = [_waiver_row(profile, control, one) for profile, control in controls for one in [control.entry.waiver] if one]
    attested = [
        _attestation_row(profile, control, one) for profile, control in controls for one in [control.entry.attestation] if one
    ]
    rows = waived + attested
    if not rows:
        return NOTHING
    counts = [count(len(waived), "waiver")] * bool(waived) + [count(len(attested), "attestation")] * bool(attested)
    noted = any(_noted(row) for row in rows)
    heads = ("Control", "Decision", "Status", "Reason", *(["Who, and what else was noted"] if noted else []), "Until", "Tests")
    return html(
        '<section class="about" id="register" aria-labelledby="h-register"><h2 id="h-register">Waivers and attestations '
        '<small>{}</small></h2><table class="reg"><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></section>\n',
        ", ".join(counts),
        join([html('<th scope="col">{}</th>', head) for head in heads]),
        join([_line(row, noted=noted) for row in rows]),
    )


def _attestation_row(profile: Profile, control: Control, attestation: Attestation) -> _Decision:
    return _Decision(
        profile,
        control,
        "Attestation, expired" if attestation.expired else f"Attestation: {attestation.status}",
        attestation.expired,
        attestation.explanation.strip() or _no_explanation(attestation),
        (
            ("by", attestation.updated_by),
            ("attested on", attestation.updated),
            ("valid for", attestation.frequency),
            *attestation.extra,
        ),
        day(attestation.expires) if attestation.expires and not attestation.expires_day else _attested_until(attestation),
        "judged by a person",
    )


def _waiver_row(profile: Profile, control: Control, waiver: Waiver) -> _Decision:
    return _Decision(
        profile,
        control,
        "Waiver, expired" if waiver.expired else "Waiver",
        waiver.expired,
        waiver.justification.strip() or "No justification was given.",
        waiver.extra,
        _waived_until(waiver),
        _ran(waiver),
    )


def _noted(row: _Decision) -> str:
    return "; ".join(f"{key}: {value}" for key, value in row.noted if value)


def _line(row: _Decision, *, noted: bool) -> Markup:
    return html(
        '<tr><th scope="row"><a href="#{}"><code>{}</code></a></th><td{}>{}</td><td><span class="i {}">{}</span></td>'
        '<td>{}</td>{}<td data-l="Until">{}</td><td data-l="Tests">{}</td></tr>\n',
        links.anchor(row.profile.name, row.control.id),
        row.control.id,
        html(' class="failed"') if row.expired else NOTHING,
        row.decision,
        row.control.status,
        STATUS_NAMES[row.control.status],
        row.why,
        html("<td>{}</td>", _noted(row)) if noted else NOTHING,
        row.until,
        row.ran,
    )
