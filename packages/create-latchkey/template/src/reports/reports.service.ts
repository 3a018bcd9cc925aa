import { createId, readPage, type Clock, type Page } from 'latchkey';
import { problems } from '../problems.js';
import type { ReportsStore } from './reports.store.js';

/** A report with the name of its owner. */
export interface OwnedReport {
  readonly id: string;
  readonly title: string;
  readonly owner: string;
  /** Milliseconds since 1970. */
  readonly created_at: number;
}

export class ReportsService {
  readonly #store: ReportsStore;
  readonly #clock: Clock;

  constructor(store: ReportsStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  list(limit: number, cursor: string | undefined): Promise<Page<OwnedReport>> {
    return readPage(limit, (count) => this.#store.list(count, cursor));
  }

  async create(ownerId: string, title: string): Promise<OwnedReport> {
    const id = createId(this.#clock);
    await this.#store.insert({ id, owner_id: ownerId, title, created_at: this.#clock.now() });
    return this.get(id);
  }

  /** @throws `report_not_found` */
  async get(id: string): Promise<OwnedReport> {
    const found = await this.#store.find(id);
    if (!found) throw problems.create('report_not_found');
    return found;
  }

  /** @throws `report_not_found` */
  async delete(id: string): Promise<void> {
    if (!(await this.#store.delete(id))) throw problems.create('report_not_found');
  }
}
