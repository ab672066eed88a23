import { printable } from '../shared/index.ts';
import type { AppDescriptor } from './app-descriptor.ts';
import type { AppImageIssue } from './codes.ts';
import type { AppImage } from './image.ts';

/** Whose devices an image is for: they differ in what they read of the descriptor. */
export type Audience = 'micro-rdk' | 'esp-idf';

/** micro-RDK copies version and build time into strings of this capacity and fails when they do not fit. */
const MICRO_RDK_TEXT_BYTES = 24;

/** Checks what an image says about itself. */
export function checkDescriptor(
  { appDescriptor, chip }: AppImage,
  audience: Audience,
  previousVersion: string | undefined,
): AppImageIssue[] {
  if (appDescriptor === null) {
    return [
      {
        code: 'app-image/no-app-descriptor',
        severity: chip === 'esp8266' ? 'warning' : 'error',
        message: 'the image has no app descriptor (magic word 0xabcd5432 at offset 0x20)',
        hint: 'Build it as an ESP-IDF app; in Rust, add esp_idf_sys::esp_app_desc!() or esp_bootloader_esp_idf::esp_app_desc!().',
        location: { kind: 'binary', fileOffset: 32 },
      },
    ];
  }
  return [
    ...checkEncoding(appDescriptor, audience),
    ...checkLengths(appDescriptor, audience),
    ...checkVersion(appDescriptor, previousVersion),
  ];
}

function checkEncoding(descriptor: AppDescriptor, audience: Audience): AppImageIssue[] {
  const issues: AppImageIssue[] = [];
  if (descriptor.version === null) {
    issues.push({
      code: 'app-image/version-not-utf8',
      severity: 'error',
      message: `the version is not UTF-8: ${lossy(descriptor.versionBytes)}`,
      hint: 'Set a plain version (PROJECT_VER, or version.txt) and build again.',
      location: { kind: 'binary', fileOffset: 48 },
    });
  }
  const texts = {
    'project name': descriptor.projectName,
    'build time': descriptor.time,
    'build date': descriptor.date,
    'ESP-IDF version': descriptor.idfVersion,
  };
  for (const [name, text] of Object.entries(texts)) {
    if (text !== null) continue;
    // Only the build time and date are read by micro-RDK, which panics on them.
    const panics = audience === 'micro-rdk' && name.startsWith('build');
    issues.push({
      code: 'app-image/text-not-utf8',
      severity: panics ? 'error' : 'warning',
      message: `the ${name} is not UTF-8`,
      hint: 'Build again with a plain text there.',
    });
  }
  for (const [name, text] of Object.entries({ version: descriptor.version, ...texts })) {
    if (text === null || printable(text) === text) continue;
    issues.push({
      code: 'app-image/unprintable-text',
      severity: 'warning',
      message: `the ${name} has control characters: "${printable(text)}"`,
      hint: 'Build again with a plain text there.',
    });
  }
  return issues;
}

function checkLengths(descriptor: AppDescriptor, audience: Audience): AppImageIssue[] {
  const issues: AppImageIssue[] = [];
  const severity = audience === 'micro-rdk' ? 'error' : 'warning';
  const { length } = descriptor.versionBytes;
  if (length > MICRO_RDK_TEXT_BYTES) {
    issues.push({
      code: 'app-image/version-too-long',
      severity,
      message: `the version "${descriptor.version ?? lossy(descriptor.versionBytes)}" has ${length} bytes; micro-RDK devices read at most ${MICRO_RDK_TEXT_BYTES}, and one that runs it never updates again`,
      hint: 'Build with a shorter version (PROJECT_VER, or version.txt, or a shorter git tag).',
      location: { kind: 'binary', fileOffset: 48 },
    });
  }
  const buildTime = `${descriptor.date ?? ''} ${descriptor.time ?? ''}`;
  const buildTimeBytes = new TextEncoder().encode(buildTime).length;
  if (buildTimeBytes > MICRO_RDK_TEXT_BYTES) {
    issues.push({
      code: 'app-image/build-time-too-long',
      severity,
      message: `date and time of the build, "${buildTime}", have ${buildTimeBytes} bytes; micro-RDK devices read at most ${MICRO_RDK_TEXT_BYTES}`,
      hint: "Build with the compiler's own __DATE__ and __TIME__.",
      location: { kind: 'binary', fileOffset: 112 },
    });
  }
  return issues;
}

function checkVersion(
  { version }: AppDescriptor,
  previousVersion: string | undefined,
): AppImageIssue[] {
  if (version === null) return [];
  const issues: AppImageIssue[] = [];
  if (version === '' || version === '1') {
    issues.push({
      code: 'app-image/version-missing',
      severity: 'warning',
      message:
        version === ''
          ? 'the version is empty'
          : 'the version is "1", which ESP-IDF takes when it finds none',
      hint: 'Set a version (PROJECT_VER, version.txt, or a git tag), so that devices can be told apart.',
    });
  }
  if (/[-+.]dirty$/.test(version)) {
    issues.push({
      code: 'app-image/version-dirty',
      severity: 'warning',
      message: `the version "${version}" says that it was built from uncommitted changes`,
      hint: 'Commit, and build again before this goes to more than your own board.',
    });
  }
  if (previousVersion !== undefined && version === previousVersion) {
    issues.push({
      code: 'app-image/version-repeated',
      severity: 'warning',
      message: `the version "${version}" is the one of the image before`,
      hint: 'Raise the version, so that it can be seen which one a device runs.',
    });
  }
  return issues;
}

function lossy(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
