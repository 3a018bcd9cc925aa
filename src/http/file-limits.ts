type Unit = 'KB' | 'MB' | 'GB' | 'KiB' | 'MiB' | 'GiB';

/** What the files that an operation takes may be. */
export interface FileLimits {
  /** The maximum size of a file: a number of bytes, or a text such as `'5 MB'` or `'5 MiB'`. Default: `'5 MB'`. */
  readonly maxSize?: number | `${number} ${Unit}`;
  /** The media types that a file may have; `image/*` stands for all images. Default: any. */
  readonly types?: readonly string[];
  /** How many files a parameter with `@UploadedFiles()` takes at most. Default: 5. */
  readonly maxCount?: number;
  /**
   * Where files are while the operation runs: in memory (`file.buffer`), or in a folder of the request (`file.path`), which
   * is deleted after the response. Default: memory.
   */
  readonly storage?: 'memory' | 'disk';
}

/** `FileLimits` with all defaults. */
export interface ResolvedFileLimits {
  /** In bytes. */
  readonly maxSize: number;
  /** For people: `5 MB`. */
  readonly maxSizeText: string;
  /** Empty: any. */
  readonly types: readonly string[];
  readonly maxCount: number;
  readonly storage: 'memory' | 'disk';
}

const bytesOf: Readonly<Record<Unit, number>> = {
  GiB: 1024 ** 3,
  MiB: 1024 ** 2,
  KiB: 1024,
  GB: 1000 ** 3,
  MB: 1000 ** 2,
  KB: 1000,
};

const limitsByMethod = new WeakMap<object, ResolvedFileLimits>();
const defaults = resolve({}, '');

/**
 * Says what the files of an operation with `@UploadedFile()` or `@UploadedFiles()` may be. The service refuses others, and
 * the contract says so.
 */
export function FileLimits(limits: FileLimits): MethodDecorator {
  return (prototype, name, { value }: PropertyDescriptor) => {
    limitsByMethod.set(value as object, resolve(limits, `${prototype.constructor.name}.${String(name)}`));
  };
}

/** @param method of a controller; the defaults where it has no `@FileLimits`. */
export function getFileLimits(method: object): ResolvedFileLimits {
  return limitsByMethod.get(method) ?? defaults;
}

export function hasFileLimits(method: object): boolean {
  return limitsByMethod.has(method);
}

/**
 * @param method class and method, by which the build finds the place.
 * @throws for an invalid limit, which would otherwise show at the first upload.
 */
function resolve(
  { maxSize = '5 MB', types = [], maxCount = 5, storage = 'memory' }: FileLimits,
  method: string,
): ResolvedFileLimits {
  const bytes = typeof maxSize === 'number' ? maxSize : parseSize(maxSize);
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new Error(
      `@FileLimits of ${method}: maxSize ${maxSize} is no size. Write a number of bytes, or '5 MB'.`,
    );
  }
  if (!Number.isSafeInteger(maxCount) || maxCount < 1) {
    throw new Error(`@FileLimits of ${method}: maxCount ${maxCount} is no number of files. Write 1 or more.`);
  }
  const wrong = types.find((type) => !/^[\w.+-]+\/(?:[\w.+-]+|\*)$/.test(type));
  if (wrong !== undefined) {
    throw new Error(
      `@FileLimits of ${method}: "${wrong}" is no media type. Write one such as image/png, or image/*.`,
    );
  }
  if (!['memory', 'disk'].includes(storage)) {
    throw new Error(`@FileLimits of ${method}: storage "${storage}" is no place. Write 'memory' or 'disk'.`);
  }
  return {
    maxSize: bytes,
    maxSizeText: typeof maxSize === 'number' ? formatSize(bytes) : maxSize,
    types: types.map((type) => type.toLowerCase()),
    maxCount,
    storage,
  };
}

function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ([KMG]i?B)$/.exec(text) ?? [];
  return Math.floor(Number(number) * bytesOf[unit as Unit]);
}

function formatSize(bytes: number): string {
  const whole = Object.entries(bytesOf).find(([, each]) => bytes >= each && bytes % each === 0);
  return whole ? `${bytes / whole[1]} ${whole[0]}` : `${bytes} bytes`;
}
