"""What the fuzzer starts from: small valid files of every kind that the intake reads.

Each seed is a folder of good files of which one is mutated, so that a mutant which still looks like
a slice is read together with its neighbours.
"""

import gzip
import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import gdcm
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from core.data.nifti import write_nifti
from core.geometry import VolumeGeometry
from tests.corpus_archives import write_directory
from tests.corpus_objects import enhanced_ct
from tests.phantoms import STORAGE_ORDERS, write_series

AXIAL = STORAGE_ORDERS["axial to the head"]
SHAPE = (4, 32, 40)
GEOMETRY = VolumeGeometry.from_axes(SHAPE, (1, 2, 3), AXIAL, (2.5, 0.7, 0.8), "1.2.9")
PLANTED_NAME = "Zzyzx^Planted"
MUTATED_SLICE = 2


def _as_it_is(content: bytes) -> bytes:
    return content


@dataclass(frozen=True)
class Seed:
    """A folder with one file to mutate.

    Attributes:
        name: What a fault's recipe says.
        content: What is mutated, before `pack`.
        file_name: Where it is written.
        neighbours: The other files.
        pack: From the mutated bytes to the file: compression, an archive.
        is_dicom: Elements can be aimed at.
    """

    name: str
    content: bytes = field(repr=False)
    file_name: str = "mutant.dcm"
    neighbours: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    pack: Callable[[bytes], bytes] = _as_it_is
    is_dicom: bool = True


def all_seeds(scratch: Path, real: Path | None) -> dict[str, Seed]:
    """Every seed by its name.

    Args:
        scratch: An empty folder to write series into.
        real: Folder of the real scans, None to go without them.
    """
    seeds = [*_series_seeds(scratch), *_odd_dicom_seeds(scratch), *_volume_file_seeds()]
    seeds += _archive_seeds(scratch)
    if real is not None:
        seeds += _real_seeds(real)
    return {seed.name: seed for seed in seeds}


def values_hu() -> np.ndarray:
    """A smooth picture with an edge, so that every codec has something to do."""
    k, r, c = np.indices(SHAPE)
    hu = 40 * np.sin(r / 3) * np.cos(c / 4) + 10 * k - 800 * ((r - 16) ** 2 + (c - 20) ** 2 > 90)
    return np.rint(hu).astype(np.int16)


def _written(folder: Path, **options: object) -> list[bytes]:
    paths = write_series(
        folder, values_hu(), GEOMETRY, shuffle_names=False, PatientName=PLANTED_NAME, **options
    )
    return [path.read_bytes() for path in paths]


def _among_neighbours(name: str, slices: list[bytes], **fields: object) -> Seed:
    neighbours = {f"n{k}": each for k, each in enumerate(slices) if k != MUTATED_SLICE}
    return Seed(name, slices[MUTATED_SLICE], neighbours=neighbours, **fields)


def _series_seeds(scratch: Path) -> list[Seed]:
    plain = {
        "explicit": ExplicitVRLittleEndian,
        "implicit": ImplicitVRLittleEndian,
        "big endian": ExplicitVRBigEndian,
        "deflated": DeflatedExplicitVRLittleEndian,
    }
    seeds = [
        _among_neighbours(name, _written(scratch / name, transfer_syntax=syntax))
        for name, syntax in plain.items()
    ]
    seeds.append(
        _among_neighbours(
            "signed 12 of 16 bits",
            _written(scratch / "signed", signed=True, bits_stored=13, intercept=0, slope=0.5),
        )
    )
    for name, syntax in (("RLE", RLELossless), ("JPEG 2000", JPEG2000Lossless)):
        slices = [_compressed(each, syntax) for each in _written(scratch / name)]
        seeds.append(_among_neighbours(name, slices))
    seeds += [jpeg_ls_seed(scratch), *jpeg_seeds(scratch)]
    return [*seeds, _inside_deflated(next(seed for seed in seeds if seed.name == "deflated"))]


def _compressed(content: bytes, syntax: str) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(content))
    dataset.compress(syntax, generate_instance_uid=False)
    return as_bytes(dataset)


def jpeg_ls_seed(scratch: Path) -> Seed:
    """Slices of JPEG-LS."""
    slices = [_compressed(each, JPEGLSLossless) for each in _written(scratch / "JPEG-LS")]
    return _among_neighbours("JPEG-LS", slices)


def jpeg_seeds(scratch: Path) -> list[Seed]:
    """Slices of every other JPEG that can be written here, and of floating point values."""
    slices = _written(scratch / "jpeg", bits_stored=12)
    seeds = [
        _among_neighbours(name, [_gdcm_compressed(each, name, scratch) for each in slices])
        for name in ("JPEGLosslessProcess14_1", "JPEGLosslessProcess14", "JPEGExtendedProcess2_4")
    ]
    baseline = [_baseline(each) for each in slices]
    floating = [_floating(each) for each in slices]
    return [
        *seeds,
        _among_neighbours("JPEG baseline", baseline),
        _among_neighbours("floating point", floating),
    ]


def _gdcm_compressed(content: bytes, syntax: str, scratch: Path) -> bytes:
    source = scratch / "gdcm source"
    source.write_bytes(content)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetFileName(str(source))
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return source.read_bytes()


def _baseline(content: bytes) -> bytes:
    """Eight bits, as lossy archives keep them."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    picture = io.BytesIO()
    Image.fromarray((dataset.pixel_array >> 4).astype(np.uint8)).save(picture, "jpeg")
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.RescaleSlope = 16
    dataset.add_new("PixelData", "OB", encapsulate([picture.getvalue()]))
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    return as_bytes(dataset)


def _floating(content: bytes) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(content))
    dataset.FloatPixelData = dataset.pixel_array.astype("<f4").tobytes()
    dataset.BitsAllocated = 32
    for keyword in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    return as_bytes(dataset)


def as_bytes(dataset: Dataset) -> bytes:
    """A data set as the bytes of its file."""
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _inside_deflated(seed: Seed) -> Seed:
    """The same with mutations of what was deflated; the file meta group stays."""
    meta_length = struct.unpack("<L", seed.content[140:144])[0]
    start = 144 + meta_length
    meta, packed = seed.content[:start], seed.content[start:]

    def pack(content: bytes) -> bytes:
        deflater = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
        return meta + deflater.compress(content) + deflater.flush()

    inner = zlib.decompress(packed, -zlib.MAX_WBITS)
    return Seed("inside deflated", inner, neighbours=seed.neighbours, pack=pack, is_dicom=False)


def _odd_dicom_seeds(scratch: Path) -> list[Seed]:
    """Enhanced CT, a header full of sequences, private groups and tables, a directory."""
    enhanced = as_bytes(enhanced_ct(values_hu(), GEOMETRY))
    slices = [_enriched(each) for each in _written(scratch / "rich")]
    preamble_free = [each[132:] for each in _written(scratch / "bare")]
    return [
        Seed("enhanced", enhanced),
        _among_neighbours("rich header", slices),
        _among_neighbours("without preamble", preamble_free),
        Seed("DICOMDIR", _directory(scratch / "directory"), file_name="DICOMDIR",
             neighbours={f"n{k}": each for k, each in enumerate(_written(scratch / "listed"))}),
    ]  # fmt: skip


def _enriched(content: bytes) -> bytes:
    """With nested sequences, private elements, padding, overlay and a modality LUT."""
    dataset = pydicom.dcmread(io.BytesIO(content))
    item, inner = Dataset(), Dataset()
    inner.CodeValue, inner.CodeMeaning = "1", "something"
    item.ProcedureCodeSequence = [inner, Dataset()]
    item.PatientName = PLANTED_NAME
    dataset.RequestAttributesSequence = [item, item]
    dataset["RequestAttributesSequence"].is_undefined_length = True
    dataset.add_new(0x00091001, "LO", "a private value")
    dataset.add_new(0x00091002, "UN", b"\x00\x01\x02\x03")
    dataset.add_new("PixelPaddingValue", "US", 0)
    dataset.add_new("PixelPaddingRangeLimit", "US", 10)
    dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1500]
    dataset.add_new(0x60000010, "US", 4)
    dataset.add_new(0x60003000, "OW", bytes(16))
    table = Dataset()
    table.ModalityLUTType = "HU"
    table.add_new("LUTDescriptor", "US", [4, 0, 16])
    table.add_new("LUTData", "US", [0, 1, 2, 3])
    dataset.ModalityLUTSequence = [table]
    dataset.ConvolutionKernel, dataset.AcquisitionNumber = ["B30f", "2"], 1
    dataset.ContentTime, dataset.AcquisitionTime = "101112.5", "101112"
    return as_bytes(dataset)


def _directory(folder: Path) -> bytes:
    _written(folder / "source")
    write_directory(folder / "set", sorted((folder / "source").iterdir()))
    return (folder / "set" / "DICOMDIR").read_bytes()


def nifti_bytes() -> bytes:
    """A NIfTI file of `values_hu`, not compressed."""
    with tempfile.TemporaryDirectory() as scratch:
        packed = Path(scratch) / "volume.nii.gz"
        write_nifti(packed, values_hu(), GEOMETRY)
        return gzip.decompress(packed.read_bytes())


def _volume_file_seeds() -> list[Seed]:
    nifti = nifti_bytes()
    values = values_hu().astype("<i2").tobytes()
    return [
        Seed("NIfTI", nifti, "mutant.nii", is_dicom=False),
        Seed("NIfTI-2", second_nifti(nifti), "mutant.nii", is_dicom=False),
        Seed("NIfTI gzip", _gzip(nifti), "mutant.nii.gz", is_dicom=False),
        Seed("inside NIfTI gzip", nifti, "mutant.nii.gz", pack=_gzip, is_dicom=False),
        Seed("NRRD", nrrd_header("raw") + values, "mutant.nrrd", is_dicom=False),
        Seed("NRRD gzip", nrrd_header("gzip") + _gzip(values), "mutant.nrrd", is_dicom=False),
        Seed("MHA", meta_header() + values, "mutant.mha", is_dicom=False),
        Seed(
            "MHA compressed",
            meta_header(compressed=True) + zlib.compress(values, 1),
            "mutant.mha",
            is_dicom=False,
        ),
    ]  # fmt: skip


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def second_nifti(first: bytes) -> bytes:
    """The same volume with a NIfTI-2 header (nifti2.h)."""
    dim = struct.unpack_from("<8h", first, 40)
    datatype, bitpix = struct.unpack_from("<2h", first, 70)
    pixdim = struct.unpack_from("<8f", first, 76)
    offset, slope, intercept = struct.unpack_from("<3f", first, 108)
    codes = struct.unpack_from("<2h", first, 252)
    placed = struct.unpack_from("<18f", first, 256)
    header = struct.pack("<i8s2h8q", 540, b"n+2\0\r\n\x1a\n", datatype, bitpix, *dim)
    header += struct.pack("<3d8dq6d", 0, 0, 0, *pixdim, 544, slope, intercept, 0, 0, 0, 0)
    header += struct.pack("<2q80s24s2i", 0, 0, b"", b"", *codes)
    header += struct.pack("<18d3i16s16s", *placed, 0, first[123], 0, b"", b"")
    return header + bytes(4) + first[int(offset) :]


def nrrd_header(encoding: str) -> bytes:
    """Header of an NRRD file with the values of `values_hu`."""
    lines = (
        "NRRD0004", "type: short", "dimension: 3", "space: left-posterior-superior",
        "sizes: 40 32 4", "space directions: (0.8,0,0) (0,0.7,0) (0,0,2.5)",
        "kinds: domain domain domain", "endian: little", f"encoding: {encoding}",
        "space origin: (1,2,3)", "", "",
    )  # fmt: skip
    return "\n".join(lines).encode()


def meta_header(*, compressed: bool = False) -> bytes:
    """Header of an MHA file with the values of `values_hu`."""
    lines = (
        "ObjectType = Image", "NDims = 3", "BinaryData = True", "BinaryDataByteOrderMSB = False",
        f"CompressedData = {compressed}", "TransformMatrix = 1 0 0 0 1 0 0 0 1", "Offset = 1 2 3",
        "CenterOfRotation = 0 0 0", "AnatomicalOrientation = RAI", "ElementSpacing = 0.8 0.7 2.5",
        "DimSize = 40 32 4", "ElementType = MET_SHORT", "ElementDataFile = LOCAL", "",
    )  # fmt: skip
    return "\n".join(lines).encode()


def _archive_seeds(scratch: Path) -> list[Seed]:
    slices = _written(scratch / "zipped")

    def archive(content: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
            for number, each in enumerate(slices):
                mine = content if number == MUTATED_SLICE else each
                target.writestr(zipfile.ZipInfo(f"scan/{number}"), mine, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()

    return [
        Seed("zip", archive(slices[MUTATED_SLICE]), "mutant.zip", is_dicom=False),
        Seed("inside zip", slices[MUTATED_SLICE], "mutant.zip", pack=archive),
    ]


def _real_seeds(real: Path) -> list[Seed]:
    folder = real / "transfer-syntaxes"
    plain = pydicom.dcmread(folder / "CTImage.dcm")
    normal = np.cross(plain.ImageOrientationPatient[:3], plain.ImageOrientationPatient[3:])
    position = np.array(plain.ImagePositionPatient, float)
    neighbours = {}
    for k in (-2, -1, 1):
        plain.ImagePositionPatient = [f"{value:.6f}" for value in position + 5 * k * normal]
        plain.SOPInstanceUID = f"1.2.826.0.1.{k + 5}"
        plain.file_meta.MediaStorageSOPInstanceUID = plain.SOPInstanceUID
        neighbours[f"n{k + 2}"] = as_bytes(plain)
    seeds = []
    for path in sorted(folder.glob("*.dcm")):
        name = f"real {path.name.removesuffix('.dcm').rpartition('_')[2]}"
        beside = {} if path.name.startswith("CT0012") else neighbours
        seeds.append(Seed(name, path.read_bytes(), neighbours=beside))
    seeds += _real_folder(real / "edge-geometry" / "missing-slice", "real missing slice", 1)
    seeds += _real_folder(real / "edge-geometry" / "gantry-tilt", "real tilt", 1)
    seeds += _real_folder(real / "edge-geometry" / "j2k-no-extension", "real JPEG 2000", 10)
    seeds += _real_folder(real / "cip-tiny" / "dicom", "real tiny", 40)
    nrrd = (real / "cip-tiny" / "crop_ct_2slices.nrrd").read_bytes()
    return [*seeds, Seed("real NRRD", nrrd, "mutant.nrrd", is_dicom=False)]


def _real_folder(folder: Path, name: str, place: int) -> list[Seed]:
    paths = sorted(folder.iterdir())
    paths = paths[max(0, place - 3) : place + 3]
    mutated = min(place, 3)
    neighbours = {f"n{k}": p.read_bytes() for k, p in enumerate(paths) if k != mutated}
    return [Seed(name, paths[mutated].read_bytes(), neighbours=neighbours)]
