# SPDX-License-Identifier: MIT
"""
The firmware on a board, for pytest-embedded:

    pip install pytest-embedded pytest-embedded-serial-esp pytest-embedded-idf

    idf.py set-target esp32c3 && idf.py -DTINYLM_MODEL=model.tlm build
    pytest --target esp32c3 --embedded-services esp,idf pytest_tinylm.py

Written without a board at hand and never run on one: see BOARD-CHECKLIST.md.
"""
import json
import re

import pytest
from pytest_embedded import Dut

pytestmark = [pytest.mark.esp32, pytest.mark.esp32s3, pytest.mark.esp32c3, pytest.mark.generic]

RESULT = re.compile(rb"\[(\d+) tokens, ([\d.]+) tokens/s, seed (\d+), (end|length|stop|cancelled)\]")


def boot(dut: Dut) -> None:
    dut.expect(re.compile(rb"\[TinyLM [\d.]+: "), timeout=20)
    dut.write("/echo off")
    dut.write("/status on")


def info(dut: Dut) -> dict:
    dut.write("/info")
    text = dut.expect(re.compile(rb"(\{\r?\n \"name\":\"tinylm\",.*\}\})\r?\n", re.DOTALL), timeout=5).group(1)
    return json.loads(text)


def test_boots_and_describes_itself(dut: Dut) -> None:
    boot(dut)
    said = info(dut)
    assert said["protocol"] == 1
    assert said["device"]["port"] == "esp-idf"
    assert said["device"]["chip"] == dut.target
    assert said["storage_bytes"] >= 1 << 20
    assert said["device"]["stack_free_min"] > 512
    assert said["device"]["heap_min_free"] > 16384


def test_generates_the_same_text_twice(dut: Dut) -> None:
    boot(dut)
    dut.write("/set seed 7")
    dut.expect_exact('"seed":7')
    dut.write("/set length 60")
    dut.expect_exact('"length":60')
    texts = []
    for _ in range(2):
        dut.write("Once")
        found = dut.expect(re.compile(rb"(.*?)" + RESULT.pattern, re.DOTALL), timeout=30)
        texts.append(found.group(1).strip())
        assert found.group(4) == b"7"
    assert texts[0] == texts[1]


def test_bench_and_watchdog(dut: Dut) -> None:
    boot(dut)
    dut.write("/bench 2000")
    found = dut.expect(re.compile(rb"\[2000 tokens, ([\d.]+) tokens/s, (\d+) ms, (\d+) cycles a token\]"), timeout=120)
    print(f"{dut.target}: {found.group(1).decode()} tokens/s, {found.group(3).decode()} cycles a token")
    assert info(dut)["uptime_s"] > 0  # it has not been restarted by a watchdog


def test_cancel(dut: Dut) -> None:
    boot(dut)
    dut.write("/continuous Once")
    dut.expect(re.compile(rb".{40}", re.DOTALL), timeout=20)
    dut.write("/cancel")
    dut.expect(re.compile(rb"cancelled\]"), timeout=5)


def test_noise_does_not_hurt(dut: Dut) -> None:
    boot(dut)
    dut.write(b"\xf9\x05\x01half a frame")
    dut.write(b"\x00\xff" * 600)
    dut.write("/nothing")
    dut.expect_exact("[error unknown: no such command")
