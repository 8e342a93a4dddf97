"""HTJ2K: a lossless stream, made once by OpenJPH from the formula below, comes back bit for bit."""

import base64

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate

from core.data.read_series import read
from core.data.series_index import index
from core.geometry import VolumeGeometry
from tests.phantoms import STORAGE_ORDERS, write_series

# imagecodecs 2026.3.6: htj2k_encode(stored, reversible=True)
STREAM = base64.b64decode(
    b"/0//UQApQAAAAAAoAAAAMAAAAAAAAAAAAAAAKAAAADAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUE"
    b"BEAB/1wAEyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAOUAAf+TwAAr"
    b"AC8ARfZb/XHzAsM0AMAAEsAAEwC7AEt0ANPpACI0AMAAE8AAFUDb/gEjQnUAoooq6sBCAf62AMAAFZAABXBiURSL"
    b"4tgv1+CLdwBQoaCgoP70DEYxgey4AMAAFpQAAWsAEEIIIYQQQvjv+np6enpwAnoApCQSiUQikUik/1AEPYhAe/Yh"
    b"Aey9AMAALdgABdOARERERERERERERERE/H/Ap6enp6enp6enp6fCcQFIBEEQBEEQBEEQBEEQBEH+/32QEIHv2EIH"
    b"v2EIHv2EIHv2EIHstwH/2Q=="
)
ROWS, COLUMNS = np.mgrid[:48, :40]
STORED = (ROWS * 37 + COLUMNS * 11) % 4096


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202"])
def test_high_throughput_jpeg_2000_is_read_bit_for_bit(tmp_path, syntax):
    axes = STORAGE_ORDERS["axial to the head"]
    geometry = VolumeGeometry.from_axes((4, 48, 40), (0, 0, 0), axes, (2, 1, 1), "1.2.9")
    for path in write_series(tmp_path, np.zeros((4, 48, 40), np.int16), geometry):
        dataset = pydicom.dcmread(path)
        dataset.PixelData = encapsulate([STREAM])
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path)
    volume = read(index(tmp_path).series[0])
    for hu in volume.hu:
        assert np.array_equal(hu, STORED - 1024)
