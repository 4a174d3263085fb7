#!/usr/bin/python3
"""How right the shipped rules are: every mail of tests/corpus against what a careful clerk would
have typed (the YAML file beside it; tests/corpus/README.md).

  tests/accuracy.py [--half seen|held] [--kind KIND] [--quiet] [MAIL...]

Prints precision, recall and F1 of each field and each kind of mail, and every miss with the rule
that is to blame. Exit status 1 when F1, the share of right actions or the traps are not what is
promised.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

HERE = pathlib.Path(__file__).resolve().parent
FIELDS = [
    'contact.name', 'contact.position', 'contact.email', 'contact.office', 'contact.mobile',
    'company.name', 'company.street', 'company.city', 'company.state', 'company.postalCode',
    'property.name', 'property.street', 'property.city', 'property.state', 'property.postalCode',
    'opportunity.price',
]
NOTES = 'opportunity.notes'
F1_WANTED, ACTIONS_WANTED = 0.97, 0.98

CONFIGURATION = """\
listen: unix:{folder}/socket
rules: {rules}
queue: sqlite:{folder}/queue.db
own_domains: [crestline-roofing.example]
accounts:
  - {{name: main, endpoint: 'https://api.example/a/leads', token_file: {folder}/token}}
mailboxes:
  - {{recipient: ['@crestline-roofing.example', '@example.com'], account: main}}
"""


class Tally:
    """True and false positives, and what was missed."""

    def __init__(self):
        self.hits = self.wrong = self.missed = 0

    def add(self, expected, got):
        if expected is not None and got is not None and same(expected, got):
            self.hits += 1
            return True
        self.wrong += got is not None
        self.missed += expected is not None
        return expected is None and got is None

    @property
    def precision(self):
        return self.hits / (self.hits + self.wrong) if self.hits + self.wrong else 1.0

    @property
    def recall(self):
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    @property
    def f1(self):
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def fold(text):
    return re.sub(r'\s+', ' ', str(text).replace('’', "'")).strip().casefold()


def same(expected, got):
    """Equal but for case, white space and the dots and commas of addresses."""
    expected, got = fold(expected), fold(got)
    if re.fullmatch(r'[\d.,$]+', expected):
        try:
            return float(expected.replace(',', '').strip('$')) == float(got)
        except ValueError:
            pass
    return expected == got or re.sub(r'[.,]', '', expected) == re.sub(r'[.,]', '', got)


def explain(mail, truth, leadctl, configuration):
    command = [leadctl, '-c', configuration, '--json', 'explain', str(mail)]
    if 'sender' in truth:
        command += ['--sender', truth['sender']]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f'{mail}: leadctl says {done.stderr.decode()}')
    return json.loads(done.stdout)


def found(told, field):
    """A field's value, unless it is made of another one because the API wants something."""
    entry = told.get('lead', {}).get(field)
    return entry['value'] if entry and entry['origin'] == 'found' else None


def blame(told, field):
    """Which rule gave a value."""
    for step in told.get('steps', []):
        if step['outcome'] == 'won' and (step['set'] == field or
                                         step['field'].endswith('.address') and
                                         step['field'].split('.')[0] == field.split('.')[0]):
            place = os.path.basename(step['file'])
            return f"{place}:{step['line']} {step['extractor']} {step.get('view') or ''}".strip()
    return f"no rule of {told['source']}"


def judge(mail, truth, told, scores):
    """Add a mail to the scores; the lines that tell what is wrong with it."""
    misses = []
    kind = scores['kinds'].setdefault(truth['kind'], Tally())
    right = told['action'] == truth['action']
    scores['actions'].append(right)
    if not right:
        misses.append(f"action: wanted {truth['action']}, got {told['action']} by {told['source']}")
    expect = truth.get('expect') or {}
    if truth['action'] == 'ignore' and told['action'] == 'ignore':
        return misses
    for field in FIELDS:
        got = found(told, field)
        if field in expect and got is None and field in told.get('lead', {}):
            got = told['lead'][field]['value']
        kind.add(expect.get(field), got)
        if not scores['fields'].setdefault(field, Tally()).add(expect.get(field), got):
            misses.append(f'{field}: wanted {expect.get(field)!r}, got {got!r} '
                          f'({blame(told, field)})')
    notes = fold(told.get('lead', {}).get(NOTES, {}).get('value', ''))
    for phrase in truth.get('notes_has') or []:
        scores['notes'].append(fold(phrase) in notes)
        if not scores['notes'][-1]:
            misses.append(f'notes lack {phrase!r} ({blame(told, NOTES)})')
    for phrase in truth.get('notes_lacks') or []:
        scores['notes'].append(fold(phrase) not in notes)
        if not scores['notes'][-1]:
            misses.append(f'notes have {phrase!r} ({blame(told, NOTES)})')
    for trap in truth.get('forbid') or []:
        for field, entry in told.get('lead', {}).items():
            if field != NOTES and fold(trap) in fold(entry['value']):
                scores['traps'].append(mail.name)
                misses.append(f'TRAP {trap!r} in {field} ({blame(told, field)})')
    if told['action'] != 'ignore' and not told['payload']['data']['company'].get('name'):
        scores['invalid'].append(mail.name)
        misses.append('INVALID payload')
    return misses


def table(title, tallies):
    print(f'{title:22}  precision  recall      F1  right  wrong  missed')
    for name, t in tallies.items():
        print(f'  {name:20}  {t.precision:9.3f}  {t.recall:6.3f}  {t.f1:6.3f}  {t.hits:5}  '
              f'{t.wrong:5}  {t.missed:6}')


def total(tallies):
    whole = Tally()
    for tally in tallies.values():
        whole.hits += tally.hits
        whole.wrong += tally.wrong
        whole.missed += tally.missed
    return whole


def report(title, mails, arguments, configuration):
    scores = {'fields': {}, 'kinds': {}, 'actions': [], 'notes': [], 'traps': [], 'invalid': []}
    truths = [yaml.safe_load(mail.with_suffix('.yaml').read_text()) for mail in mails]
    chosen = [(m, t) for m, t in zip(mails, truths) if arguments.kind in (None, t['kind'])]
    print(f'\n{title}: {len(chosen)} mails')
    with concurrent.futures.ThreadPoolExecutor() as pool:
        told = list(pool.map(
            lambda pair: explain(pair[0], pair[1], arguments.leadctl, configuration), chosen))
    for (mail, truth), one in zip(chosen, told):
        misses = judge(mail, truth, one, scores)
        if misses and not arguments.quiet:
            print(f"\n{mail.name}: {truth.get('why', '')}")
            print('\n'.join('    ' + line for line in misses))
    print()
    table('field', dict(sorted(scores['fields'].items(), key=lambda x: FIELDS.index(x[0]))))
    table('kind of mail', scores['kinds'])
    whole = total(scores['fields'])
    table('all', {'all fields': whole})
    actions = sum(scores['actions']) / max(len(scores['actions']), 1)
    notes = sum(scores['notes']) / max(len(scores['notes']), 1)
    print(f"actions {actions:.3f}, notes {notes:.3f}, traps taken {len(scores['traps'])}, "
          f"invalid payloads {len(scores['invalid'])}")
    return (whole.f1 >= F1_WANTED and actions >= ACTIONS_WANTED and not scores['traps'] and
            not scores['invalid'])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n', maxsplit=1)[0])
    parser.add_argument('--half', choices=['seen', 'held'])
    parser.add_argument('--kind')
    parser.add_argument('--quiet', action='store_true', help='figures only')
    parser.add_argument('--leadctl', default=os.environ.get('LEAD_BUILD', '.') + '/src/leadctl')
    parser.add_argument('--rules', default=str(HERE.parent / 'rules'))
    parser.add_argument('mails', nargs='*', type=pathlib.Path)
    arguments = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        configuration = os.path.join(folder, 'lead-milter.yaml')
        pathlib.Path(configuration).write_text(
            CONFIGURATION.format(folder=folder, rules=os.path.abspath(arguments.rules)))
        if arguments.mails:
            return 0 if report('mails given', arguments.mails, arguments, configuration) else 1
        for half in [arguments.half] if arguments.half else ['seen', 'held']:
            mails = sorted((HERE / 'corpus' / half).glob('*.eml'))
            good &= report(half, mails, arguments, configuration)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
