"""leadctl explain --html: the page in a real browser, headless Chromium."""

import json
import os
import stat
import subprocess

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import harness
from harness import SOURCE

RULES = SOURCE / "rules"
SAMPLE = RULES / "samples/angi-1.eml"
HOSTILE = """\
From: Eve <eve@evil.example>
To: leads@example.com
Subject: <script>document.title='ran'</script>"'

<img src=x onerror="document.title='ran'"> </pre></mark><script>document.title='ran'</script>
Name: Ada <b onmouseover="document.title='ran'">Lovelace</b>
Phone: 312-555-0142
A\u202etxet\u202c and \x1b[31mred

""" + "x" * 5000 + "\n"


def explain(*arguments):
    return subprocess.run([harness.program("leadctl"), "--rules", RULES, *map(str, arguments)],
                          capture_output=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for switch in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                   "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                   f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"]:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    yield driver
    driver.quit()


def show(browser, place, mail, width=1100, scheme="light"):
    page = place / "page.html"
    done = explain("explain", "--html", page, mail)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
    browser.get_log("performance")
    browser.get(page.as_uri())


def own_text(browser, mark):
    """A mark's text in the mail, without what it says when it is pointed at."""
    return browser.execute_script(
        "const m = arguments[0].cloneNode(true);"
        "m.querySelectorAll('.tip').forEach(t => t.remove()); return m.textContent", mark)


def shown_tips(browser):
    return [tip.text for tip in browser.find_elements(By.CLASS_NAME, "tip") if tip.is_displayed()]


def test_marks_what_was_found_where_it_stands(browser, place):
    show(browser, place, SAMPLE)
    marks = {m.get_attribute("data-field"): own_text(browser, m)
             for m in browser.find_elements(By.TAG_NAME, "mark")}
    told = json.loads(explain("--json", "explain", SAMPLE).stdout)
    found = {s["set"]: s["raw"] for s in told["steps"]
             if s["outcome"] == "won" and s.get("view") == "body"}
    assert len(found) >= 5
    assert marks == found
    colours = {browser.execute_script("return getComputedStyle(arguments[0]).backgroundColor", m)
               for m in browser.find_elements(By.CSS_SELECTOR, "mark:not(.wide)")}
    assert len(colours) == len(found) - 1  # the notes have a bar


def test_tab_shows_the_rule_and_the_raw_text(browser, place):
    show(browser, place, SAMPLE)
    assert shown_tips(browser) == []
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    focused = browser.switch_to.active_element
    assert focused.get_attribute("data-field") == "contact.name"
    [tip] = shown_tips(browser)
    assert "20-angi.yaml:" in tip and "label" in tip and "as it stood: Ada Lovelace" in tip
    focused.send_keys(Keys.TAB)
    [tip] = shown_tips(browser)
    assert "contact.office" in tip


def test_the_pointer_shows_the_innermost_mark_only(browser, place):
    show(browser, place, SOURCE / "rules/samples/generic-1-prose.eml")
    mark = browser.find_element(By.CSS_SELECTOR, "mark.wide mark")
    webdriver.ActionChains(browser).move_to_element(mark).perform()
    [tip] = shown_tips(browser)
    assert mark.get_attribute("data-field") in tip


def test_tells_what_is_missing_and_who_did_not_match(browser, place):
    show(browser, place, SOURCE / "rules/samples/generic-1-prose.eml")
    text = browser.find_element(By.TAG_NAME, "main").text
    assert "00-ignore.yaml" in text and "does not hold" in text
    names = [s.text for s in browser.find_elements(By.TAG_NAME, "summary")]
    assert "company.name" in names and "contact.name" not in names


def test_asks_nobody_for_anything(browser, place):
    show(browser, place, SAMPLE)
    asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in asked
            if m["method"] == "Network.requestWillBeSent"]
    assert urls == [(place / "page.html").as_uri()]
    page = (place / "page.html").read_text()
    assert "<script" not in page and "http:" not in page.split("<main>", maxsplit=1)[0]


@pytest.mark.parametrize("mail", ["hostile", "sample"])
def test_a_phone_need_not_scroll_sideways(browser, place, mail):
    file = SAMPLE
    if mail == "hostile":
        file = place / "hostile.eml"
        file.write_text(HOSTILE)
    show(browser, place, file, width=360)
    assert browser.execute_script("return innerWidth") == 360
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 360


def luminance(colour):
    values = [int(v) / 255 for v in colour[colour.index("(") + 1:-1].split(",")[:3]]
    linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(browser, element, ground=None):
    style = "return getComputedStyle(arguments[0])."
    ink = luminance(browser.execute_script(style + "color", element))
    back = luminance(browser.execute_script(style + "backgroundColor", ground or element))
    return (max(ink, back) + 0.05) / (min(ink, back) + 0.05), ink > back


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_can_be_read_by_day_and_in_the_dark(browser, place, scheme):
    show(browser, place, SAMPLE, scheme=scheme)
    body = browser.find_element(By.TAG_NAME, "body")
    ratio, light_ink = contrast(browser, body)
    assert ratio >= 7 and light_ink == (scheme == "dark")
    for mark in browser.find_elements(By.CSS_SELECTOR, "mark:not(.wide)"):
        assert contrast(browser, mark)[0] >= 4.5, mark.get_attribute("data-field")
    soft = browser.find_element(By.CLASS_NAME, "soft")
    assert contrast(browser, soft, body)[0] >= 4.5


def test_nothing_of_the_mail_runs(browser, place):
    hostile = place / "hostile.eml"
    hostile.write_text(HOSTILE)
    show(browser, place, hostile)
    for mark in browser.find_elements(By.TAG_NAME, "mark"):
        webdriver.ActionChains(browser).move_to_element(mark).perform()
    assert "ran" not in browser.title.replace("document.title='ran'", "")
    assert browser.find_elements(By.TAG_NAME, "script") == []
    assert browser.find_elements(By.TAG_NAME, "img") == []
    controls = {c.text for c in browser.find_elements(By.CLASS_NAME, "ctl")}
    assert "U+202E" in controls
    page = (place / "page.html").read_text()
    assert "\x1b" not in page and "\u202e" not in page


def test_is_written_whole_and_for_its_owner_only(place):
    page = place / "page.html"
    assert explain("explain", "--html", page, SAMPLE).returncode == 0
    assert stat.S_IMODE(os.stat(page).st_mode) == 0o600
    assert explain("explain", "--html", "-", SAMPLE).stdout == page.read_bytes()
    done = explain("explain", "--html", place / "none/page.html", SAMPLE)
    assert done.returncode == 73 and b"No such file or directory" in done.stderr


def test_an_ignored_mail_has_a_page_too(browser, place):
    show(browser, place, RULES / "samples/ignore-2-out-of-office.eml")
    text = browser.find_element(By.TAG_NAME, "main").text
    assert "ignore" in text and "The lead" not in text
