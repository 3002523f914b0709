"""The benchmark of goods runs, and what it measures is there."""

from pathlib import Path

from vokrug.app.bench.goods import measure, page


def test_a_small_catalogue_comes_in_and_every_number_is_told(tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("id,name\n1,Шоколад Алёнка молочный 90 г\n2,Чай чёрный Цейлонский 100 г\n3,Мыло детское\n")
    report = measure(600, names, 3, lambda _: None)
    assert report.goods == 600
    assert all(took.seconds > 0 for took in (report.catalogue, report.again, report.offers))
    assert min(report.known_ns, report.alias_ns, report.barcode_ns, report.unknown_ns) > 0
    assert {one.how: one.right for one in report.names}["in capitals"] == 1
    assert page(report).count("\n") == 4 + len(report.names)
