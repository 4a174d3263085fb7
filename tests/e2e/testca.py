"""A certificate authority for one test run, by openssl(1)."""

import subprocess
from pathlib import Path


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class TestCA:
    """Makes its own key and certificate in `folder`, then certificates for servers."""

    __test__ = False  # not a test case for pytest

    def __init__(self, folder, name="lead-milter test CA"):
        self.folder = Path(folder)
        self.key, self.certificate = self.folder / "ca.key", self.folder / "ca.crt"
        _openssl("req", "-x509", *self._new_key(self.key), "-days", 2, "-subj", f"/CN={name}",
                 "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign", "-out", self.certificate)

    def _new_key(self, path):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", path]

    def server(self, *names, days=2):
        """(certificate, key) for "IP:127.0.0.1" or "DNS:name"; days=0 is expired at once."""
        stem = self.folder / f"server-{names[0].replace(':', '-')}-{days}"
        request, certificate, key = (stem.with_suffix(s) for s in (".csr", ".crt", ".key"))
        extensions = stem.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={','.join(names)}\n")
        _openssl("req", "-new", *self._new_key(key), "-subj", "/CN=stand-in", "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                 "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key
