"""The child that makes the PDF; started by `portal.pdf.render`, isolated from the environment."""

import io
import json
import resource
import sys
from pathlib import Path

NO_PANGO = 3


def main() -> int:
    order = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    try:
        import weasyprint
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except OSError as error:
        print(error, file=sys.stderr)
        return NO_PANGO

    static = Path(order["static"]).resolve()

    class OwnFilesOnly(URLFetcher):
        """`sekisho:static/…` and `sekisho:font/…`, and data inside the document; all else is refused."""

        def fetch(self, url, headers=None):
            if url.startswith("data:"):
                return super().fetch(url, headers)
            scheme, _, path = url.partition(":")
            path = path.lstrip("/")
            if scheme == "sekisho" and path == "font/ipaexg.ttf":
                return self._file(url, Path(order["font"]), "font/ttf")
            file = (static / path.removeprefix("static/")).resolve()
            if scheme == "sekisho" and path.startswith("static/") and file.is_relative_to(static) and file.is_file():
                return self._file(url, file, "text/css" if file.suffix == ".css" else "image/svg+xml")
            raise ValueError(f"refused: {url[:200]}")

        def _file(self, url, file, kind):
            return URLFetcherResponse(url, io.BytesIO(file.read_bytes()), {"Content-Type": kind})

    html = sys.stdin.buffer.read().decode("utf-8")
    document = weasyprint.HTML(string=html, base_url="sekisho:static/", url_fetcher=OwnFilesOnly())
    document.write_pdf(order["target"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
