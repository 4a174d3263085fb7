"""Fixtures of the end-to-end tests; what they hand out is in harness.py.

place    a fresh folder with a short path
standin  the HTTPS stand-in of the API, standin.py: StandIn(folder) with start(), stop(), url (the
         endpoint), ca_file (its test CA) and leads (the bodies it took, parsed, in order)
house    lead-milter and lead-submit, configured for `standin`, not started; stopped and looked
         over at the end: exit status, sanitizers, nothing personal in the logs
postfix  the session's Postfix, emptied before each test
mta      the same of Postfix and of Sendmail, sendmail.py: the test runs once with each
chain    house and postfix put together, both daemons running
"""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import harness  # noqa: E402


def pytest_sessionstart(session):
    try:
        for name in ("lead-milter", "lead-submit", "leadctl"):
            harness.program(name)
    except RuntimeError as error:
        pytest.exit(str(error), returncode=2)


@pytest.fixture
def place():
    path = harness.temporary_folder()
    yield path
    harness.remove_folder(path)


@pytest.fixture
def standin(place):
    from standin import StandIn
    folder = place / "api"
    folder.mkdir()
    api = StandIn(folder)
    api.start()
    yield api
    api.stop()


def personal_values(payload):
    """Of a lead: what must stand in no log."""
    data = payload.get("data", {})
    data = data.get("relationships", data)
    contact, found = data.get("contact", {}), []
    found += [v for k, v in contact.items() if isinstance(v, str)]
    found += [data.get("property", {}).get("streetAddress")]
    notes = data.get("opportunity", {}).get("notes", "")
    found += [line for line in notes.splitlines() if len(line) > 20]
    return {v for v in found if v and len(v) >= 6}


def check_logs(house, api):
    logs = house.logs()
    assert harness.TOKEN not in logs
    for lead in api.leads:
        for value in personal_values(lead):
            assert value not in logs, f"personal data in a log: {json.dumps(value)}"


@pytest.fixture
def house(place, standin):
    home = harness.House(place, endpoint=standin.url, ca_file=standin.ca_file)
    yield home
    home.close()
    check_logs(home, standin)


@pytest.fixture(scope="session")
def postfix_session():
    folder = harness.temporary_folder()
    server = harness.Postfix(folder)
    try:
        yield server.start()
    finally:
        server.stop()
        harness.remove_folder(folder)


@pytest.fixture
def postfix(postfix_session):
    postfix_session.clear()
    return postfix_session


@pytest.fixture(scope="session")
def sendmail_session():
    from sendmail import Sendmail
    folder = harness.temporary_folder()
    server = Sendmail(folder)
    try:
        yield server.start()
    finally:
        server.stop()
        harness.remove_folder(folder)


@pytest.fixture(params=["postfix", "sendmail"])
def mta(request):
    server = request.getfixturevalue(f"{request.param}_session")
    server.clear()
    return server


@pytest.fixture
def chain(house, postfix):
    """house, listening where postfix asks, both daemons running; house.postfix is the Postfix."""
    house.configure(listen=postfix.unix)
    house.postfix = house.mta = postfix
    house.milter.start()
    house.submit.start()
    return house
