"""Runs esptool commands in one process, because most of a short command is Python starting up.

Each line of standard input is a JSON list of arguments; each is answered by one line of JSON.
"""

import contextlib
import io
import json
import sys
import time
import types

import esptool
import serial.rfc2217

# pyserial looks every 50 ms whether an option was confirmed, and esptool sets several per command.
# Looking more often changes what is waited for nowhere, only when it is noticed.
serial.rfc2217.time = types.SimpleNamespace(
    sleep=lambda seconds: time.sleep(min(seconds, 0.001))
)

answers = sys.stdout
for line in sys.stdin:
    output = io.StringIO()
    failure = None
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            esptool.main(json.loads(line))
        except SystemExit as end:
            failure = None if end.code in (0, None) else f"exit {end.code}"
        except Exception as error:  # esptool's command line shows any error as its message
            failure = f"{type(error).__name__}: {error}"
    print(json.dumps({"failure": failure, "output": output.getvalue()}), file=answers, flush=True)
