"""Everybody signs in, in each way, in a tiny size. Nothing here is said about speed."""

from vokrug.app.bench.sign_in import measure, page


def test_everybody_gets_in_and_each_way_is_told() -> None:
    report = measure(3, 2, lambda _: None)
    assert [(way.calls, way.limit_ms) for way in report.ways] == [(3, 3.0), (3, 3.0), (2, 3.0), (2, 3.0)]
    assert all(0 < way.best_ms <= way.worst_ms and way.bare_ms > 0 for way in report.ways)
    assert "a passkey" in page(report)
