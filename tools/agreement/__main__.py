"""Compute our and the peers' numbers, write vectors and page; `make agreement` runs it in `.peers`."""

import hashlib
import json
import sys

from tools.agreement.book import RETURNS_FILE, sample_book
from tools.agreement.hub_results import hub_results
from tools.agreement.page import PAGE, TOLERANCE, VECTORS, difference, page
from tools.agreement.peers import peer_results, versions


def main() -> int:
    """Write both files; fail if a difference has no explanation, or an explanation has no difference."""
    book = sample_book()
    own = hub_results(book)
    rows = [{"ours": own[claim.measure], **_row(claim._asdict())} for claim in peer_results(book)]
    rows.sort(key=lambda row: list(own).index(str(row["measure"])))
    vectors = {
        "returns_sha256": hashlib.sha256(RETURNS_FILE.read_bytes()).hexdigest(),
        "days": len(book.dates),
        "assets": len(book.ids),
        "peers": versions(),
        "rows": rows,
    }
    VECTORS.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(vectors), encoding="utf-8")
    sys.stdout.write(page(vectors))
    inconsistent = [
        r for r in rows if (difference(r["ours"], r["theirs"]) > TOLERANCE) != (r["why"] is not None)
    ]
    for row in inconsistent:
        sys.stderr.write(
            f"{row['measure']}, {row['peer']}: equal with a sentence, or different without one\n"
        )
    return 1 if inconsistent else 0


def _row(claim: dict[str, object]) -> dict[str, object]:
    return {"theirs" if name == "value" else name: value for name, value in claim.items()}


if __name__ == "__main__":
    sys.exit(main())
