"""The directory is filled and asked in a tiny size. Nothing here is said about speed."""

from vokrug.app.bench.identity import measure, page


def test_everybody_is_found_and_each_size_is_told() -> None:
    report = measure((1_000, 2_000), 0.2, lambda _: None)
    assert [one.identifiers for one in report.sizes] == [1_000, 2_000]
    assert all(one.resolved_core_s > 0 and one.bare_core_s > 0 and one.p99_ms > 0 for one in report.sizes)
    assert "2,000 identifiers" in page(report)
