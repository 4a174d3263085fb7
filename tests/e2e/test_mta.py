"""Mail through a real Postfix and a real Sendmail: what arrives at the API, and that the mail itself
is as it was."""

import base64
import json
import random
import re
import uuid

import pytest
from harness import LEADS, OTHER, SmtpError, inquiry, wait_for


@pytest.fixture
def chain(house, mta):
    """house, listening where mta asks, both daemons running; house.mta is a Postfix or Sendmail."""
    house.configure(listen=mta.unix)
    house.mta = mta
    house.milter.start()
    house.submit.start()
    return house


def sent_both_ways(chain, mail, recipients=(LEADS,), way="unix", **options):
    """The mail's only delivery with lead-milter, which must differ from the one without it by
    nothing but X-Lead-Id fields."""
    chain.mta.send(mail, recipients, way="none", **options)
    plain = chain.mta.wait_delivered(1)[0]
    chain.mta.clear()
    chain.mta.send(mail, recipients, way=way, **options)
    judged = chain.mta.wait_delivered(1)[0]
    assert plain.original == mail + (b"" if mail.endswith(b"\n") else b"\n")
    assert judged.without_lead_id() == plain.original
    return judged


def one_lead(chain, api, seconds=15):
    """The one lead at the API."""
    wait_for(lambda: api.leads, seconds, lambda: f"a lead at the API\n{chain.logs()}")
    chain.wait_states(done=1)
    assert len(api.leads) == 1
    return api.leads[0]["data"]


def test_an_inquiry_becomes_a_lead_and_only_a_header_is_added(chain, standin):
    mail = sent_both_ways(chain, inquiry(1))
    assert len(mail.lead_ids) == 1
    assert str(uuid.UUID(mail.lead_ids[0])) == mail.lead_ids[0]
    data = one_lead(chain, standin)
    assert chain.queue()[0]["id"] == mail.lead_ids[0]
    assert data["contact"]["name"] == "Ada Lovelaceab"
    assert data["company"]["name"] == "Analytical Engines 1 LLC"
    assert "leaks at the north side" in json.dumps(data["opportunity"])


def test_inet_socket(chain, standin):
    chain.milter.stop()
    chain.configure(listen=chain.mta.inet)
    chain.milter.start()
    mail = sent_both_ways(chain, inquiry(2), way="inet")
    assert len(mail.lead_ids) == 1
    one_lead(chain, standin)


def test_local_submission(chain, standin):
    chain.mta.sendmail(inquiry(3), [LEADS])
    mail = chain.mta.wait_delivered(1)[0]
    assert len(mail.lead_ids) == 1
    one_lead(chain, standin)


def test_mail_for_someone_else_is_left_alone(chain, standin):
    mail = sent_both_ways(chain, inquiry(4), [OTHER])
    assert mail.lead_ids == []
    assert chain.queue() == []
    assert standin.leads == []


def test_two_lead_mailboxes_make_one_lead(chain, standin):
    chain.mta.send(inquiry(5), [LEADS, "roofs@inquiries.example.com", OTHER])
    mails = chain.mta.wait_delivered(3)
    assert {m.recipient for m in mails} == {LEADS, "roofs@inquiries.example.com", OTHER}
    assert len({tuple(m.lead_ids) for m in mails}) == 1
    one_lead(chain, standin)


@pytest.mark.parametrize("message_id", [True, False], ids=["message-id", "digest"])
def test_the_same_mail_twice_makes_one_lead(chain, standin, message_id):
    mail = inquiry(6, message_id=message_id)
    chain.mta.send(mail)
    chain.mta.send(mail)
    first, second = chain.mta.wait_delivered(2)
    assert len(first.lead_ids) == 1
    assert first.lead_ids == second.lead_ids
    one_lead(chain, standin)


def test_8bit_in_body_and_header(chain, standin):
    mail = inquiry(7, text="Straße, crème brûlée, 屋根 — “now”\n")
    mail = mail.replace(b"Name: Ada Lovelaceah", "Name: Zoë Müller".encode())
    mail = mail.replace(b"From: Ada Lovelaceah", "From: Zoë Müller".encode())
    sent_both_ways(chain, mail)
    data = one_lead(chain, standin)
    assert data["contact"]["name"] == "Zoë Müller"
    assert "Straße, crème brûlée, 屋根" in json.dumps(data, ensure_ascii=False)


def test_undeclared_windows_1252_loses_no_letter(chain, standin):
    mail = inquiry(8).replace(b"; charset=utf-8", b"").replace(
        b"Company: Analytical Engines 8 LLC", b"Company: Caf\xe9 M\xfcller LLC")
    sent_both_ways(chain, mail)
    assert one_lead(chain, standin)["company"]["name"] == "Café Müller LLC"


def attachments(megabytes):
    """An inquiry with so many megabytes of attachments in base64."""
    dice = random.Random(25)
    boundary = "=_parts"
    plain = inquiry(10)
    head, _, body = plain.partition(b"\n\n")
    head = re.sub(rb"Content-[^\n]*\n?", b"", head).rstrip(b"\n")
    parts = [head + f'\nContent-Type: multipart/mixed; boundary="{boundary}"\n\n'.encode(),
             f"--{boundary}\nContent-Type: text/plain; charset=utf-8\n\n".encode() + body]
    for n in range(5):
        data = base64.encodebytes(dice.randbytes(megabytes * 1000000 // 5 * 3 // 4))
        parts.append(f"--{boundary}\nContent-Type: application/pdf\nContent-Disposition: attachment;"
                     f' filename="plan-{n}.pdf"\nContent-Transfer-Encoding: base64\n\n'.encode()
                     + data)
    return b"".join(parts) + f"--{boundary}--\n".encode()


def test_25_megabytes_of_attachments(chain, standin):
    mail = sent_both_ways(chain, attachments(25))
    assert len(mail.bytes) > 25_000_000
    assert len(mail.lead_ids) == 1
    data = one_lead(chain, standin)
    assert data["contact"]["name"] == "Ada Lovelaceak"


def test_50_mails_over_one_connection(chain, standin):
    with chain.mta.smtp() as smtp:
        # Every third one is no business of ours.
        for n in range(50):
            smtp.send(inquiry(n), [OTHER if n % 3 == 0 else LEADS])
            if n % 10 == 0:
                smtp.command("MAIL FROM:<ada@example.net>", 250)
                smtp.command(f"RCPT TO:<{LEADS}>", 250)
                smtp.command("RSET", 250)
    mails = chain.mta.wait_delivered(50)
    for mail in mails:
        assert len(mail.lead_ids) == (0 if mail.recipient == OTHER else 1)
    ours = sum(mail.recipient == LEADS for mail in mails)
    chain.wait_states(done=ours)
    names = [lead["data"]["company"]["name"] for lead in standin.leads]
    assert sorted(names) == sorted(f"Analytical Engines {n} LLC" for n in range(50) if n % 3)


def test_50_pipelined_mails(chain, standin):
    with chain.mta.smtp() as smtp:
        smtp.send_pipelined([inquiry(n) for n in range(50)])
    mails = chain.mta.wait_delivered(50)
    assert len({mail.lead_ids[0] for mail in mails}) == 50
    chain.wait_states(done=50)


def test_a_forged_lead_id_is_removed(chain, standin):
    forged = "X-Lead-Id: 11111111-2222-3333-4444-555555555555\n"
    mail = sent_both_ways_forged(chain, forged + "x-LEAD-id: again\n")
    assert len(mail.lead_ids) == 1
    assert mail.lead_ids[0] == chain.queue()[0]["id"]
    assert not mail.lead_ids[0].startswith("11111111")
    one_lead(chain, standin)


def sent_both_ways_forged(chain, forged):
    chain.mta.send(inquiry(11), way="none")
    plain = chain.mta.wait_delivered(1)[0]
    chain.mta.clear()
    chain.mta.send(inquiry(11, extra=forged))
    judged = chain.mta.wait_delivered(1)[0]
    assert judged.without_lead_id() == plain.original
    return judged


def test_an_out_of_office_reply_is_ignored(chain, standin):
    mail = sent_both_ways(chain, inquiry(12, subject="Out of office",
                                         extra="Auto-Submitted: auto-replied\n"))
    assert mail.lead_ids == []
    assert chain.queue() == []


def test_lines_that_start_with_dots_and_end_oddly(chain, standin):
    sent_both_ways(chain, inquiry(13, text=".\n..\n.hidden\ntrailing space \n\n\n\nno end"))
    one_lead(chain, standin)


def test_connections_that_say_nothing_do_no_harm(chain, standin):
    for _ in range(20):
        chain.mta.smtp().close()
    sent_both_ways(chain, inquiry(14))
    one_lead(chain, standin)


def test_reload_takes_over_under_load(chain, standin):
    with chain.mta.smtp() as smtp:
        for n in range(30):
            if n % 5 == 0:
                chain.milter.reload()
                chain.submit.reload()
            smtp.send(inquiry(n))
    assert all(len(mail.lead_ids) == 1 for mail in chain.mta.wait_delivered(30))
    chain.wait_states(done=30)


def test_without_lead_milter_the_sender_tries_again(chain, standin):
    chain.milter.kill9()
    with pytest.raises(SmtpError) as refused:
        chain.mta.send(inquiry(1))
    assert refused.value.code // 100 == 4
    chain.milter.start()
    chain.mta.send(inquiry(1))
    mail = chain.mta.wait_delivered(1)[0]
    assert mail.lead_ids == [chain.queue()[0]["id"]]
    assert one_lead(chain, standin)["company"]["name"] == "Analytical Engines 1 LLC"


def test_without_lead_milter_mail_goes_on_where_that_is_wanted(chain, standin):
    chain.milter.kill9()
    chain.mta.send(inquiry(1), way="accept")
    assert chain.mta.wait_delivered(1)[0].lead_ids == []
    chain.milter.start()
    chain.mta.send(inquiry(2), way="accept")
    assert [len(mail.lead_ids) for mail in chain.mta.wait_delivered(2)].count(1) == 1
    assert one_lead(chain, standin)["company"]["name"] == "Analytical Engines 2 LLC"
