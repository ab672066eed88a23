import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

/** User and system time of a process; Linux counts it in hundredths of a second. */
export async function cpuSeconds({ pid }: { readonly pid: number }): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** What a process has in memory now. */
export async function residentBytes({ pid }: { readonly pid: number }): Promise<number> {
  return statusBytes(pid, 'VmRSS');
}

/** The most that it ever had: what the kernel calls the high-water mark of the resident set. */
export async function peakResidentBytes({ pid }: { readonly pid: number }): Promise<number> {
  return statusBytes(pid, 'VmHWM');
}

/** Ends a process in good order. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function statusBytes(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}
