"""Cohort tables for tests: what a row holds unless a test says otherwise."""

from core.data.cohort import Cohort, CohortRow, read_cohort

COLUMNS = ("patient_id", "scan", "event", "time_years", "cause")


def write_table(folder, rows, *, columns=COLUMNS):
    """Write rows (dicts) as cohort.csv; absent cells are empty."""
    lines = [",".join(columns)]
    lines += [",".join(str(row.get(name, "")) for name in columns) for row in rows]
    path = folder / "cohort.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def person(number, cause="", **cells):
    """Cells of a patient, alive unless a cause of death is given."""
    return {
        "patient_id": f"QX77PLANTED{number:04d}",
        "scan": f"scans/{number:04d}.nii",
        "event": int(bool(cause)),
        "time_years": 2.0 if cause else 6.5,
        "cause": cause,
        **cells,
    }


def cohort_of(deaths, alive, *, lung_cancer=0, other=0, folder=None):
    """A cohort with so many deaths of the endpoint (both causes in turn), living, and others."""
    causes = [("I25.1", "J44")[number % 2] for number in range(deaths)]
    causes += [""] * alive + ["C34.1"] * lung_cancer + ["K70"] * other
    rows = tuple(
        CohortRow(f"p{number:04d}", folder or None, bool(cause), 2.0 if cause else 6.5, cause, {})
        for number, cause in enumerate(causes)
    )
    return Cohort(rows, ())


def read_rows(folder, rows, *, columns=COLUMNS):
    """The cohort that a table of these rows gives."""
    return read_cohort(write_table(folder, rows, columns=columns))
