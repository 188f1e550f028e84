"""What people decided about controls: waivers and attestations, at each control and as a register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inspec_textfile.pages import links
from inspec_textfile.pages.layout import prose
from inspec_textfile.pages.markup import NOTHING, Markup, html, join
from inspec_textfile.pages.times import day, moment
from inspec_textfile.pages.words import STATUS_NAMES, count
from inspec_textfile.report.model import Attestation, Control, Profile, Waiver

_Row = tuple[Profile, Control]


def waiver_box(waiver: Waiver) -> Markup:
    """Return a waiver as it stands at its control."""
    rows = []
    if waiver.expired:
        state, css = "Waiver expired: judged as if there were none", "wv expired"
    else:
        state, css = "Waiver in force", "wv"
    if waiver.expires_text:
        is_known = waiver.expires is not None
        when = moment(waiver.expires, "exp", waiver.expires_day) if is_known else _unreadable(waiver.expires_text)
        rows.append(html("<dt>{}</dt><dd>{}</dd>", "Expired" if waiver.expired else "Expires", when))
    elif not waiver.expired:
        rows.append(html("<dt>Expires</dt><dd>never: no date is set</dd>"))
    if waiver.run is not None:
        rows.append(html("<dt>Tests</dt><dd>{}</dd>", _ran(waiver)))
    if waiver.message:
        rows.append(html("<dt>InSpec</dt><dd>{}</dd>", waiver.message))
    rows.extend(html("<dt>{}</dt><dd>{}</dd>", key, value) for key, value in waiver.extra if value)
    why = prose(waiver.justification) if waiver.justification.strip() else html("<p>No justification was given.</p>")
    return html('<div class="{}"><h4>{}</h4><div class="md">{}</div><dl>{}</dl></div>', css, state, why, join(rows))


def _ran(waiver: Waiver) -> str:
    if waiver.run is None:
        return "not said"
    if waiver.expired:
        return "run, as the waiver has expired"
    return "run anyway" if waiver.run else "not run while the waiver is in force"


def _unreadable(text: str) -> Markup:
    return html('{} <span class="soon">(this date cannot be read)</span>', text)


def attestation_box(attestation: Attestation) -> Markup:
    """Return an attestation as it stands at its control."""
    state = "Attestation expired: it no longer counts" if attestation.expired else f"Attested by a person: {attestation.status}"
    told = (("By", attestation.updated_by), ("Attested on", attestation.updated), ("Valid for", attestation.frequency))
    rows = [html("<dt>{}</dt><dd>{}</dd>", name, value) for name, value in told if value.strip()]
    rows.append(html("<dt>{}</dt><dd>{}</dd>", "Expired" if attestation.expired else "Expires", _attested_until(attestation)))
    rows.extend(html("<dt>{}</dt><dd>{}</dd>", key, value) for key, value in attestation.extra if value)
    why = prose(attestation.explanation) if attestation.explanation.strip() else html("<p>No explanation was given.</p>")
    css = "wv expired" if attestation.expired else "wv"
    return html('<div class="{}"><h4>{}</h4><div class="md">{}</div><dl>{}</dl></div>', css, state, why, join(rows))


def _attested_until(attestation: Attestation) -> Markup:
    if attestation.expires is not None:
        return moment(attestation.expires, "exp")
    unreadable = f"{attestation.updated}, {attestation.frequency}"
    return _unreadable(unreadable) if attestation.unreadable_date else html("no expiry date")


def register_section(controls: Sequence[_Row]) -> Markup:
    """Return the register of waivers and attestations; nothing for a report without any."""
    waived = [(profile, control, control.entry.waiver) for profile, control in controls if control.entry.waiver]
    attested = [(profile, control, control.entry.attestation) for profile, control in controls if control.entry.attestation]
    if not waived and not attested:
        return NOTHING
    rows = [_waiver_row(profile, control, waiver) for profile, control, waiver in waived if waiver]
    rows += [_attestation_row(profile, control, attestation) for profile, control, attestation in attested if attestation]
    return html(
        '<section class="about" id="register" aria-labelledby="h-register"><h2 id="h-register">Waivers and attestations</h2>'
        '<table class="reg"><caption>{}, {}</caption><thead><tr><th scope="col">Control</th><th scope="col">Decision</th>'
        '<th scope="col">Status</th><th scope="col">Reason</th><th scope="col">Who, and what else was noted</th>'
        '<th scope="col">Until</th><th scope="col">Tests</th></tr></thead><tbody>\n{}</tbody></table></section>\n',
        count(len(waived), "waiver"),
        count(len(attested), "attestation"),
        join(rows),
    )


def _attestation_row(profile: Profile, control: Control, attestation: Attestation) -> Markup:
    return _row(
        profile,
        control,
        "Attestation, expired" if attestation.expired else f"Attestation: {attestation.status}",
        attestation.explanation.strip() or "No explanation was given.",
        (
            ("by", attestation.updated_by),
            ("attested on", attestation.updated),
            ("valid for", attestation.frequency),
            *attestation.extra,
        ),
        day(attestation.expires) if attestation.expires is not None else _attested_until(attestation),
        "judged by a person",
    )


def _waiver_row(profile: Profile, control: Control, waiver: Waiver) -> Markup:
    if waiver.expires is not None:
        until = day(waiver.expires, waiver.expires_day)
    else:
        until = _unreadable(waiver.expires_text) if waiver.expires_text else html("no expiry date")
    return _row(
        profile,
        control,
        "Waiver, expired" if waiver.expired else "Waiver",
        waiver.justification.strip() or "No justification was given.",
        waiver.extra,
        until,
        _ran(waiver),
    )


def _row(
    profile: Profile,
    control: Control,
    decision: str,
    why: str,
    extra: Iterable[tuple[str, str]],
    until: Markup,
    ran: str,
) -> Markup:
    return html(
        '<tr><th scope="row" class="any"><a href="#{}">{}</a></th><td data-l="Decision">{}</td>'
        '<td data-l="Status" class="{}">{}</td><td data-l="Reason" class="any">{}</td><td data-l="Who" class="any">{}</td>'
        '<td data-l="Until">{}</td><td data-l="Tests">{}</td></tr>\n',
        links.anchor(profile.name, control.id),
        control.id,
        decision,
        control.status,
        STATUS_NAMES[control.status],
        why,
        "; ".join(f"{key}: {value}" for key, value in extra if value),
        until,
        ran,
    )
