from __future__ import annotations

import msgspec
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from core.authserver import metadata
from core.authserver.metadata import metadata_path
from tests.core.authserver.desk import ISSUER, Desk


def test_the_metadata_is_what_the_standard_asks_for():
    about = metadata(Desk().server)
    AuthorizationServerMetadata(about).validate()
    assert about["issuer"] == ISSUER
    assert about["code_challenge_methods_supported"] == ["S256"]
    assert about["authorization_response_iss_parameter_supported"] is True


def test_the_well_known_path_goes_between_host_and_path():
    assert metadata_path("https://x.example/tenant") == "/.well-known/oauth-authorization-server/tenant"


@pytest.mark.parametrize(
    "issuer", ["https://x.example/", "https://x.example?a=1", "https://x.example#a", "ftp://x", "x"]
)
def test_an_issuer_that_could_be_written_two_ways_is_refused(issuer):
    with pytest.raises(ValueError):
        msgspec.structs.replace(Desk().server, issuer=issuer)
