"""Runs ESP-IDF's gen_esp32part.py on many inputs in one process.

Usage: gen-esp32part-batch.py PATH_TO_GEN_ESP32PART < cases.jsonl > results.jsonl
A case is {"input": base64, "args": [...]}; a result {"exit": 0 | 1 | 2, "stderr": ..., "output": base64 | null}.
"""

import base64
import contextlib
import io
import json
import os
import sys
import tempfile
import traceback
import types

path = sys.argv[1]
with open(path, encoding='utf-8') as source:
    code = compile(source.read(), path, 'exec')


def run(case, folder):
    input_path = os.path.join(folder, 'input')
    output_path = os.path.join(folder, 'output')
    with open(input_path, 'wb') as f:
        f.write(base64.b64decode(case['input']))
    if os.path.exists(output_path):
        os.remove(output_path)
    # A module of its own for each case: the tool keeps its options in globals.
    module = types.ModuleType('gen_esp32part')
    exec(code, module.__dict__)
    stderr = io.StringIO()
    sys.argv = [path, *case['args'], input_path, output_path]
    with contextlib.redirect_stderr(stderr):
        try:
            module.main()
            status = 0
        except module.InputError as error:
            print(error, file=stderr)
            status = 2
        except Exception:
            traceback.print_exc()
            status = 1
    output = None
    if status == 0:
        with open(output_path, 'rb') as f:
            output = base64.b64encode(f.read()).decode()
    return {'exit': status, 'stderr': stderr.getvalue(), 'output': output}


with tempfile.TemporaryDirectory() as folder:
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line), folder)))
