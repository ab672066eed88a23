import { describe, expect, it } from 'vitest';
import { planPackage, type PackageInputs } from '../../../src/fleet/desired/plan-package.ts';
import { type DesiredInputs, resolveDesired } from '../../../src/fleet/desired/resolve-desired.ts';
import { runsArtifact, standingOf } from '../../../src/fleet/desired/runs-artifact.ts';
import type { Artifact, Release, Rollout } from '../../../src/fleet/index.ts';

const rollout = { rolloutId: 'rol', deploymentId: 'new', state: { kind: 'active' } } as Rollout;
const backState = { kind: 'rolling-back', deploymentId: 'again', by: 'operator', reason: '' };
const back = { ...rollout, state: backState } as Rollout;
const release = (sequence: number, fields: Partial<Release> = {}): Release => ({
  releaseId: `rel${sequence}`,
  deploymentId: `by-release-${sequence}`,
  sequence,
  releaseTags: [],
  deviceTags: [],
  blueprintId: null,
  enabled: true,
  createdAtMs: 0,
  revision: 1,
  ...fields,
});
const device = { pinnedDeploymentId: null, blueprintId: 'board', tags: ['eu', 'lab'] };
const cohort = { activeDeploymentId: 'old' };
const hold = { kind: 'hold', reason: 'paused', retryAtMs: null } as const;
const NOTHING: DesiredInputs = { device, cohort: null, rollout: null, releases: [] };

describe('what a device should run', () => {
  it.each<[string, Partial<DesiredInputs>, string | null, string]>([
    ['nothing said', {}, null, 'none'],
    ['its cohort', { cohort }, 'old', 'cohort'],
    [
      'pinned before everything else',
      {
        device: { ...device, pinnedDeploymentId: 'own' },
        cohort,
        rollout: { rollout, answer: { kind: 'forward' } },
        releases: [release(9)],
      },
      'own',
      'pinned',
    ],
    ['in the cut', { cohort, rollout: { rollout, answer: { kind: 'forward' } } }, 'new', 'rollout'],
    [
      'outside of it',
      { cohort, rollout: { rollout, answer: { kind: 'cohort' } } },
      'old',
      'cohort',
    ],
    ['held', { cohort, rollout: { rollout, answer: hold } }, 'new', 'rollout'],
    [
      'sent back',
      { cohort, rollout: { rollout: back, answer: { kind: 'back' } } },
      'again',
      'rollout',
    ],
    ['its cohort before releases', { cohort, releases: [release(9)] }, 'old', 'cohort'],
    [
      'a cohort that runs nothing',
      { cohort: { activeDeploymentId: null }, releases: [release(1)] },
      'by-release-1',
      'release',
    ],
    [
      'the newest release',
      { releases: [release(1), release(3), release(2)] },
      'by-release-3',
      'release',
    ],
    [
      'a switched off one',
      { releases: [release(1), release(2, { enabled: false })] },
      'by-release-1',
      'release',
    ],
    [
      'one by tags, all of them',
      {
        releases: [
          release(1, { deviceTags: ['eu', 'lab'] }),
          release(2, { deviceTags: ['eu', 'prod'] }),
        ],
      },
      'by-release-1',
      'release',
    ],
    [
      'one by blueprint',
      { releases: [release(1, { blueprintId: 'board' }), release(2, { blueprintId: 'other' })] },
      'by-release-1',
      'release',
    ],
    ['none that matches', { releases: [release(1, { deviceTags: ['us'] })] }, null, 'none'],
  ])('%s', (_, inputs, deploymentId, source) => {
    expect(resolveDesired({ ...NOTHING, ...inputs })).toMatchObject({ deploymentId, source });
  });
});

const image = {
  chip: 'esp32',
  projectName: null,
  descriptorVersion: null,
  secureVersion: 0,
  imageHash: 'aa'.repeat(32),
  appElfSha256: 'bb'.repeat(32),
} as const;

function artifact(version: string, fields: Partial<Artifact> = {}): Artifact {
  return {
    artifactId: `art_${version}`,
    packageId: 'main',
    version,
    blueprintIds: ['board'],
    sizeBytes: 1,
    sha256: 'cc'.repeat(32),
    md5: '',
    releaseNotes: '',
    minVersion: null,
    image,
    signatures: [],
    createdAtMs: 0,
    revision: 1,
    ...fields,
  };
}

const signature = { keyId: 'k1', algorithm: 'ed25519', signature: '', sequence: 5 } as const;
const runs = (version: string) => ({
  main: { version, imageHash: null, reportedAtMs: 0, bootedAtMs: 0 },
});

describe('what a device does with a package', () => {
  const target = artifact('2.0.0');
  const inputs: PackageInputs = {
    device: {
      blueprintId: 'board',
      enabled: true,
      reported: runs('1.0.0'),
      secureVersion: null,
      failures: {},
    },
    component: { packageId: 'main', version: '2.0.0', artifactId: 'art_2.0.0' },
    artifact: target,
    siblings: [target],
    sequence: 7,
    keyIds: null,
  };
  const { device: board } = inputs;
  const demanding = artifact('2.0.0', { minVersion: '1.5.0' });
  const stone = artifact('1.5.0');
  const foreignStone = artifact('1.6.0', { blueprintIds: ['other'] });

  it.each<[string, Partial<PackageInputs>, object]>([
    ['takes it', {}, { kind: 'take', artifact: { version: '2.0.0' }, notBeforeMs: null }],
    ['runs it', { device: { ...board, reported: runs('v2.0.0') } }, { kind: 'up-to-date' }],
    ['never said what it runs', { device: { ...board, reported: {} } }, { kind: 'take' }],
    [
      'is for other hardware',
      { device: { ...board, blueprintId: 'other' } },
      { kind: 'blocked', foreign: true, reason: 'main@2.0.0 is for board, not for other' },
    ],
    [
      'is of no known hardware',
      { device: { ...board, blueprintId: null } },
      { kind: 'blocked', foreign: true },
    ],
    [
      'an image that was checked against nothing goes nowhere',
      { artifact: artifact('2.0.0', { blueprintIds: [] }) },
      { kind: 'blocked', foreign: true },
    ],
    [
      'a binary for any hardware',
      { artifact: artifact('2.0.0', { blueprintIds: [], image: null }) },
      { kind: 'take' },
    ],
    ['is disabled', { device: { ...board, enabled: false } }, { kind: 'blocked', foreign: false }],
    [
      'is too old: the stepping stone first, of its own hardware',
      { artifact: demanding, siblings: [demanding, stone, foreignStone] },
      { kind: 'take', artifact: { version: '1.5.0' } },
    ],
    [
      'is too old, and there is no stone',
      { artifact: demanding, siblings: [demanding, foreignStone] },
      { kind: 'blocked' },
    ],
    [
      'would never boot it',
      { device: { ...board, secureVersion: 1 } },
      { kind: 'blocked', reason: expect.stringContaining('secure version 0') },
    ],
    [
      'unsigned',
      { keyIds: new Set(['k1']) },
      { kind: 'blocked', reason: 'main@2.0.0 is not signed by a key that counts' },
    ],
    [
      'signed',
      { keyIds: new Set(['k1']), artifact: artifact('2.0.0', { signatures: [signature] }) },
      { kind: 'take' },
    ],
    [
      'signed by a key that was revoked',
      { keyIds: new Set(['k2']), artifact: artifact('2.0.0', { signatures: [signature] }) },
      { kind: 'blocked' },
    ],
    [
      'signed for later deployments',
      {
        keyIds: new Set(['k1']),
        sequence: 4,
        artifact: artifact('2.0.0', { signatures: [signature] }),
      },
      { kind: 'blocked', reason: 'main@2.0.0 is signed for deployments from 5 on, this is 4' },
    ],
    [
      'unsigned stones are no way',
      {
        keyIds: new Set(['k1']),
        artifact: { ...demanding, signatures: [signature] },
        siblings: [stone],
      },
      { kind: 'blocked' },
    ],
    [
      'failed it before',
      {
        device: {
          ...board,
          failures: {
            main: {
              artifactId: 'art_2.0.0',
              count: 1,
              notBeforeMs: 9,
              rebooting: false,
              fromVersion: null,
            },
          },
        },
      },
      { kind: 'take', notBeforeMs: 9 },
    ],
  ])('%s', (_, changes, expected) => {
    expect(planPackage({ ...inputs, ...changes })).toMatchObject(expected);
  });
});

describe('what a device reports', () => {
  const inside = artifact('2.0.0', { image: { ...image, descriptorVersion: 'v2-g1234' } });
  const twin = artifact('1.0.0', { image: { ...image, descriptorVersion: 'v2-g1234' } });

  it.each([
    ['2.0.0', null, [inside], true],
    ['v2.0.0', null, [inside], true],
    ['2.0.1', null, [inside], false],
    ['whatever', 'aa'.repeat(32), [inside], true],
    ['whatever', 'bb'.repeat(32), [inside], true],
    ['whatever', 'dd'.repeat(32), [inside], false],
    ['v2-g1234', null, [inside], true],
    // Both say so of themselves: then it says nothing.
    ['v2-g1234', null, [inside, twin], false],
    // An ELF hash that other bytes have, too, says as little; of the same bytes it says it all.
    ['1.0.0', 'bb'.repeat(32), [inside, { ...twin, sha256: 'ee'.repeat(32) }], false],
    ['1.0.0', 'bb'.repeat(32), [inside, twin], true],
  ])('%s with hash %s is the artifact: %s', (version, imageHash, siblings, same) => {
    expect(runsArtifact({ version, imageHash }, inside, siblings)).toBe(same);
  });

  it.each([
    ['1.0.0', '1.0.0', 'before'],
    ['v1.0.0', '1.0.0', 'before'],
    ['1.5.0', '1.0.0', 'step'],
    ['0.9.0', '1.0.0', 'other'],
    ['3.0.0', '1.0.0', 'other'],
    ['nightly', '1.0.0', 'other'],
    ['1.5.0', undefined, 'step'],
    ['1.5.0', 'nightly', 'step'],
  ])('%s on the way from %s to 2.0.0 is %s', (version, from, standing) => {
    expect(standingOf(version, from, '2.0.0')).toBe(standing);
  });
});
