"""The 1C module: a grammar of the language reads every file, its signature is ours, OneScript runs it where found."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_bsl
from tree_sitter import Language, Node, Parser

from tests.clients.conftest import Centre
from tests.clients.onec import MODULES, Base, interpreter
from vokrug.app.till_check.exchanges import read_log
from vokrug.app.till_check.line import LOSE_ANSWER, LOSE_REQUEST, NONE, Accident, Line, instead
from vokrug.runtime.signing import sign

PARSER = Parser(Language(tree_sitter_bsl.language()))  # type: ignore[attr-defined]
FILES = sorted(MODULES.glob("*.bsl"))
PHONE = "+79160001122"

needs_oscript = pytest.mark.skipif(interpreter() is None, reason="OneScript is not here: see clients/1c/README.md")


def slips(source: str) -> list[str]:
    """Where the grammar cannot read on."""

    def walk(node: Node) -> Iterator[Node]:
        if node.is_error or node.is_missing:
            yield node
        for child in node.children:
            yield from walk(child)

    return [f"line {node.start_point.row + 1}" for node in walk(PARSER.parse(source.encode()).root_node)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_module_is_1c(path: Path) -> None:
    assert slips(path.read_text()) == []


@pytest.mark.parametrize(
    "broken",
    [
        "Процедура А()\n\tЕсли Истина Тогда\n\t\tБ();\nКонецПроцедуры",
        "Функция А(Возврат)\n\tВозврат 1;\nКонецФункции",
        'Функция А()\n\tВозврат "без конца;\nКонецФункции',
    ],
)
def test_the_grammar_notices(broken: str) -> None:
    assert slips(broken)


def test_what_a_module_calls_another_has() -> None:
    """Calls between modules reach an exported name, with no more arguments than it takes."""
    declared: dict[tuple[str, str], int] = {}
    for path in FILES:
        for name, taken in re.findall(r"^(?:Функция|Процедура) (\w+)\((.*?)\) Экспорт", path.read_text(), re.M):
            declared[path.stem, name] = len([one for one in taken.split(",") if one.strip()])
    called = 0
    for path in FILES:
        code = "\n".join(line.split("//")[0] for line in path.read_text().splitlines())
        for module, name in re.findall(r"(?<![\w.])(Вокруг\w+)\.(\w+)\(", code):
            called += 1
            assert (module, name) in declared, f"{path.stem} calls {module}.{name}"
    assert called > 50


def vectors() -> list[tuple[str, str, str, str, str, str]]:
    source = (MODULES / "ВокругСамопроверка.bsl").read_text()
    text = r'"((?:[^"]|"")*)"'
    found = re.findall(r"Образец\(" + r",\s*".join([text] * 6) + r"\)", source)
    return [tuple(part.replace('""', '"') for part in row) for row in found]


def test_the_self_check_holds_our_signatures() -> None:
    """The samples that the module compares itself with are what the centre's own arithmetic gives."""
    assert len(vectors()) == 3
    for secret, method, target, at_s, body, signature in vectors():
        assert sign(secret, method=method, target=target, at_s=int(at_s), body=body.encode()) == signature


# Run


SELL = """
Чек = ВокругКасса.НовыйЧек();
Узнан = ВокругКасса.ОпределитьПокупателя(Чек, "phone", "+79160001122");
ВокругКасса.ДобавитьСтроку(Чек, "coffee", 1, 100, Новый Структура("НДС, КодМаркировки", "20", "0104600266012289"));
ВокругКасса.ДобавитьСтроку(Чек, "cake", 3, 133.33);
Расчитан = ВокругКасса.Рассчитать(Чек, "max");
Сумма = 0;
Для Каждого Строка Из ВокругПечать.СтрокиЧека(Чек) Цикл
	Сумма = Сумма + Строка.Сумма;
КонецЦикла;
Оплаты = Новый Массив;
Оплаты.Добавить(Новый Структура("type, amount", "card", ВокругКасса.КОплате(Чек)));
Ответ = ВокругКасса.Завершить(Чек, Оплаты, Новый Структура("fn, fd, fp", "9999078900005488", "%s", "1"));
Итог = Новый Структура("known, priced, offline, to_pay, printed, done", Узнан, Расчитан, Чек.Офлайн,
	ВокругФормат.Деньги(ВокругКасса.КОплате(Чек)), ВокругФормат.Деньги(Сумма), Ответ <> Неопределено);
Если Ответ <> Неопределено Тогда
	Итог.Вставить("earned", Ответ["earned"]);
	Итог.Вставить("status", Ответ["status"]);
КонецЕсли;
Сообщить(СтрЗаменить(СтрЗаменить(ВокругФормат.ВСтрокуJSON(Итог), Символы.ВК, ""), Символы.ПС, ""));
"""
SEND = """
ВокругОчередь.ОтправитьВсё(Истина);
Сообщить(Формат(ВокругХранилище.Документы().Количество(), "ЧН=0; ЧГ=0"));
""".replace("ё", "е")


@pytest.fixture
def base(tmp_path: Path, centre: Centre, line: Line) -> Base:
    centre.registers(PHONE)
    return Base(
        tmp_path,
        Сервер="127.0.0.1",
        Порт=str(line.port),
        Защищенное="нет",
        Магазин="S1",
        Касса="T1",
        Ключ=centre.key.key_id,
        Секрет=centre.key.secret,
        ЖурналФайл=str(tmp_path / "till.jsonl"),
    )


@needs_oscript
def test_the_self_check_passes_where_it_runs(tmp_path: Path) -> None:
    said = Base(tmp_path).runs('Сообщить("""" + СтрСоединить(ВокругСамопроверка.Проверить(), "; ") + """");')
    assert said == [""]


@needs_oscript
def test_a_sale_is_priced_printed_and_made_final(base: Base, centre: Centre, line: Line) -> None:
    (sale,) = base.runs(SELL % 1)
    assert sale["known"]
    assert sale["priced"]
    assert sale["done"]
    assert not sale["offline"]
    assert sale["to_pay"] == sale["printed"] == "460.00", "the split prints to the kopeck"
    assert (sale["status"], sale["earned"]) == ("committed", "23.00")
    assert (centre.sales(), base.queue()) == ([("committed", 46000, 2300)], {})
    assert [one.verb for one in line.heard] == ["identify", "calculate", "commit"], "three calls a sale"


@needs_oscript
def test_a_lost_answer_is_asked_for_again_and_nothing_counts_twice(base: Base, centre: Centre, line: Line) -> None:
    line.suffers(LOSE_REQUEST, LOSE_REQUEST, LOSE_ANSWER)
    (sale,) = base.runs(SELL % 2)
    assert not sale["priced"]
    assert sale["offline"]
    assert not sale["done"]
    assert sale["to_pay"] == "499.99", "without the centre, the till's own prices"
    assert next(iter(base.queue().values()))["Попыток"] == 1
    assert base.runs(SEND) == [0]
    last, again = [one for one in line.heard if one.verb == "commit"]
    assert last.body == again.body
    assert again.headers["idempotent-replay"] == "true"
    ((status, paid, earned),) = centre.sales()
    assert (status, paid) == ("late", 49999), "as printed"
    assert earned == 2300, "the phone went along with the check: points as the centre reckons them"
    assert base.queue() == {}


@needs_oscript
def test_a_promise_the_centre_never_saw_goes_whole(base: Base, centre: Centre, line: Line) -> None:
    """check_unknown: the same document, with the check in it."""
    unknown = instead(404, code="check_unknown", retry="later", cashier_text="?", status=404)
    calls: list[str] = []

    def choose(method: str, path: str, body: object) -> Accident:
        calls.append(path.rpartition(":")[2])
        return unknown if calls.count("commit") == 1 and path.endswith(":commit") else NONE

    line.choose = choose
    (sale,) = base.runs(SELL % 3)
    assert sale["done"]
    assert calls[-2:] == ["commit", "commit"]
    assert line.heard[-1].of_body("check", "lines") is not None
    assert base.queue() == {}


@needs_oscript
def test_what_will_never_be_taken_waits_for_a_person(base: Base, line: Line) -> None:
    never = instead(409, code="document_conflict", retry="never", cashier_text="нет", status=409)
    line.choose = lambda method, path, body: never if path.endswith(":commit") else NONE
    (sale,) = base.runs(SELL % 4)
    assert not sale["done"]
    (document,) = base.queue().values()
    assert (document["Состояние"], document["Ошибка"]) == ("отклонен", "document_conflict: нет")
    before = len(line.heard)
    assert base.runs(SEND) == [0]
    assert len(line.heard) == before, "not sent again"


@needs_oscript
def test_a_wrong_clock_is_set_by_the_centres(base: Base, centre: Centre, line: Line) -> None:
    base.runs('ВокругХранилище.ЗаписатьНастройку("СдвигЧасов", "4000");')
    (sale,) = base.runs(SELL % 5)
    assert sale["done"], "signed anew with the centre's time"
    assert [one.status for one in line.heard] == [401, 200, 200, 200]


@needs_oscript
def test_the_log_tells_no_person(base: Base, tmp_path: Path) -> None:
    base.runs(SELL % 6)
    text = (tmp_path / "till.jsonl").read_text("utf-8-sig")
    assert PHONE not in text
    assert "Анна" not in text
    assert "vks_" not in text
    assert [one.verb for one in read_log(tmp_path / "till.jsonl")] == ["identify", "calculate", "commit"]


@needs_oscript
def test_it_changes_its_key_when_told(base: Base, centre: Centre, line: Line) -> None:
    centre.rotates("at_first_use")
    base.runs("ВокругОчередь.Обслужить();")
    assert [one.kind for one in line.heard] == ["heartbeat", "keys:claim", "heartbeat"]
    (sale,) = base.runs(SELL % 7)
    assert sale["done"]
    assert line.heard[-1].key != centre.key.key_id
