#!/usr/bin/env node
// Not by name: an old Node lacks some of the names, and would say that instead of what is said below.
import nodeModule from 'node:module';

const OLDEST_NODE_MAJOR = 24;

const major = Number(process.versions.node.split('.')[0]);
if (major < OLDEST_NODE_MAJOR) {
  console.error(
    `otakit needs Node ${OLDEST_NODE_MAJOR} or newer, this is ${process.versions.node}.\n` +
      `hint: npx -p node@${OLDEST_NODE_MAJOR} -p otakit otakit …`,
  );
  process.exitCode = 2;
} else if (process.argv.length === 3 && /^(--version|-V)$/.test(process.argv[2] ?? '')) {
  // Answered here, because scripts ask often and loading the commands takes longer than the answer.
  const { version } = nodeModule.createRequire(import.meta.url)('otakit/package.json') as {
    version: string;
  };
  process.stdout.write(`${version}\n`);
} else {
  nodeModule.enableCompileCache();
  const { runProcess } = await import('./cli/index.ts');
  await runProcess();
}
