import { SmallGate } from '../support/small-gate.ts';
import { artifactFleet, CI, inPieces } from '../support/artifact-fleet.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { describeDeviceGate } from './device-gate-contract.ts';

describeDeviceGate('a fleet', async () => {
  const { fleet, ...rest } = await artifactFleet();
  const { packages, artifacts, deployments, devices, commands, gate } = fleet;
  await packages.remove(CI, 'main');
  await packages.create(CI, { packageId: 'main', kind: 'binary' });
  return {
    gate,
    add: async (deviceId) => (await devices.create(CI, { deviceId })).secret,
    disable: async (deviceId) => {
      await devices.update(CI, deviceId, { enabled: false });
    },
    assign: async (deviceId, version, bytes) => {
      const fields = { packageId: 'main', version, blueprintIds: [] };
      const { artifactId } = await artifacts.upload(CI, fields, inPieces(bytes));
      const { deploymentId } = await deployments.create(CI, { components: [artifactId] });
      await devices.update(CI, deviceId, { pinnedDeploymentId: deploymentId });
    },
    command: async (deviceId, name) => (await commands.create(CI, deviceId, { name })).commandId,
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
});

describeDeviceGate('the small one that faces are tested with', async () => {
  const gate = new SmallGate(new ManualClock());
  let commands = 0;
  return {
    gate,
    add: async (deviceId) => {
      gate.add(deviceId, `otd_${deviceId}`);
      return `otd_${deviceId}`;
    },
    disable: async (deviceId) => gate.disable(deviceId),
    assign: async (deviceId, version, bytes) => gate.assign(deviceId, { version, bytes }),
    command: async (deviceId, name) => {
      commands += 1;
      gate.command(deviceId, `cmd_${commands}`, name);
      return `cmd_${commands}`;
    },
    [Symbol.asyncDispose]: async () => {},
  };
});
