import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one esptool command line printed and how it ended. */
export interface EsptoolResult {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs each command line of JSON on stdin through esptool's own main, and answers in JSON. */
const DRIVER = `
import contextlib, io, json, sys
import esptool
results = []
for args in json.load(sys.stdin):
    out = io.StringIO()
    ok = True
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            esptool.main(args)
        except SystemExit as stop:
            ok = stop.code in (0, None)
        except BaseException as error:
            ok = False
            print(repr(error))
    results.append({"ok": ok, "output": out.getvalue()})
json.dump(results, sys.stdout)
`;

/**
 * Many esptool commands in one process: starting Python anew takes longer than what it then does.
 *
 * @param esptool the script that pip installed, whose first line names its interpreter
 */
export function runEsptool(
  esptool: string,
  commands: readonly (readonly string[])[],
): readonly EsptoolResult[] {
  const shebang = readFileSync(esptool, 'utf8').split('\n', 1)[0] ?? '';
  const python = shebang.replace(/^#!/, '').trim();
  const output = execFileSync(python, ['-c', DRIVER], {
    input: JSON.stringify(commands),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, COLUMNS: '200', NO_COLOR: '1' },
  });
  return JSON.parse(output) as EsptoolResult[];
}
