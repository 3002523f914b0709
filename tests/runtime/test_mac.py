"""Our HMAC says what Python's own says."""

import hmac

import pytest

from vokrug.kernel import Mac


@pytest.mark.parametrize("key", [b"", b"k", b"k" * 63, b"k" * 64, b"k" * 65, b"k" * 200, bytes(range(32))])
@pytest.mark.parametrize("message", [b"", b"m", b"m" * 1000])
def test_a_mac_is_that_of_the_standard(key: bytes, message: bytes) -> None:
    assert Mac(key)(message) == hmac.digest(key, message, "sha256")
