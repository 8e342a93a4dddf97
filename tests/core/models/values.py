"""Clinical values that Model E accepts."""

CLINICAL = {
    "age_years": 65,
    "male": 1,
    "pack_years": 40,
    "current_smoker": 0,
    "years_since_quitting": 5,
    "body_mass_index": 27,
    "copd_or_emphysema": 1,
    "heart_disease": 0,
    "hypertension": 1,
    "diabetes": 0,
    "stroke": 0,
}
