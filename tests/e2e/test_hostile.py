"""Bad mail through Postfix and lead-milter: delivered as it came, with a lead of what could be
read, and lead-milter as well as before."""

import time

import pytest
from harness import SOURCE, inquiry
from hostile import BAD


@pytest.mark.parametrize("kind", BAD)
def test_bad_mail_is_delivered_and_makes_a_lead(chain, standin, kind):
    mail = BAD[kind]
    chain.postfix.send(mail, way="none")
    plain = chain.postfix.wait_delivered(1)[0]
    chain.postfix.clear()
    begun = time.monotonic()
    chain.postfix.send(mail)
    assert time.monotonic() - begun < 20, "the mail was held up"
    judged = chain.postfix.wait_delivered(1)[0]
    assert judged.without_lead_id() == plain.original
    assert len(judged.lead_ids) == 1
    chain.wait_states(done=1)
    assert standin.leads[0]["data"]["company"]["name"]
    # And the next one is as good as ever.
    chain.postfix.send(inquiry(99))
    chain.wait_states(done=2)
    assert standin.leads[1]["data"]["company"]["name"] == "Analytical Engines 99 LLC"


def test_a_catastrophic_rule_is_named_and_holds_nothing_up(chain, standin, place):
    rules = place / "rules"
    rules.mkdir()
    (rules / "centerpoint.yaml").write_bytes((SOURCE / "rules/centerpoint.yaml").read_bytes())
    (rules / "10-slow.yaml").write_text(r"""source: slow
when: {to: 'leads@'}
fields:
  contact.name: [{pattern: '((?:a|aa|a?)+)+\d\b(?!a)$', in: body}, {label: Name}]
  contact.email: {label: Email}
""")
    chain.configure(listen=chain.postfix.unix, rules=str(rules))
    chain.milter.restart()
    begun = time.monotonic()
    chain.postfix.send(inquiry(30, text="a" * 5000 + "!\n"))
    assert time.monotonic() - begun < 10
    assert len(chain.postfix.wait_delivered(1)[0].lead_ids) == 1
    chain.wait_states(done=1)
    assert standin.leads[0]["data"]["contact"]["name"] == "Ada Lovelacebe"
    log = chain.milter.log()
    assert "10-slow.yaml:4:" in log and "limit" in log


def test_a_flood_of_forged_lead_ids_does_not_keep_a_mail_from_its_way(chain):
    # Postfix looks from the top for each that is removed, and gives up beyond some 10,000.
    chain.postfix.send(inquiry(23, extra="X-Lead-Id: 1\n" * 20000))
    judged = chain.postfix.wait_delivered(1)[0]
    assert judged.original.count(b"X-Lead-Id: 1\n") == 20000 - 200
    assert "X-Lead-Id fields: 20000; the first 200 are removed" in chain.milter.log()
