"""Schemathesis reads our OpenAPI document and tries to catch the application breaking it."""

from collections.abc import AsyncIterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as given_by
from starlette.testclient import TestClient

from tests.runtime_http.conftest import Key
from vokrug.runtime.http import Role, Services
