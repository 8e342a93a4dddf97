"""All calcified plaques of a person: coronary arteries, wall of the aorta, aortic valve."""

from core.phantom.coronary_calcium import coronary_plaques
from core.phantom.plaque import Plaque
from core.phantom.subject import Subject
from core.phantom.wall_calcium import aortic_plaques, valve_plaques


def plaques(subject: Subject) -> tuple[Plaque, ...]:
    """Plaques of a person, LPS mm in the patient; the same for the same subject.

    Coronary ones score together what the subject's diseases ask for, in a scan at 120 kV with the
    soft kernel; see `core.phantom.coronary_calcium`. The others have the volume that is asked for.
    """
    return coronary_plaques(subject) + aortic_plaques(subject) + valve_plaques(subject)
