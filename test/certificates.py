"""Certificates of a test's own, by openssl."""

import subprocess


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


class Authority:
    """Signs certificates; all its files are in `folder`: its own is NAME.pem."""

    def __init__(self, folder, name):
        self.folder = folder
        self.file = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"
        # without the usage Python 3.13 and newer refuse it (VERIFY_X509_STRICT)
        self.make(name, self.file, self.key, "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign")

    def make(self, name, file, key, *extensions, signed_by=()):
        added = [word for extension in extensions for word in ("-addext", extension)]
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", 2,
                "-subj", f"/CN={name}", *added, "-keyout", key, "-out", file, *signed_by)

    def sign(self, name, *alternatives):
        """NAME.pem and NAME.key: a certificate for these names (DNS:... or IP:...); its path."""
        file = self.folder / f"{name}.pem"
        names = ",".join(alternatives or (f"DNS:{name}",))
        self.make(name, file, file.with_suffix(".key"), "basicConstraints=CA:FALSE", f"subjectAltName={names}",
                  signed_by=("-CA", self.file, "-CAkey", self.key))
        return file
