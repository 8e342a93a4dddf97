"""The house keeps its shape: sizes, import contracts, what a fresh interpreter loads."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(path for room in ("core", "viewer") for path in (ROOT / room).rglob("*.py"))
FORBIDDEN_WORDS = ("utils", "helpers", "common", "manager")
LARGEST_FILE_LINES = 500
MEDIAN_FILE_LINES = 130
LARGEST_FUNCTION_LINES = 60
BROAD_EXCEPTS_ALLOWED = 2


def modules_after(statement):
    """Names of the modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_the_viewer_starts_without_torch_and_without_the_network():
    loaded = modules_after("import viewer.application")
    forbidden = {"torch", "captum", "monai", "requests", "urllib3", "http.client", "pynetdicom"}
    assert not loaded & forbidden


def test_the_door_of_the_child_process_loads_no_qt():
    loaded = modules_after("import core.worker, core.analysis")
    assert not {name for name in loaded if name.startswith(("PySide6", "vtk", "shiboken"))}
    assert "torch" in loaded  # or the test says nothing


def test_the_viewers_entry_loads_nothing_heavy():
    loaded = modules_after("import viewer.__main__")
    assert not loaded & {"torch", "numpy", "PySide6", "vtkmodules", "pydicom", "matplotlib"}


def test_the_import_contracts_hold():
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small_and_are_documented(path):
    text = path.read_text()
    assert len(text.splitlines()) <= LARGEST_FILE_LINES
    assert not any(word in path.stem for word in FORBIDDEN_WORDS)
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a file says in its first line what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < LARGEST_FUNCTION_LINES, node.name


def test_the_median_file_is_short():
    lengths = sorted(len(path.read_text().splitlines()) for path in SOURCES)
    assert lengths[len(lengths) // 2] <= MEDIAN_FILE_LINES


def test_broad_excepts_stand_only_where_jobs_end():
    broad = [path for path in SOURCES if "BLE001" in path.read_text()]
    assert len(broad) <= BROAD_EXCEPTS_ALLOWED, broad


def test_every_package_folder_of_the_tests_mirrors_one_of_the_code():
    for folder in (ROOT / "tests").rglob("*"):
        relative = folder.relative_to(ROOT / "tests")
        if folder.is_dir() and relative.parts and relative.parts[0] in ("core", "viewer"):
            assert folder.name == "__pycache__" or (ROOT / relative).is_dir(), relative


def test_nothing_evaluates_or_unpickles_what_it_reads():
    suspicious = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                text = ast.unparse(node.func)
                if text in {"eval", "exec", "pickle.load", "pickle.loads", "np.load"}:
                    suspicious.append((path.name, text))
                if text == "torch.load":
                    assert "weights_only=True" in ast.unparse(node), path
    assert not suspicious
