import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from './until.js';
import type { ServiceProcess } from './service-process.js';

const mebi = 1024 * 1024;

/** A process's resources, as Linux reports them. */
export class ProcessResources {
  private constructor(
    private readonly service: ServiceProcess,
    private readonly descriptors: number,
    private readonly memory: number,
  ) {}

  static readonly canBeRead = process.platform === 'linux';

  /** The current resources: to be taken when all kinds of work have been done once. */
  static async of(service: ServiceProcess): Promise<ProcessResources> {
    await settled(service);
    return new ProcessResources(service, countDescriptors(service), memoryOf(service));
  }

  /**
   * Checks that the process still runs, responds, and has no more resources than before.
   * @param allowance how much its memory may have grown, in mebibytes: garbage collection may be late.
   */
  async expectBack(allowance: number): Promise<void> {
    await this.service.api.get('/health/ready').expect(200);
    expect(this.service.exitCode, this.service.stdout + this.service.stderr).to.equal(null);
    // The database opens a file or two over time.
    await until(() => countDescriptors(this.service) <= this.descriptors + 5);
    await settled(this.service);
    expect((memoryOf(this.service) - this.memory) / mebi, 'MiB more than before').to.be.below(allowance);
  }
}

/** Waits until the only open connection is that of the request. */
async function settled(service: ServiceProcess): Promise<void> {
  await service.api.get('/health/ready').expect(200);
  let before = -1;
  await until(() => {
    const now = countDescriptors(service);
    const isSame = now === before;
    before = now;
    return isSame;
  });
}

export function countDescriptors({ pid }: ServiceProcess): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resident memory, in bytes. */
function memoryOf({ pid }: ServiceProcess): number {
  const [, kibi] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibi) * 1024;
}
