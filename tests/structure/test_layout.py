"""Tests lie where their subject lies."""

from pathlib import Path

FOLDERS = {"benchmarks", "e2e", "fuzz", "helpers", "hostile", "idcard", "kiosk", "structure", "vectors"}


def test_the_folders_of_tests_are_known(root: Path) -> None:
    found = {path.name for path in (root / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert not found - FOLDERS


def test_test_folders_are_no_packages(tracked: tuple[Path, ...]) -> None:
    assert not [path for path in tracked if path.parts[0] == "tests" and path.name == "__init__.py"]


def test_tests_mirror_the_package_they_test(root: Path, tracked: tuple[Path, ...]) -> None:
    folders = {
        path.parent.relative_to("tests") for path in tracked if path.parts[0] == "tests" and path.suffix == ".py"
    }
    mirrored = {folder for folder in folders if folder.parts and folder.parts[0] in ("idcard", "kiosk")}
    browser = Path("kiosk/browser")
    assert len(mirrored) > 5
    assert not {
        str(folder) for folder in mirrored if not folder.is_relative_to(browser) and not (root / folder).is_dir()
    }


def test_every_vector_names_its_source(root: Path) -> None:
    vectors = root / "tests" / "vectors"
    readme = (vectors / "README.md").read_text()
    files = [path for path in vectors.rglob("*") if path.is_file() and path.name != "README.md"]
    assert files
    unnamed = [
        path.name
        for path in files
        if path.name not in readme and f"`{path.parent.relative_to(vectors).as_posix()}/`" not in readme
    ]
    assert not unnamed
