"""A fixture with a certificate authority for the tests of signatures."""

import pytest

from sandbox.trust.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "http://127.0.0.1:9")
