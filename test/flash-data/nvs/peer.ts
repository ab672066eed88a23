import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A CSV for the real tool. */
export interface PeerCase {
  readonly csv: string;
  readonly sizeBytes: number;
  readonly version: 1 | 2;
  /** 64 bytes to encrypt with. */
  readonly keys?: Uint8Array;
}

/** One process runs the tool's own code over all cases; starting it anew for each takes minutes. */
const DRIVER = `
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from types import SimpleNamespace
from esp_idf_nvs_partition_gen import nvs_partition_gen as tool
folder = sys.argv[1]
os.chdir(folder)
failures = []
for number, case in enumerate(json.load(open('cases.json'))):
    with open('case.csv', 'w', encoding='utf8', newline='') as file:
        file.write(case['csv'])
    key = bytes.fromhex(case['keys']) if case['keys'] else None
    args = SimpleNamespace(input=['case.csv'], output='%d.bin' % number, size=str(case['sizeBytes']), version=case['version'], outdir=folder)
    failure = None
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            tool.generate(args, is_encr_enabled=key is not None, encr_key=key)
    except BaseException as error:
        failure = '%s: %s' % (type(error).__name__, error)
    failures.append(failure)
json.dump(failures, open('failures.json', 'w'))
`;

/** What `nvs_partition_gen` makes of each case: the partition, or why it gave up. */
export async function generateWithPeer(
  python: string,
  folder: string,
  cases: readonly PeerCase[],
): Promise<readonly (Uint8Array | string)[]> {
  const json = cases.map(({ keys, ...rest }) => ({
    ...rest,
    keys: keys === undefined ? '' : Buffer.from(keys).toString('hex'),
  }));
  await writeFile(join(folder, 'cases.json'), JSON.stringify(json));
  await promisify(execFile)(python, ['-c', DRIVER, folder], { maxBuffer: 1 << 26 });
  const text = await readFile(join(folder, 'failures.json'), 'utf8');
  const failures = JSON.parse(text) as readonly (string | null)[];
  return Promise.all(
    failures.map(async (failure, number) =>
      failure === null ? new Uint8Array(await readFile(join(folder, `${number}.bin`))) : failure,
    ),
  );
}
