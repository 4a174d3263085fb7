"""What only Sendmail has: the lines for sendmail.mc that we document. test_mta.py has the rest."""

import os
import pwd
import re

import pytest
from harness import SOURCE, SmtpError, inquiry
from sendmail import SNIPPET
from test_mta import one_lead


@pytest.fixture
def chain(house, sendmail_session):
    sendmail_session.clear()
    house.configure(listen=sendmail_session.unix)
    house.mta = sendmail_session
    house.milter.start()
    house.submit.start()
    return house


def test_the_readme_has_the_lines_of_contrib():
    readme = (SOURCE / "README.md").read_text()
    block = re.search(r"### Sendmail\n.*?```\n(.*?)```", readme, re.S).group(1)
    ours = [line for line in SNIPPET.read_text().splitlines() if not line.startswith("dnl")]
    assert block.splitlines() == ours


def test_the_log_names_sendmails_queue_id(chain, standin):
    reply = chain.mta.send(inquiry(1))
    queue_id = re.search(r"^250 2\.0\.0 (\w+) Message accepted", reply).group(1)
    one_lead(chain, standin)
    assert queue_id in chain.milter.log()


def test_each_filter_setting_is_taken_as_it_was_meant(chain):
    """Sendmail only warns about a filter's setting that it does not understand."""
    for line in chain.mta.log().splitlines():
        assert "WARNING" not in line or line.endswith("missing"), line


@pytest.fixture
def socket_folder(sendmail_session):
    folder = sendmail_session.socket.parent
    yield folder
    os.chown(folder, 0, 0)
    os.chmod(folder, 0o755)


@pytest.mark.parametrize("owner", ["root", "nobody"])
@pytest.mark.parametrize("socket_mode", [0o600, 0o660])
@pytest.mark.parametrize("folder_mode", [0o750, 0o755])
def test_a_socket_of_any_owner_is_taken(chain, standin, socket_folder, owner, socket_mode,
                                        folder_mode):
    user = pwd.getpwnam(owner)
    for path, mode in ((chain.mta.socket, socket_mode), (socket_folder, folder_mode)):
        os.chown(path, user.pw_uid, user.pw_gid)
        os.chmod(path, mode)
    chain.mta.send(inquiry(1))
    one_lead(chain, standin)


@pytest.mark.parametrize("folder_mode", [0o775, 0o777])
def test_a_socket_in_a_folder_that_others_may_write_to_is_not(chain, socket_folder, folder_mode):
    os.chmod(socket_folder, folder_mode)
    with pytest.raises(SmtpError) as refused:
        chain.mta.send(inquiry(1))
    assert refused.value.code == 451
    assert f"local socket name {chain.mta.socket} unsafe" in chain.mta.log()
