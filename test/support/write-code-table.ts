import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allCodes, codeTable, TABLE_END, TABLE_START } from './code-catalogues.ts';
import { REPOSITORY } from './source-files.ts';

const path = join(REPOSITORY, 'README.md');
const readme = readFileSync(path, 'utf8');
const start = readme.indexOf(TABLE_START) + TABLE_START.length;
const end = readme.indexOf(TABLE_END);
const table = codeTable(await allCodes());
writeFileSync(path, `${readme.slice(0, start)}\n\n${table}\n\n${readme.slice(end)}`);
