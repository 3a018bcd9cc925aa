import {
  applyDecorators,
  createParamDecorator,
  ForbiddenException,
  Inject,
  Injectable,
  Module,
  ServiceUnavailableException,
  SetMetadata,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type HttpException,
  type ModuleMetadata,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- importing JSON gives a warning on Node 20
import { createRequire } from 'node:module';
import type { Caller } from './claims.js';
import { toRawRequest, type FrameworkRequest } from './credentials.js';
import { resolveOptions, type GuardOptions } from './options.js';
import { Refusal } from './refusal.js';
import { readDemand, type Demand, type Requirements } from './requirements.js';
import { TokenGuard } from './token-guard.js';

interface NestResponse {
  header(name: string, value: string): unknown;
}

const nest = createRequire(import.meta.url)('@nestjs/common/package.json') as { readonly version: string };
/** Nest 11 sends errors as JSON whatever their type, and logs a warning for each of another type. */
const supportsProblemJson = Number.parseInt(nest.version) >= 12;

const demandKey = 'latchkey:demand';
const anyToken: Demand = { requirements: [], optional: false };
/** Callers by request; undefined: the token was optional, and there was none. */
const callers = new WeakMap<object, Caller | undefined>();

/** The guard that `LatchkeyModule` provides: inject it for `isCurrent`, or to `check` a token that comes by other means. */
export class NestGuard extends TokenGuard implements OnModuleInit, OnModuleDestroy {
  /** @internal */
  onModuleInit(): Promise<void> {
    return this.start();
  }

  /** @internal */
  onModuleDestroy(): Promise<void> {
    return this.close();
  }

  /** @internal */
  async activate(request: FrameworkRequest, response: NestResponse, demand: Demand): Promise<void> {
    const authorization = this.readAuthorization(toRawRequest(request));
    try {
      callers.set(request, await this.admit(request, authorization, demand));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      for (const [name, value] of Object.entries(error.headers)) {
        // With `throw`, exception filters send another kind of body.
        const sends = name !== 'Content-Type' || (supportsProblemJson && this.options.refusals === 'respond');
        if (sends) response.header(name, value);
      }
      throw toException(error);
    }
  }
}

/** Uses Nest's own exceptions, so that filters for them apply; the cause is the `Refusal`. */
function toException(refusal: Refusal): HttpException {
  const Exception = exceptions[refusal.status] ?? ServiceUnavailableException;
  const exception = new Exception(refusal.problem, { cause: refusal });
  exception.message = refusal.message;
  return exception;
}

const exceptions: Readonly<Record<number, typeof UnauthorizedException>> = {
  401: UnauthorizedException,
  403: ForbiddenException,
};

/** Enforces `@Requires()`; without that decorator any valid token is accepted. */
@Injectable()
export class LatchkeyGuard implements CanActivate {
  constructor(@Inject(NestGuard) private readonly latchkey: NestGuard) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const demand = readMetadata(context) ?? anyToken;
    if (demand === 'public') return true;
    const http = context.switchToHttp();
    await this.latchkey.activate(http.getRequest(), http.getResponse(), demand);
    return true;
  }
}

/** Reads the metadata of the method, or else of its class. */
function readMetadata(context: ExecutionContext): Demand | 'public' | undefined {
  const [ofMethod, ofClass] = [context.getHandler(), context.getClass()].map(
    (target) => Reflect.getMetadata(demandKey, target) as Demand | 'public' | undefined,
  );
  return ofMethod ?? ofClass;
}

/**
 * Lets requests to a controller or a method through if their access token is valid and meets all requirements. On a method
 * it replaces the requirements of the class.
 * @param requirements permissions, `fresh`, `mfa`, `fresh:300` or `mfa:300`; none: any valid token. `{ optional: true }` may come last.
 * @throws {TypeError} for a requirement that cannot be met.
 */
export function Requires(...requirements: Requirements): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(demandKey, readDemand(requirements)), UseGuards(LatchkeyGuard));
}

/** Exempts a method from what its class or the whole app requires: anyone may call it. */
export function Public(): ClassDecorator & MethodDecorator {
  return SetMetadata(demandKey, 'public');
}

/** Parameter decorator for the caller; undefined if the token was optional and there was none. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<object>();
  if (!callers.has(request))
    throw new Error('No guard has let this request through: put @Requires() on its method.');
  return callers.get(request);
});

interface AsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: readonly unknown[];
  // Nest passes the providers that `inject` names.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly useFactory: (...injected: any[]) => GuardOptions | Promise<GuardOptions>;
}

/** Provides the guard to the whole app, and follows the feed while the app runs. */
@Module({})
export class LatchkeyModule {
  static forRoot(options: GuardOptions): DynamicModule {
    return LatchkeyModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: AsyncOptions): DynamicModule {
    const provider = {
      provide: NestGuard,
      inject: inject as never[],
      useFactory: async (...injected: unknown[]) =>
        new NestGuard(resolveOptions(await useFactory(...injected))),
    };
    return {
      module: LatchkeyModule,
      global: true,
      imports,
      providers: [provider, LatchkeyGuard],
      exports: [NestGuard, LatchkeyGuard],
    };
  }
}
