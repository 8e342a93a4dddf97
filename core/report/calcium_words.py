"""A calcium reading in the words and rows of its report."""

from core.report.calcium_document import JsonObject

DASH = "\N{EN DASH}"


def results(document: JsonObject) -> list[tuple[str, str]]:
    """Label and value of what was found, in the order in which it should be read."""
    total = document["total"]
    unconfirmed = " (not confirmed)" if total["zero_needs_confirmation"] else ""
    agatston = f"{total['agatston']:.1f}{unconfirmed}"
    category = ("Agatston category", f"{total['category']}{unconfirmed}")
    drs = ("CAC-DRS", f"{total['cac_drs']}{unconfirmed}")
    if document["lead"]["first"] == "agatston":
        return [("Agatston score", agatston), category, drs, ("Volume", _volume(total))]
    grade = total["visual_grade"] or f"not given (points: {total['visual_grade_that_corresponds']})"
    return [
        category,
        ("Visual grade of the reader", grade),
        ("CAC-DRS", total["cac_drs_visual"] or total["cac_drs"]),
        ("Agatston estimate", agatston),
        ("Volume", _volume(total)),
    ]


def vessel_rows(document: JsonObject) -> list[tuple[str, ...]]:
    """One row a vessel, the total of the coronary ones after them."""
    rows = [_sums_row(name, sums) for name, sums in document["vessels"].items() if name != "other"]
    rows.append(_sums_row("Total", document["total"]))
    other = document["vessels"]["other"]
    if other["lesions"]:
        rows.append(_sums_row("other", other))
    return rows


def _sums_row(name: str, sums: JsonObject) -> tuple[str, ...]:
    return (
        name,
        str(sums["lesions"]),
        f"{sums['agatston']:.1f}",
        f"{sums['volume_mm3']:.1f}",
        f"{sums['root_volume']:.1f}",
        _or_dash(sums["mass_mg"], "{:.1f}"),
        _or_dash(sums["max_hu"], "{}"),
    )


def lesion_rows(document: JsonObject) -> list[tuple[str, ...]]:
    """One row a lesion; slices as readers count them, from the head."""
    count = document["series"]["slices"]
    rows: list[tuple[str, ...]] = []
    for lesion in document["lesions"]:
        slices = lesion["slices"]
        shown = DASH
        if slices is not None:
            first, last = count - slices[1], count - slices[0]
            shown = f"{first}" if first == last else f"{first}{DASH}{last}"
        patch = lesion["patch_at_click"]
        rows.append(
            (
                str(lesion["number"]),
                lesion["vessel"],
                f"{lesion['agatston']:.1f}",
                f"{lesion['volume_mm3']:.1f}",
                f"{lesion['area_mm2']:.1f}",
                _or_dash(lesion["max_hu"], "{}"),
                shown,
                DASH if patch is None else f"{patch['agatston']:.0f}",
                _marked(lesion),
            )
        )
    return rows


def growth_lines(document: JsonObject) -> list[str]:
    """Which lesions did not end by themselves."""
    return [
        f"No. {each['number']}: {each['growth']}." for each in document["lesions"] if each["growth"]
    ]


def _marked(lesion: JsonObject) -> str:
    """Who and when, as far as there is room."""
    when = lesion["at"][:16].replace("T", " ")
    return " · ".join(part for part in (lesion["by"][:12], when) if part)


def spread_line(document: JsonObject) -> str:
    """The interval of the total and the chance of another category."""
    spread = document["uncertainty"]
    if spread is None:
        return "not computed"
    if not document["total"]["lesions"]:
        return "No coronary lesion is marked: there is nothing to vary."
    low, high = spread["interval_95"]
    noise = spread["noise_hu"]
    moved = "noise not measured" if noise is None else f"noise of {noise:.0f} HU"
    phases = spread["scores_by_first_slice"]
    starts = f", first slice ({_listed(phases)})" if phases else ""
    which = f"Of {spread['of']}: " if phases else ""
    category = document["total"]["category"]
    return (
        f"{which}95 % of draws {low:.0f} to {high:.0f}, all {spread['least']:.0f} to "
        f"{spread['greatest']:.0f}; chance of another category "
        f"than {category}: "
        f"{100 * spread['chance_of_another_category']:.0f} %. Varied: threshold ({moved}), 8 or 4 "
        f"neighbours, least area by one pixel{starts}. The marks are not varied."
    )


def rule_line(document: JsonObject) -> str:
    """Every parameter of the rule."""
    rule = document["rule"]
    weights = "/".join(map(str, rule["cut_points_hu"]))
    pixels = f"{rule['least_area_pixels']} pixel{'s' if rule['least_area_pixels'] > 1 else ''}"
    return (
        f"{rule['name']}: HU {weights} and above weigh 1/2/3/4 by the maximum of each part of a "
        f"slice; {rule['connectivity_in_plane']} neighbours in plane; at least "
        f"{rule['least_area_mm2']:g} mm² ({pixels}); times increment "
        f"{rule['increment_mm']:.3g} mm / 3 mm; original slices, never resampled. "
        f"{document['mass'].capitalize()}."
    )


def averaged_line(document: JsonObject) -> str:
    """The score of thick averages beside that of the thin slices."""
    thick = document["averaged_to_3_mm"]
    thin = document["rule"]["increment_mm"]
    return (
        f"Agatston {thick['agatston']:.1f} (category {thick['category']}, "
        f"{thick['volume_mm3']:.0f} mm³) on averages of {thick['increment_mm']:.3g} mm, "
        f"{document['total']['agatston']:.1f} on the slices of {thin:.3g} mm; "
        f"{thick['lesions_found_again']} of {thick['lesions_marked']} lesions found again."
    )


def _volume(total: JsonObject) -> str:
    return f"{total['volume_mm3']:.0f} mm³"


def _or_dash(value: float | None, form: str) -> str:
    return DASH if value is None else form.format(value)


def _listed(scores: list[float]) -> str:
    return ", ".join(f"{score:.0f}" for score in scores)
