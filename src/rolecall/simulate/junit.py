"""A report as JUnit XML, which every CI knows how to show: one test case for each chapter."""

import re
from xml.etree import ElementTree as ET

from rolecall.simulate.manners import MANNERS
from rolecall.simulate.playing import Report

UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for (section 2.2): a server may answer anything."""


def junit_of(report: Report) -> bytes:
    """The report: a chapter in which something was stumbled over has failed."""
    stumbled = {each.chapter for each in report.surprises}
    name = f"rolecall simulate {report.provider}"
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(report.chapters)),
        failures=str(len(stumbled & {each.chapter for each in report.chapters})),
        errors="0",
        skipped="0",
        time=f"{report.seconds:.3f}",
    )
    for played in report.chapters:
        case = ET.SubElement(
            suite, "testcase", classname=name, name=played.chapter, time=f"{played.seconds:.3f}"
        )
        met = [each for each in report.surprises if each.chapter == played.chapter]
        if not met:
            continue
        title = MANNERS[report.provider].title
        failure = ET.SubElement(case, "failure", type=met[0].rule)
        failure.set("message", f"{title} would stumble over {_printable(met[0].said)}")
        failure.text = "\n\n".join(
            f"{each.rule}, {each.count} times: {_printable(each.said)}\n{each.why}" for each in met
        )
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    told: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return told


def _printable(text: str) -> str:
    return UNPRINTABLE.sub("\ufffd", text)
