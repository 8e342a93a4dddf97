"""What ties a de-identified export to its source: one secret, from which everything new is made."""

import hashlib
import hmac
import secrets
import uuid
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import date, timedelta

SECRET_BYTES = 32
SHORTEST_SECRET_BYTES = 16
SHORTEST_SHIFT_DAYS = 100
SHIFT_RANGE_DAYS = 3650
"""Dates move back by 100 to 3,749 days: never by nothing, never by so much that scanners vanish."""

STANDARD_UID_ROOT = "1.2.840.10008."


@dataclass(frozen=True)
class DeidentificationKey:
    """Replaces identities: the same secret gives the same UIDs, pseudonyms and shifts, always.

    Without the secret nobody can tell which original belongs to a replacement. Whoever keeps it
    can, by trying originals; an export that nobody needs to continue uses `fresh`.

    Args:
        secret: At least 16 bytes that nobody can guess.

    Raises:
        ValueError: A shorter secret.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < SHORTEST_SECRET_BYTES:
            raise ValueError(f"a secret of at least {SHORTEST_SECRET_BYTES} bytes is needed")

    @classmethod
    def fresh(cls) -> "DeidentificationKey":
        """A random key: UIDs stay consistent within one export and are new in the next."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    def uid(self, original: str) -> str:
        """Replacement of a UID; UIDs that the standard itself defines stay as they are.

        Source: DICOM PS3.5 B.2, a UID made from a UUID under the root 2.25; the UUID is one of
        version 8 (RFC 9562) from HMAC-SHA256 of the original.
        """
        if original.startswith(STANDARD_UID_ROOT):
            return original
        number = int.from_bytes(self._digest("uid", original)[:16], "big")
        number &= ~((0xF << 76) | (0x3 << 62))
        number |= (0x8 << 76) | (0x2 << 62)
        return f"2.25.{uuid.UUID(int=number).int}"

    def pseudonym(self, identity: str) -> str:
        """Name of a patient in the export, such as P-K3ZQ5XWA; 40 bits.

        Args:
            identity: What tells this patient from others in the source.
        """
        return f"P-{b32encode(self._digest('patient', identity)[:5]).decode()}"

    def shifted(self, day: date, identity: str) -> date:
        """The date moved back by this patient's number of days: intervals stay true.

        Raises:
            OverflowError: There is no such date.
        """
        number = int.from_bytes(self._digest("dates", identity)[:8], "big")
        return day - timedelta(days=SHORTEST_SHIFT_DAYS + number % SHIFT_RANGE_DAYS)

    def _digest(self, purpose: str, original: str) -> bytes:
        message = f"{purpose}:{original}".encode("utf-8", "surrogateescape")
        return hmac.new(self.secret, message, hashlib.sha256).digest()
