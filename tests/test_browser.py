"""A real browser on a real server: the pages as a reader gets them, without scripts."""

import pytest

from browsing import opened

PAGES = {
    "/?lang=en": ["110 tasks", "88 of 110 tasks", "Special action plan on talent cultivation"],
    "/?lang=zh": ["顶层设计专项行动计划", "88"],
    "/doc/plan/iot-2013_standards?lang=en": ["Accelerate the development of basic and common standards"],
    "/doc/task/iot-2013_standards_2?lang=en": [
        "国家标准委牵头",
        "the plan's safeguard measures",
        "31 December 2015",
    ],
    "/queries/where-wuxi-stands?lang=zh": ["无锡国家传感网创新示范区", "人才培养专项行动计划"],
    "/doc/task/iot-2013_standards_22?lang=en": ["Accelerate the development of basic and common standards"],
}


@pytest.mark.browser
@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_browser_shows_the_page_and_has_nothing_to_complain_of(served, browser, path):
    """What the page must say is in the document the browser built."""
    with opened(browser, served, path) as page:
        shown = page.content()
    for words in PAGES[path]:
        assert words in shown
