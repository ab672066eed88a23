import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    // Nothing is to be proved by these: they end what hangs. On a busy machine of two cores, tests that
    // start real tools (Python, browsers) beside each other take as long as they take.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    env: { ESPTOOL_CFGFILE: new URL('support/esptool.cfg', import.meta.url).pathname },
    coverage: { include: ['src/**/*.ts'], exclude: ['src/web/**'], reporter: ['text-summary'] },
  },
});
