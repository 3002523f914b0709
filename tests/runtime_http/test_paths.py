"""Which endpoint a path means."""

import pytest

from vokrug.runtime.paths import PathTable

UID = "0190a1b2-1234-7890-9123-456789012345"


@pytest.fixture
def table() -> PathTable[str]:
    table: PathTable[str] = PathTable()
    for method, template in [
        ("GET", "/v1/keys"),
        ("GET", "/v1/keys/{id}"),
        ("POST", "/v1/keys/{id}:revoke"),
        ("GET", "/v1/keys/{id}/uses/{n:int}"),
        ("POST", "/checks/{uid:uuid}:commit"),
        ("POST", "/checks/{uid:uuid}:cancel"),
        ("POST", "/cards:{verb}"),
        ("GET", "/files/{name:path}"),
    ]:
        table.add(method, template, template)
    return table


@pytest.mark.parametrize(
    ("path", "template", "parameters"),
    [
        ("/v1/keys", "/v1/keys", {}),
        ("/v1/keys/a", "/v1/keys/{id}", {"id": "a"}),
        ("/v1/keys/a:b", "/v1/keys/{id}", {"id": "a:b"}),
        ("/v1/keys/a:revoke", "/v1/keys/{id}:revoke", {"id": "a"}),
        ("/v1/keys/a/uses/12", "/v1/keys/{id}/uses/{n:int}", {"id": "a", "n": "12"}),
        (f"/checks/{UID}:cancel", "/checks/{uid:uuid}:cancel", {"uid": UID}),
        ("/cards:topup", "/cards:{verb}", {"verb": "topup"}),
        ("/files/a/b/c.txt", "/files/{name:path}", {"name": "a/b/c.txt"}),
    ],
)
def test_a_path_finds_its_endpoint(table: PathTable[str], path: str, template: str, parameters: dict[str, str]) -> None:
    found = table.find(path)
    assert found is not None
    assert (list(found[0].values()), found[1]) == ([template], parameters)


@pytest.mark.parametrize(
    "path",
    ["", "/", "/v1", "/v1/keys/", "/v1/keys/a/b", "/v1/keys/a/uses/x", "/checks/1:commit", "/files/", "*"],
)
def test_a_path_to_nowhere_finds_nothing(table: PathTable[str], path: str) -> None:
    assert table.find(path) is None


def test_an_endpoint_is_declared_once(table: PathTable[str]) -> None:
    with pytest.raises(ValueError, match="declared twice"):
        table.add("POST", "/v1/keys/{id}:revoke", "again")
