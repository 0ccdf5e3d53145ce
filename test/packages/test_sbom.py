"""The SBOM in each Debian package: for scripts/lib/test-deploy, which has just made the packages (PACKAGES, a folder) and
installed spdx-tools, the library of the SPDX project (SPDX_TOOLS, a program that validates)."""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PACKAGES = sorted(path for path in pathlib.Path(os.environ["PACKAGES"]).glob("*.deb") if "-dbgsym" not in path.name)
VENDOR = (ROOT / "nginx/www/vendor/README.md").read_text()


def field(package, name):
    return subprocess.run(["dpkg-deb", "--field", package, name], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def contents(package):
    """Path -> bytes of all files."""
    packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, stdout=subprocess.PIPE).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def sbom(package):
    return contents(package)[f"./usr/share/frontrow/sbom/{field(package, 'Package')}.spdx.json"]


def validate(file):
    return subprocess.run([os.environ["SPDX_TOOLS"], "--infile", file], capture_output=True, text=True, timeout=120)


def test_there_are_all_packages():
    sources = set(re.findall(r"^Package: (.*)$", (ROOT / "debian/control").read_text(), re.MULTILINE))
    assert {field(package, "Package") for package in PACKAGES} == sources


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name.split("_")[0])
def test_it_is_valid(package, tmp_path):
    file = tmp_path / "sbom.spdx.json"
    file.write_bytes(sbom(package))
    done = validate(file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_not_valid_is_found(tmp_path):
    document = json.loads(sbom(PACKAGES[0]))
    document["relationships"][0]["relatedSpdxElement"] = "SPDXRef-Nobody"
    file = tmp_path / "sbom.spdx.json"
    file.write_text(json.dumps(document))
    assert validate(file).returncode != 0


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name.split("_")[0])
def test_it_has_what_the_package_needs(package):
    document = json.loads(sbom(package))
    names = {one["SPDXID"]: one for one in document["packages"]}
    needed = [names[link["relatedSpdxElement"]] for link in document["relationships"]
              if link["relationshipType"] == "DEPENDS_ON"]
    asked = [part.strip() for part in field(package, "Depends").split(",")]
    assert sorted(one["comment"].removeprefix("asked for: ") for one in needed) == sorted(asked)
    for one in needed:
        if one["name"].startswith("lib"):  # it was linked with a certain version
            name, version = re.fullmatch(r"pkg:deb/debian/(.*)@(.*)\?.*", one["externalRefs"][0]["referenceLocator"]).groups()
            assert name == one["name"] and one["versionInfo"].startswith(version.split("%")[0])
    made = document["packages"][0]
    assert (made["name"], made["versionInfo"]) == (field(package, "Package"), field(package, "Version"))


def test_it_has_the_libraries_of_the_pages():
    rows = re.findall(r"^\| `(.*?)` \| .* \| (\S+) \| (\S+) \| .* \| `(.*)` \|$", VENDOR, re.MULTILINE)
    (package,) = [one for one in PACKAGES if one.name.startswith("frontrow-nginx_")]
    files = contents(package)
    document = json.loads(sbom(package))
    libraries = {(one["name"], one["versionInfo"]) for one in document["packages"] if one["filesAnalyzed"]}
    assert libraries == {(name, version) for _, name, version, _ in rows} and len(rows) > 5
    listed = {}
    for file in document["files"]:
        sums = {one["algorithm"]: one["checksumValue"] for one in file["checksums"]}
        assert sums["SHA256"] == hashlib.sha256(files[file["fileName"]]).hexdigest()
        listed[pathlib.Path(file["fileName"]).name] = sums["SHA256"]
    assert listed == {name: checksum for name, _, _, checksum in rows}
