"""The child that makes the PDF; started by `portal.pdf.render`, isolated from the environment."""

import gc
import io
import json
import resource
import sys
from pathlib import Path

NO_PANGO = 3


def own_files(static: Path, font: Path):
    """A fetcher of our own files alone: `sekisho:static/…`, `sekisho:font/ipaexg.ttf`, and data within the document.

    Everything else is refused, whatever its scheme, so that nothing that somebody typed can read a file or reach
    a host.
    """
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    static = static.resolve()
    kinds = {".css": "text/css", ".svg": "image/svg+xml"}

    class OwnFiles(URLFetcher):
        def fetch(self, url, headers=None):
            if url.startswith("data:"):
                return super().fetch(url, headers)
            scheme, _, path = url.partition(":")
            path = path.lstrip("/")
            if scheme == "sekisho" and path == "font/ipaexg.ttf":
                return _answer(url, font, "font/ttf")
            file = (static / path.removeprefix("static/")).resolve()
            known = file.suffix in kinds and file.is_relative_to(static) and file.is_file()
            if scheme == "sekisho" and path.startswith("static/") and known:
                return _answer(url, file, kinds[file.suffix])
            raise ValueError(f"refused: {url[:200]}")

    def _answer(url, file, kind):
        return URLFetcherResponse(url, io.BytesIO(file.read_bytes()), {"Content-Type": kind})

    return OwnFiles()


def main() -> int:
    gc.disable()  # one document is a child's whole life: looking for garbage takes an eighth of it, and frees nothing
    order = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    try:
        import weasyprint
    except OSError as error:  # the libraries are loaded when the package is imported
        print(error, file=sys.stderr)
        return NO_PANGO
    html = sys.stdin.buffer.read().decode("utf-8")
    fetcher = own_files(Path(order["static"]), Path(order["font"]))
    document = weasyprint.HTML(string=html, base_url="sekisho:static/", url_fetcher=fetcher).render(pdf_tags=True)
    files = order["attached"].items()
    document.write_pdf(
        order["target"],
        attachments=[weasyprint.Attachment(string=Path(path).read_bytes(), name=name) for name, path in files],
    )
    print(len(document.pages))
    return 0


if __name__ == "__main__":
    sys.exit(main())
