"""What only Postfix has; test_mta.py has what it shares with Sendmail."""

from harness import inquiry
from test_mta import one_lead, sent_both_ways


def test_smtputf8(chain, standin):
    chain.configure(listen=chain.postfix.unix, mailboxes=[
        {"recipient": ["anfragen@example.com", "größe@example.com"], "account": "main"}])
    chain.milter.restart()
    mail = inquiry(9, subject="Dach prüfen").replace(
        b"ada.9@example.net", "zoë@bücher.example".encode())
    judged = sent_both_ways(chain, mail, ["größe@example.com"], sender="zoë@bücher.example",
                            utf8=True)
    assert len(judged.lead_ids) == 1
    one_lead(chain, standin)
