/** `sessionStorage` and `localStorage` are such. */
export interface PendingStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

type Request = 'registration' | 'login-link';

/** What the service gave to prove later that a link or code was asked for here. */
export class PendingRequests {
  readonly #storage: PendingStorage;

  constructor(storage: PendingStorage = memory()) {
    this.#storage = storage;
  }

  get(request: Request): string | undefined {
    return this.#storage.getItem(keyOf(request)) ?? undefined;
  }

  set(request: Request, token: string): void {
    this.#storage.setItem(keyOf(request), token);
  }

  delete(request: Request): void {
    this.#storage.removeItem(keyOf(request));
  }
}

function keyOf(request: Request): string {
  return `latchkey.${request}`;
}

function memory(): PendingStorage {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}
