import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** What a command gets to work with. */
export interface Cli {
  readonly context: CliContext;
  /** Ends with an exit code other than 0 although nothing was thrown, as `image check` does. */
  readonly setExitCode: (code: number) => void;
}

/** Gives a noun its verbs, options and help; the code behind each verb is imported when it runs. */
export type RegisterNoun = (noun: Command, cli: Cli) => void;

/** One noun of the command line. Its definition is loaded only when it is the one that was typed. */
export interface Noun {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<RegisterNoun>;
}

/** Every noun, under the headings of `otakit --help`. */
export const NOUNS: Readonly<Record<string, readonly Noun[]>> = {
  'Files:': [
    {
      name: 'partitions',
      description: 'Read, check, build, compare and draw partition tables (CSV and binary).',
      load: async () => (await import('./partitions/command.ts')).registerPartitions,
    },
    {
      name: 'image',
      description: 'Look at app images, check them, take them apart.',
      load: async () => (await import('./image/command.ts')).registerImage,
    },
    {
      name: 'otadata',
      description: 'See and change which app slot boots, in a dump of otadata or of the flash.',
      load: async () => (await import('./otadata/command.ts')).registerOtadata,
    },
    {
      name: 'nvs',
      description: 'Read, edit, build and encrypt NVS, the partition that holds settings.',
      load: async () => (await import('./nvs/command.ts')).registerNvs,
    },
    {
      name: 'sign',
      description: 'Sign what is released: keys, signatures, and whether they hold.',
      load: async () => (await import('./sign/command.ts')).registerSign,
    },
  ],
  'Over the air:': [
    {
      name: 'serve',
      description: 'Check an app image and serve it on the LAN, for devices to update from.',
      load: async () => (await import('./serve/command.ts')).registerServe,
    },
    {
      name: 'discover',
      description: 'Find otakit servers and ESP devices on the LAN (multicast DNS).',
      load: async () => (await import('./discover/command.ts')).registerDiscover,
    },
    {
      name: 'config',
      description: 'Look at and change the OTA service in a Viam machine config.',
      load: async () => (await import('./config/command.ts')).registerConfig,
    },
    {
      name: 'push',
      description: 'Set URL and version tag in machine configs, so that the devices update.',
      load: async () => (await import('./push/command.ts')).registerPush,
    },
    {
      name: 'dev',
      description: 'Put every finished build onto the device: check, publish, push, follow.',
      load: async () => (await import('./dev/command.ts')).registerDev,
    },
  ],
  'Boards:': [
    {
      name: 'ports',
      description: 'List serial ports: what is on them, and whether they can be opened.',
      load: async () => (await import('./ports/command.ts')).registerPorts,
    },
    {
      name: 'flash',
      description: 'Read and write the flash of a board.',
      load: async () => (await import('./flash/command.ts')).registerFlash,
    },
    {
      name: 'monitor',
      description: 'Watch what a board prints: crashes decoded, resets explained.',
      load: async () => (await import('./monitor/command.ts')).registerMonitor,
    },
    {
      name: 'serial-server',
      description:
        'Share a serial port over the network (RFC 2217), for WSL, containers and remote benches.',
      load: async () => (await import('./serial-server/command.ts')).registerSerialServer,
    },
  ],
  'Fleet:': [
    {
      name: 'server',
      description: 'Run the fleet server: packages, rollouts, devices, on one port.',
      load: async () => (await import('./server/command.ts')).registerServer,
    },
    {
      name: 'package',
      description: 'What can be updated on a device.',
      load: async () => (await import('./package/command.ts')).registerPackage,
    },
    {
      name: 'blueprint',
      description: 'Hardware classes: chip, flash size and partition table.',
      load: async () => (await import('./blueprint/command.ts')).registerBlueprint,
    },
    {
      name: 'artifact',
      description: 'The bytes of package versions, checked against their hardware.',
      load: async () => (await import('./artifact/command.ts')).registerArtifact,
    },
    {
      name: 'deployment',
      description: 'Bundles of artifacts.',
      load: async () => (await import('./deployment/command.ts')).registerDeployment,
    },
    {
      name: 'cohort',
      description: 'Groups of devices that receive the same deployments.',
      load: async () => (await import('./cohort/command.ts')).registerCohort,
    },
    {
      name: 'rollout',
      description: 'Deliver in stages that stop and roll back by themselves.',
      load: async () => (await import('./rollout/command.ts')).registerRollout,
    },
    {
      name: 'release',
      description: 'Deployments aimed at devices by blueprint and tags.',
      load: async () => (await import('./release/command.ts')).registerRelease,
    },
    {
      name: 'device',
      description: 'Boards: who they are, what they run and why.',
      load: async () => (await import('./device/command.ts')).registerDevice,
    },
    {
      name: 'tag',
      description: 'Labels of devices.',
      load: async () => (await import('./tag/command.ts')).registerTag,
    },
    {
      name: 'command',
      description: 'Instructions that wait until the device connects.',
      load: async () => (await import('./command/command.ts')).registerCommand,
    },
    {
      name: 'key',
      description: 'Public keys whose signatures count.',
      load: async () => (await import('./key/command.ts')).registerKey,
    },
    {
      name: 'token',
      description: 'Credentials of people, CI and the factory.',
      load: async () => (await import('./token/command.ts')).registerToken,
    },
    {
      name: 'webhook',
      description: 'Addresses that are told about events.',
      load: async () => (await import('./webhook/command.ts')).registerWebhook,
    },
    {
      name: 'events',
      description: 'What happens in the fleet.',
      load: async () => (await import('./events/command.ts')).registerEvents,
    },
    {
      name: 'audit',
      description: 'Who did what.',
      load: async () => (await import('./audit/command.ts')).registerAudit,
    },
  ],
  'Without hardware:': [
    {
      name: 'simulate',
      description: 'Run a virtual counterpart of a device or of a service.',
      load: async () => (await import('./simulate/command.ts')).registerSimulate,
    },
  ],
};
