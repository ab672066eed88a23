// The second half of `npm run build`: puts the command line into a few files instead of hundreds,
// because half of what a short command took was finding and reading modules. Packages stay outside,
// and what is imported lazily stays lazy.
import { rolldown } from 'rolldown';

const bundle = await rolldown({ input: 'src/main.ts', platform: 'node', external: /^[^./]/ });
await bundle.write({
  dir: 'dist/bin',
  cleanDir: true,
  format: 'esm',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
