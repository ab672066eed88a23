import { expect, it } from 'vitest';
import type { ConfigTarget } from '../../src/machine-config/index.ts';
import { parseMachineConfig, setOtaService, updateConfig } from '../../src/machine-config/index.ts';

/** A target with a config in it, and a way for somebody else to change that config. */
export interface TargetUnderTest {
  readonly target: ConfigTarget;
  readonly changeByOther: (config: object) => Promise<void>;
}

const START = {
  services: [
    {
      name: 'OTA',
      model: 'rdk:builtin:ota_service',
      attributes: { url: 'http://10.0.0.5:8080/a.bin', version: 'v1' },
    },
  ],
  network: { bind_address: 'x' },
};

/** What every place that a machine config lives in has to do. */
export function describeTargetContract(
  create: (config: object) => Promise<TargetUnderTest & AsyncDisposable>,
): void {
  const read = async (target: ConfigTarget) => parseMachineConfig((await target.read()).text).value;

  it('reads what is there, twice the same', async () => {
    await using made = await create(START);
    const first = await made.target.read();
    const second = await made.target.read();
    expect(parseMachineConfig(first.text).value).toEqual(START);
    expect(second.revision).toBe(first.revision);
  });

  it('writes the whole text and gets a new revision', async () => {
    await using made = await create(START);
    const before = await made.target.read();
    const { text } = setOtaService(before.text, { version: 'v2' });
    await made.target.write(text, before);
    const after = await made.target.read();
    expect(parseMachineConfig(after.text).value).toEqual(parseMachineConfig(text).value);
    expect(after.revision).not.toBe(before.revision);
  });

  it('refuses to write over what somebody else wrote', async () => {
    await using made = await create(START);
    const before = await made.target.read();
    await made.changeByOther({ ...START, theirs: true });
    await expect(
      made.target.write(setOtaService(before.text, { version: 'v2' }).text, before),
    ).rejects.toMatchObject({ code: 'machine-config/conflict' });
    expect(await read(made.target)).toEqual({ ...START, theirs: true });
  });

  it('lets an edit that somebody makes meanwhile survive', async () => {
    await using made = await create(START);
    let times = 0;
    await updateConfig(made.target, async ({ text }) => {
      times += 1;
      if (times === 1) await made.changeByOther({ ...START, theirs: true });
      return setOtaService(text, { version: 'v2' });
    });
    const now = await read(made.target);
    expect(now['theirs']).toBe(true);
    expect(now['services']).toMatchObject([{ attributes: { version: 'v2' } }]);
  });

  it('makes an edit of something else than the OTA service anew on what somebody saved', async () => {
    await using made = await create(START);
    let times = 0;
    await updateConfig(made.target, async ({ text }) => {
      times += 1;
      if (times === 1) await made.changeByOther({ ...START, theirs: true });
      return { text: JSON.stringify({ ...parseMachineConfig(text).value, ours: true }) };
    });
    expect(await read(made.target)).toEqual({ ...START, theirs: true, ours: true });
  });

  it('gives up with a conflict when somebody writes each time', async () => {
    await using made = await create(START);
    let times = 0;
    await expect(
      updateConfig(made.target, async ({ text }) => {
        times += 1;
        await made.changeByOther({ ...START, theirs: times });
        return setOtaService(text, { version: 'v2' });
      }),
    ).rejects.toMatchObject({ code: 'machine-config/conflict' });
    expect(times).toBe(2);
    expect((await read(made.target))['theirs']).toBe(2);
  });
}
